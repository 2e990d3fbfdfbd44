"""What the server answers, a module for each topic; `icestream.server.app` lists them."""

__all__: list[str] = []
