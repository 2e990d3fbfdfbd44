"""The journal of a facility's processes: without the names of confidential sessions."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from icestream.facility.opened import Facility
from icestream.facility.people.unsaid import unsaid
from icestream.store.follow import sqlite_mark

__all__ = ["QuietLog", "quiet_log"]

_LOGGERS = ("icestream", "uvicorn", "uvicorn.error")
_HOLDS = 0.2
"""Seconds for which it holds which sessions are confidential, where a database does not show that
something changed."""

_PATIENCE = 1.0
"""Seconds for which an event waits for another thread that asks."""


class QuietLog(logging.Filter):
    """Takes what names confidential sessions out of each event, before any handler has it.

    Parameters
    ----------
    facility
        Gives the facility whose registry knows them; None where there is none. While the registry
        is away, what it knew last holds.
    """

    def __init__(self, facility: Callable[[], Facility | None]) -> None:
        super().__init__()
        self._facility = facility
        self._turn = threading.RLock()
        self._asks = False
        self._mark: object = None
        self._take_out: Callable[[str], str] = str

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the event; it is never kept back."""
        take_out = self._known()
        if take_out is str:
            return True
        if isinstance(record.msg, dict):  # of structlog, which has not made a text of it yet
            record.msg = {name: _without(value, take_out) for name, value in record.msg.items()}
            return True
        said = record.getMessage()
        if record.exc_info:
            said += "\n" + logging.Formatter().formatException(record.exc_info)
        record.msg, record.args, record.exc_info = take_out(said), (), None
        return True

    def _known(self) -> Callable[[str], str]:
        """What makes a text one for others."""
        if not self._turn.acquire(timeout=_PATIENCE):
            # Whoever asks waits for something that this thread has: what was known last holds.
            return self._take_out
        try:
            if not self._asks:  # else what is asked logs something
                self._asks = True
                try:
                    self._ask()
                finally:
                    self._asks = False
            return self._take_out
        finally:
            self._turn.release()

    def _ask(self) -> None:
        facility = self._facility()
        if facility is None:
            return
        file = facility.registry.file
        mark = int(time.monotonic() / _HOLDS) if file is None else sqlite_mark(file)
        if mark is not None and mark == self._mark:
            return
        with suppress(SQLAlchemyError, OSError), facility.registry.read() as connection:
            self._take_out = unsaid(connection)
            self._mark = mark


def _without(value: Any, take_out: Callable[[str], str]) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return take_out(value)
    said = take_out(text := str(value))
    return value if said == text else said


@contextmanager
def quiet_log(facility: Callable[[], Facility | None]) -> Iterator[None]:
    """Keep names of confidential sessions out of the journal for as long as the block runs."""
    quiet = QuietLog(facility)
    handlers = {one for name in _LOGGERS for one in logging.getLogger(name).handlers}
    for handler in handlers:
        handler.addFilter(quiet)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(quiet)
