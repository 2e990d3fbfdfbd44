"""Figures of sessions and of the server itself, for a monitoring system such as Prometheus."""

__all__: list[str] = []
