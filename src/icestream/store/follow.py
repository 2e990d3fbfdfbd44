"""Following a session: its events, read on from where a reader stopped, and waited for.

Waiting costs next to nothing. For a store in a SQLite file it looks, fifty times a second, at the
first bytes of the file through which SQLite itself learns of commits, without opening the store;
for one in PostgreSQL it asks five times a second for the newest number.
"""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import func, select

from icestream.store import queries
from icestream.store import tables as t
from icestream.store.events import SCHEMA
from icestream.store.open import FILE, Store
from icestream.store.pointer import BadPointer, read_pointer
from icestream.store.records import EventRecord

__all__ = ["EventFollower", "commit_mark", "mark_of", "newest_event", "sqlite_mark"]

_LOOK = 0.02
"""Seconds between two looks at a file."""
_ASK = 0.2
"""Seconds between two questions to a database."""
_HEADER = 48
"""Bytes at the beginning of ``-shm`` that change with every commit: the header of the index of the
write-ahead log (sqlite.org/walformat.html), which has a counter of changes."""


def commit_mark(folder: Path) -> object:
    """What is another with every commit to a session's store, which is not opened for it.

    None where that cannot be told: a store in PostgreSQL, or none.
    """
    try:
        pointer = read_pointer(folder)
    except (BadPointer, OSError):
        return None
    if pointer is not None and pointer.url:
        return None
    file = Path(pointer.file) if pointer is not None else folder / FILE
    return sqlite_mark(file if file.exists() else folder / FILE)


def newest_event(store: Store) -> int:
    """Number of the newest event of a session; 0 when there is none."""
    with store.read() as connection:
        return int(connection.execute(select(func.max(t.event.c.seq))).scalar() or 0)


class EventFollower:
    """Reads the events of a session on from where it stopped.

    Parameters
    ----------
    store
        The session's.
    after
        Number of the last event that is known; 0 begins at the beginning.
    kinds
        Of the events that are wanted; all by default.
    """

    def __init__(self, store: Store, *, after: int = 0, kinds: Iterable[str] | None = None) -> None:
        self.after = after
        """Number of the last event that was read or passed over."""
        self.newer = 0
        """Version of the catalogue of events, when it is newer than the one that is known here."""
        self._store = store
        self._kinds = None if kinds is None else tuple(kinds)
        self._seen: object = None

    def read(self, *, limit: int = 5000) -> tuple[EventRecord, ...]:
        """The next events, at most `limit`; none when there is nothing new."""
        self._seen = self._mark()  # before reading: what is committed meanwhile is looked at again
        with self._store.read() as connection:
            last = connection.execute(select(func.max(t.event.c.seq))).scalar() or 0
            version = connection.execute(select(t.session.c.events)).scalar() or 0
        self.newer = version if version > SCHEMA else 0
        if last <= self.after:
            return ()
        events = queries.events(self._store, after=self.after, limit=limit, kinds=self._kinds)
        if len(events) < limit:
            self.after = max(last, events[-1].seq if events else 0)
        else:
            self.after = events[-1].seq
        return events

    def pages(self, *, limit: int = 5000) -> Iterator[tuple[EventRecord, ...]]:
        """Everything that is new now, page by page."""
        while page := self.read(limit=limit):
            yield page

    def wait(
        self,
        timeout: float | None = None,
        *,
        stop: threading.Event | None = None,
        every: float = 0.0,
    ) -> bool:
        """Wait until there may be something to read; False when there is not in time.

        Parameters
        ----------
        timeout
            Seconds; without it, for as long as it takes.
        stop
            Ends the waiting.
        every
            Seconds between two looks, at least: who can wait that long costs less.
        """
        stop = stop or threading.Event()
        deadline = None if timeout is None else time.monotonic() + timeout
        while not stop.is_set():
            if self._mark() != self._seen:
                return True
            pause = max(every, _ASK if self._store.file is None else _LOOK)
            if deadline is not None:
                pause = min(pause, deadline - time.monotonic())
                if pause <= 0:
                    return False
            stop.wait(pause)
        return False

    def follow(self, stop: threading.Event) -> Iterator[tuple[EventRecord, ...]]:
        """All events from here on, page by page, until `stop` is set."""
        while not stop.is_set():
            if page := self.read():
                yield page
            else:
                self.wait(stop=stop)

    def _mark(self) -> object:
        return mark_of(self._store)


def mark_of(store: Store) -> object:
    """What is another with every commit to a store; for a SQLite file it is not opened for that."""
    copied = None if store.reader is None else store.reader.mark()
    if copied is not None:
        return copied
    if store.file is not None:
        return sqlite_mark(store.file)
    with store.read() as connection:
        return connection.execute(select(func.max(t.event.c.seq))).scalar()


def sqlite_mark(file: Path) -> object:
    """What is another with every commit to a SQLite file, and when it is replaced by another."""
    header = _INDEXES.header(file.with_name(f"{file.name}-shm"))
    try:
        whole = file.stat()
    except OSError:
        return None
    return header, whole.st_ino, whole.st_size, whole.st_mtime_ns


class _Indexes:
    """Files ``-shm`` that were looked into, which stay open for as long as they are there.

    To close one takes away every lock that this process has on it, those of SQLite's own
    connections too (sqlite.org/howtocorrupt.html). The next process that opened the store would
    take it for one that nobody has open, and cut the file off under those who read it.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._open: dict[tuple[int, int], int] = {}

    def header(self, path: Path) -> bytes:
        """The beginning of one; nothing where nobody has the store open, or it is a copy."""
        with self._turn:
            try:
                there = path.stat()
                known = self._open.get((there.st_dev, there.st_ino))
                return os.pread(self._look_into(path) if known is None else known, _HEADER, 0)
            except OSError:
                return b""

    def _look_into(self, path: Path) -> int:
        self._let_go()
        index = os.open(path, os.O_RDONLY)
        found = os.fstat(index)
        return self._open.setdefault((found.st_dev, found.st_ino), index)

    def _let_go(self) -> None:
        """Close those that were removed: nobody can have a lock on them that matters."""
        for key, index in list(self._open.items()):
            if not os.fstat(index).st_nlink:
                del self._open[key]
                os.close(index)


_INDEXES = _Indexes()
