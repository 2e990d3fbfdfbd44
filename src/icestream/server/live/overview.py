"""All sessions at a glance, kept up to date in a thread, for as long as somebody listens."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from icestream.server.catalogue import Catalogue, Entry
from icestream.server.live.ring import SentEvent
from icestream.store.follow import commit_mark

__all__ = ["Changed", "SessionsOverview"]

_log = structlog.get_logger(__name__)

_LOOK = 1.0
"""Seconds between two looks whether something was written, anywhere."""
_AGAIN = 4.0
"""Seconds until a session that is written all the time is summed up again."""
_OLD = 60.0
"""Seconds after which a session is summed up again, though nothing was written: rates fall."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A session as it is now, or that it is gone."""

    told: SentEvent
    entry: Entry


@dataclass(slots=True)
class _Seen:
    """What is remembered of a session."""

    entry: Entry
    mark: object = None
    text: str = ""
    at: float = 0.0
    """When it was summed up."""


class SessionsOverview:
    """The newest summary of each session, numbered in the order in which they changed.

    Parameters
    ----------
    catalogue
        Where sessions are found.
    sum_up
        Makes the summary of a session, as JSON, also of one that cannot be read.
    loop
        Whose listeners are woken.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        sum_up: Callable[[Entry], str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.listeners: set[asyncio.Event] = set()
        # Numbers of an earlier server are lower: who comes back with one of them loads all anew.
        self.first = self.last = int(time.time() * 1000)
        self._changed: dict[str, Changed] = {}
        self._catalogue = catalogue
        self._sum_up = sum_up
        self._loop = loop
        self._seen: dict[str, _Seen] = {}
        self._turn = threading.Lock()
        self._stopping = threading.Event()
        self._stopping.set()

    def start(self) -> None:
        """Look at the sessions from now on, in a thread."""
        if self._stopping.is_set():
            self._stopping = threading.Event()
            threading.Thread(
                target=self._run, args=(self._stopping,), name="overview", daemon=True
            ).start()

    def stop(self) -> None:
        """Look no more; returns at once."""
        self._stopping.set()

    def after(self, place: int) -> list[Changed]:
        """Sessions that have changed since a place, in that order."""
        later = (one for one in self._changed.values() if one.told.seq > place)
        return sorted(later, key=lambda one: one.told.seq)

    def _take(self, entry: Entry, text: str) -> None:
        """In the loop's thread: number what has changed, and wake who listens."""
        self.last += 1
        self._changed[entry.id] = Changed(SentEvent(self.last, "session", text), entry)
        for listener in self.listeners:
            listener.set()

    def _run(self, stopping: threading.Event) -> None:
        with self._turn:  # one that was stopped may still be at its last look
            while not stopping.is_set():
                try:
                    self._look(stopping)
                except Exception:  # it must not end unheard of
                    _log.exception("defect")
                stopping.wait(_LOOK)

    def _look(self, stopping: threading.Event) -> None:
        """Sum up again what may be another."""
        entries = {entry.id: entry for entry in self._catalogue.entries()}
        for gone in self._seen.keys() - entries.keys():
            self._post(self._seen.pop(gone).entry, json.dumps({"id": gone, "gone": True}))
        for session_id, entry in entries.items():
            if stopping.is_set():
                return
            seen = self._seen.setdefault(session_id, _Seen(entry))
            now = time.monotonic()
            if now - seen.at < _AGAIN:
                continue
            mark = (entry.folder, entry.problem, commit_mark(entry.folder))
            if mark == seen.mark and now - seen.at < _OLD:
                continue
            text = self._sum_up(entry)
            if text != seen.text:
                self._post(entry, text)
            self._seen[session_id] = _Seen(entry, mark, text, time.monotonic())

    def _post(self, entry: Entry, text: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and so will this
            self._loop.call_soon_threadsafe(self._take, entry, text)
