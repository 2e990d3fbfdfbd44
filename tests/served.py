"""A real server in a thread of the test, at a port of its own."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import uvicorn

from icestream.cli.serve import listen
from icestream.protocol import Registry
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.people.doors import Doors
from icestream.settings import Loaded, load


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with closing(listen("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


@contextmanager
def served(
    *roots: Path,
    port: int = 0,
    doors: Doors | None = None,
    registry: Registry | None = None,
    loaded: Loaded | None = None,
) -> Iterator[str]:
    """Serve the sessions below some folders; gives the server's address."""
    loaded = loaded or load()
    with closing(listen("127.0.0.1", port)) as listening:
        port = listening.getsockname()[1]
        app = create_app(Server(roots, loaded, port=port, doors=doors, registry=registry))
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
            ws="websockets-sansio",
        )
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not running.started:
            assert thread.is_alive(), "the server has not started"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            running.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server has not ended"
