"""The newest lines of the server's own log, kept in memory so that a browser can show them."""

import logging
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from icestream.facility.people.quiet_log import quiet_log
from icestream.server.context import Server
from icestream.server.facility import facility_of

__all__ = ["LogLine", "LogLines", "keep_log"]

_KEPT = 2000
_LOGGERS = ("icestream", "uvicorn.error")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One event of the log."""

    time: float
    """Seconds since the epoch."""
    level: str
    logger: str
    text: str


class LogLines(logging.Handler):
    """Keeps the newest events from ``info`` on, of the server and of what runs in its process."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[LogLine] = deque(maxlen=_KEPT)
        self._turn = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an event."""
        line = LogLine(
            time=record.created,
            level=record.levelname.lower(),
            logger=record.name,
            text=_text(record),
        )
        with self._turn:
            self._lines.append(line)

    def newest(self, many: int) -> list[LogLine]:
        """The last `many` lines, the oldest of them first."""
        with self._turn:
            return list(self._lines)[-many:]


def _text(record: logging.LogRecord) -> str:
    """What an event says, with its values and its traceback."""
    if isinstance(record.msg, dict):  # of structlog, which has not made a text of it yet
        own = ("level", "logger", "timestamp", "event", "exception")
        values = " ".join(f"{key}={value}" for key, value in record.msg.items() if key not in own)
        said = " ".join(part for part in (str(record.msg.get("event", "")), values) if part)
        return "\n".join(filter(None, (said, record.msg.get("exception"))))
    said = record.getMessage()
    if record.exc_info:
        said += "\n" + logging.Formatter().formatException(record.exc_info)
    return said


@asynccontextmanager
async def keep_log(server: Server) -> AsyncIterator[None]:
    """Keep the log while the server runs."""
    handler = server.one(LogLines, lambda _: LogLines())
    for name in _LOGGERS:
        logging.getLogger(name).addHandler(handler)
    try:
        with quiet_log(facility_of(server).now):
            yield
    finally:
        for name in _LOGGERS:
            logging.getLogger(name).removeHandler(handler)
