"""The figures that one server keeps of itself, beside those of its sessions."""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from icestream.server.context import Server
from icestream.server.facility import facility_of
from icestream.server.live.hub import Hub, hub_of
from icestream.server.metrics.sessions import SessionCollector

__all__ = ["Metrics", "RequestTimes", "metrics_of"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Borders of the histogram of requests."""


class Metrics:
    """All figures of one server.

    Parameters
    ----------
    server
        Whose.
    """

    def __init__(self, server: Server) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "icestream_server_request_seconds",
            "Time until a request was answered; of a stream, until it began.",
            ["method", "operation", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(_Connections(hub_of(server)))
        hidden = facility_of(server)
        self.registry.register(SessionCollector(server.catalogue, lambda: hidden.seeing().hidden))

    def close(self) -> None:
        """Nothing is held."""


class _Connections(Collector):
    """Who listens to what is live."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def collect(self) -> Iterator[Metric]:
        """Connections by kind, and sessions that are read for them."""
        family = GaugeMetricFamily(
            "icestream_server_connections",
            "Connections that are told what happens, by their kind.",
            labels=["kind"],
        )
        for kind in ("websocket", "stream"):
            family.add_metric([kind], self._hub.connections.get(kind, 0))
        yield family
        yield GaugeMetricFamily(
            "icestream_server_sessions_followed",
            "Sessions whose events are read because somebody listens.",
            len(self._hub.read_now),
        )


def metrics_of(server: Server) -> Metrics:
    """The figures of a server."""
    return server.one(Metrics, Metrics)


class RequestTimes:
    """Measures how long each request takes, by its operation.

    Parameters
    ----------
    app
        What answers.
    server
        Whose figures are kept.
    """

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self._app = app
        self._requests = metrics_of(server).requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and keep how long that took."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, took = time.perf_counter(), 500, 0.0

        async def watched(message: Message) -> None:
            nonlocal status, took
            if message["type"] == "http.response.start":
                status = message["status"]
                if _is_stream(message):
                    took = time.perf_counter() - began
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            # By the name that it has in /openapi.json: each address would be a series of its own.
            operation = getattr(scope.get("route"), "name", "")
            labels = self._requests.labels(scope["method"], operation, str(status))
            labels.observe(took or time.perf_counter() - began)


def _is_stream(message: Message) -> bool:
    headers = dict(message.get("headers", ()))
    return bool(headers.get(b"content-type", b"").startswith(b"text/event-stream"))
