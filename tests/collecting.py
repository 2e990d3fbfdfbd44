"""A real collector in a thread of the test, and statements to send to it."""

import datetime
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from icestream.cli.serve import listen
from icestream.server.collector.app import create_collector
from icestream.server.collector.tally import Tally
from icestream.usage.statement import SessionUse, UsageStatement, UsedProtocol, day_of_use

USE = SessionUse(
    exposures=412,
    protocols=(
        UsedProtocol("ctf.estimate", 2, "icestream", "0.1.0"),
        UsedProtocol("movies.align", 2, "icestream", "0.1.0"),
        UsedProtocol("picks.topaz", 1, "icestream-topaz", "0.1.0"),
    ),
    chains=(("ctf.estimate", "picks.topaz"), ("movies.align", "ctf.estimate")),
)
TODAY = datetime.datetime.now(datetime.UTC).date()


def said(country: str | None = "ES", *, uses: int = 1, ago: int = 0, **more: Any) -> UsageStatement:
    """What an installation may say of a day."""
    given: dict[str, Any] = {
        "form": 1,
        "installation": secrets.token_hex(16),
        "country": country,
        "icestream": "0.1.0",
        "python": "3.12",
        "days": (day_of_use((TODAY - datetime.timedelta(days=ago)).isoformat(), [USE] * uses),),
    }
    return UsageStatement(**{**given, **more})


@contextmanager
def collecting(file: Path) -> Iterator[str]:
    """Run a collector; gives its address."""
    with closing(listen("127.0.0.1", 0)) as listening:
        app = create_collector(Tally(file))
        config = uvicorn.Config(app, log_level="warning", access_log=False)
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not running.started:
            assert thread.is_alive(), "the collector has not started"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the collector has not ended"
