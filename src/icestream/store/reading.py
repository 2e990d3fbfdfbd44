"""Reading a SQLite file, whatever may be written beside it and by whom.

SQLite shares a few bytes of memory between those that have a store open, in a file beside it. Who
may not write in the session's folder can use that file while a coordinator has it open; otherwise
SQLite would read what is in the store alone and leave out what is in its log (``-wal``): an old
state, or one that never was. Then store and log are copied to a private folder, and that copy is
read. It is made anew when something was written since, but not all the time.
"""

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

__all__ = ["Reader", "StoreBusy", "uri"]

_TRIES = 5
_FRESH = 2.0
"""Seconds that a copy is at least read before it is made anew."""
_SHARE = 10.0
"""A copy is read at least so many times as long as it took to make it."""
_HEADER = 32
"""Bytes at the beginning of a log, which are others each time that it begins anew."""


class StoreBusy(OSError):
    """A store cannot be read now, since it is being written."""


def uri(file: Path, query: str) -> str:
    """The name of a SQLite file for `sqlite3.connect`, whatever letters are in it."""
    return f"file:{quote(str(file))}{query}"


class _Held(threading.local):
    """Connections that a thread opens again in a moment; None while it holds none."""

    idle: "list[_Connection] | None" = None


class _Connection(sqlite3.Connection):
    """A connection that is closed later where its thread holds it."""

    held: _Held | None = None

    def close(self) -> None:
        """Keep it for the next who reads, or close it."""
        idle = None if self.held is None else self.held.idle
        if idle is None:
            super().close()
        else:
            idle.append(self)


class Reader:
    """Connections for reading one store.

    Parameters
    ----------
    file
        The SQLite file.
    prepare
        What is done to a private copy before it is read; with it, nothing but copies is read.
    """

    def __init__(self, file: Path, prepare: Callable[[Path], None] | None = None) -> None:
        self._file = file
        self._prepare = prepare
        self._turn = threading.Lock()
        self._held = _Held()
        self._folder: Path | None = None
        """Of copies; removed with this, at the latest."""
        self._copy: Path | None = None
        self._seen: object = None
        """What the store was like when it was copied."""
        self._again = 0.0
        """When it may be copied anew."""

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let all that this thread reads within the block share what it opens.

        To open a store takes as long as most questions to it. It is closed with the block, so that
        a session's folder can be moved away, and its log be ended.
        """
        if self._held.idle is not None:
            yield
            return
        idle: list[_Connection] = []
        self._held.idle = idle
        try:
            yield
        finally:
            self._held.idle = None
            for connection in idle:
                connection.close()

    def open(self) -> sqlite3.Connection:
        """A connection to the store as it is now, or to a copy of a moment ago.

        Raises
        ------
        StoreBusy
            If no whole copy can be made.
        """
        if self._held.idle:
            return self._held.idle.pop()
        if self._prepare is None and self._copy is None:
            connection = self._opened(self._file, "?mode=ro")
            if connection is not None:
                return connection
            if not _has_log(self._file):
                # Nobody has it open, in a folder where nothing can be made beside it: an archive.
                immutable = self._opened(self._file, "?mode=ro&immutable=1", sure=True)
                assert immutable is not None
                return immutable
        copied = self._opened(self._copied(), "?mode=ro&immutable=1", sure=True)
        assert copied is not None
        return copied

    def mark(self) -> object:
        """What is another when a copy was made anew; None while no copy is read."""
        return None if self._copy is None else self._copied()

    def close(self) -> None:
        """Remove the copy."""
        with self._turn:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = self._copy = None

    def _opened(self, file: Path, query: str, *, sure: bool = False) -> sqlite3.Connection | None:
        """A connection over which a store can be read; None where it cannot, unless `sure`."""
        connection = sqlite3.connect(
            uri(file, query),
            uri=True,
            timeout=30.0,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
        )
        if not sure:
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.OperationalError:
                connection.close()
                return None
        connection.held = self._held
        return connection

    def _copied(self) -> Path:
        with self._turn:
            now, state = time.monotonic(), _state(self._file)
            if self._copy is None or (state != self._seen and now >= self._again):
                old, self._copy = self._copy, self._make()
                self._seen = state
                took = time.monotonic() - now
                self._again = time.monotonic() + max(_FRESH, _SHARE * took)
                if old is not None:
                    old.unlink(missing_ok=True)
            return self._copy

    def _make(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="icestream-store-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        number = 1 + int(self._copy.stem) if self._copy is not None else 1
        made = self._folder / f"{number}.db"
        _copy(self._file, made)
        if self._prepare is not None:
            self._prepare(made)
        return made


def _copy(file: Path, target: Path) -> None:
    """Copy a store with what is in its log; whoever writes it is not held up.

    What is written into the store itself meanwhile is in the log, too, as long as that does not
    begin anew.
    """
    log, copied = file.with_name(f"{file.name}-wal"), target.with_name(f"{target.name}-wal")
    for _ in range(_TRIES):
        before = _header(log)
        copied.unlink(missing_ok=True)
        shutil.copyfile(file, target)
        if before:
            with contextlib.suppress(FileNotFoundError):  # which its header says, too
                shutil.copyfile(log, copied)
        if _header(log) == before:
            break
    else:
        said = f"{file} is written all the time, and cannot be read from outside now; try it again"
        raise StoreBusy(errno.EBUSY, said)
    with contextlib.closing(sqlite3.connect(target)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")


def _header(log: Path) -> bytes:
    try:
        with log.open("rb") as file:
            return file.read(_HEADER)
    except FileNotFoundError:
        return b""


def _has_log(file: Path) -> bool:
    """Whether something that was written may be in the log alone."""
    try:
        return file.with_name(f"{file.name}-wal").stat().st_size > 0
    except OSError:
        return False


def _state(file: Path) -> object:
    """What is another when something was written."""
    state = []
    for path in (file, file.with_name(f"{file.name}-wal")):
        with contextlib.suppress(OSError):
            status = os.stat(path)  # noqa: PTH116 - asked many times a second
            state.append((path.name, status.st_ino, status.st_size, status.st_mtime_ns))
    return state
