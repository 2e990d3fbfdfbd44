"""The sessions below some folders: found, named, and opened for reading.

A session is a folder with a store in it, or with the pointer to one. Folders are listed again only
when something was made or removed in them, and a store stays open for as long as it is asked for.
"""

import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

from icestream.server.remembered import Remembered
from icestream.store import queries
from icestream.store.migrate import OtherSchema
from icestream.store.open import FILE, NoStore, Store, open_store
from icestream.store.pointer import POINTER, BadPointer
from icestream.store.reading import StoreBusy

__all__ = [
    "UNREADABLE",
    "Catalogue",
    "Entry",
    "UnknownSession",
    "UnreadableSession",
    "store_mark",
    "why_unreadable",
]

_log = structlog.get_logger(__name__)

_DEPTH = 5
"""Folders between a root and a session, at most."""
_MOST_FOLDERS = 50_000
"""Folders below one root that are looked into, at most."""
_LOOK = 2.0
"""Seconds until the folders are looked at again."""
_RETRY = 15.0
"""Seconds until a store that could not be read is tried again."""
_IDLE = 120.0
"""Seconds that a store stays open when nobody reads it."""
_MOST_OPEN = 64
"""Stores that stay open when nobody reads them, at most."""
_MOST_ANSWERS = 128
"""Answers to screens that are remembered: a dozen of each session that is looked at."""
UNREADABLE = (DBAPIError, OtherSchema, BadPointer, StoreBusy, NoStore, OSError)
"""What is raised where a store cannot be opened or read."""


class UnknownSession(LookupError):
    """No session of that id is below the server's folders."""


class UnreadableSession(RuntimeError):
    """The session is there, and its store cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One session's folder."""

    id: str
    """By which it is asked for: the session's uid; ``uid~2`` for a copy of the folder."""
    folder: Path
    """Absolute."""
    uid: str
    """Empty where the store cannot be read."""
    problem: str = ""
    """Why it cannot be read."""
    copy_of: str = ""
    """The folder that this one is a copy of."""
    hidden: bool = False
    """It is found by its id, and listed nowhere."""

    @property
    def key(self) -> str:
        """By which people of a session are kept: its uid, which copies share; else its id."""
        return self.uid or self.id


@dataclass(slots=True)
class _Known:
    """What is remembered of a folder with a store."""

    mark: object
    """Of the store's files; another when they were replaced."""
    uid: str = ""
    home: str = ""
    """Where the session's folder was when it last ran."""
    problem: str = ""
    again: float = float("inf")
    """When it is read again."""


@dataclass(slots=True)
class _Open:
    """A store that is open, and how many are reading."""

    store: Store
    mark: object
    readers: int = 0
    used: float = field(default_factory=time.monotonic)
    stale: bool = False
    """Whether another has taken its place; it is closed by its last reader."""


@dataclass(frozen=True, slots=True)
class _Listing:
    """What was in a folder."""

    mark: tuple[int, int]
    session: bool
    folders: tuple[str, ...]


class Catalogue:
    """Sessions below some folders; safe to be used by several threads.

    Parameters
    ----------
    roots
        The folders.
    hidden
        Folders of sessions that are found by their ids, and listed nowhere.
    """

    def __init__(self, roots: Sequence[Path], hidden: Sequence[Path] = ()) -> None:
        self.remembered = Remembered(most=2000)
        """What was told of the sessions, while nothing in them changes."""
        self.answers = Remembered(most=_MOST_ANSWERS)
        """What screens were told of one session; some of it is of hundreds of kilobytes."""
        self._roots = tuple(roots)
        self._hidden = tuple(hidden)
        self._listings: dict[Path, _Listing] = {}
        self._known: dict[Path, _Known] = {}
        self._open: dict[Path, _Open] = {}
        self._entries: dict[str, Entry] = {}
        self._next = 0.0
        self._look_turn = threading.Lock()
        self._open_turn = threading.Lock()

    def entries(self, *, fresh: bool = False) -> list[Entry]:
        """Every session, sorted by its folder.

        Parameters
        ----------
        fresh
            Look at the folders now, even if that was done a moment ago.
        """
        with self._look_turn:
            if fresh or time.monotonic() >= self._next:
                self._look()
                self._next = time.monotonic() + _LOOK
            return [entry for entry in self._entries.values() if not entry.hidden]

    def entry(self, session_id: str) -> Entry:
        """The session of that id.

        Raises
        ------
        UnknownSession
            If there is none.
        """
        for fresh in (False, True):
            self.entries(fresh=fresh)
            entry = self._entries.get(session_id)
            if entry is not None and store_mark(entry.folder):
                return entry
        raise UnknownSession(self.unknown(session_id))

    def unknown(self, session_id: str) -> str:
        """What is said of a session that is not there, or that who asks may not see."""
        return (
            f"there is no session {session_id} here that you may see; it may have been moved or"
            " deleted, or you are none of its people"
        )

    def at(self, folder: Path) -> Entry | None:
        """The session in a folder, listed or not; None where none is known there."""
        self.entries(fresh=True)
        found = (entry for entry in self._entries.values() if entry.folder == folder)
        return next(found, None)

    @contextmanager
    def store(self, entry: Entry) -> Iterator[Store]:
        """The session's store, opened for reading; it stays open for the next one.

        Raises
        ------
        UnreadableSession
            If it cannot be opened.
        """
        opened = self._lease(entry.folder)
        try:
            yield opened.store
        finally:
            self._give_back(opened)

    def close(self) -> None:
        """Close all stores, as soon as nobody reads them."""
        with self._open_turn:
            opened, self._open = list(self._open.values()), {}
            for each in opened:
                each.stale = True
            unused = [each for each in opened if not each.readers]
        for each in unused:
            each.store.close()

    def _lease(self, folder: Path) -> _Open:
        mark = store_mark(folder)
        with self._open_turn:
            opened = self._open.get(folder)
            if opened is None or opened.mark != mark:
                try:
                    store = open_store(folder, readonly=True)
                except UNREADABLE as error:
                    raise UnreadableSession(why_unreadable(error)) from error
                if opened is not None:
                    self._drop(folder)
                opened = self._open[folder] = _Open(store, mark)
            opened.readers += 1
            opened.used = time.monotonic()
            self._close_idle()
            return opened

    def _give_back(self, opened: _Open) -> None:
        with self._open_turn:
            opened.readers -= 1
            last = opened.stale and not opened.readers
        if last:
            opened.store.close()

    def _drop(self, folder: Path) -> None:
        opened = self._open.pop(folder)
        opened.stale = True
        if not opened.readers:
            opened.store.close()

    def _close_idle(self) -> None:
        now = time.monotonic()
        unused = sorted(
            (folder for folder, opened in self._open.items() if not opened.readers),
            key=lambda folder: self._open[folder].used,
        )
        for place, folder in enumerate(unused):
            if now - self._open[folder].used > _IDLE or len(unused) - place > _MOST_OPEN:
                self._drop(folder)

    def _look(self) -> None:
        """Find every session, and give each its id."""
        below = (*self._roots, *self._hidden)
        folders = sorted({folder for root in below for folder in self._sessions(root)})
        for gone in self._known.keys() - set(folders):
            del self._known[gone]
            with self._open_turn:
                if gone in self._open:
                    self._drop(gone)
        for folder in folders:
            self._read(folder)
        # The folder in which a session last ran is the session; others of its uid are copies.
        order = sorted(folders, key=lambda f: (self._known[f].home not in ("", str(f)), f))
        seen: Counter[str] = Counter()
        first: dict[str, str] = {}
        named: dict[Path, Entry] = {}
        for folder in order:
            known = self._known[folder]
            uid = known.uid or _name_of(folder)
            seen[uid] += 1
            named[folder] = Entry(
                id=uid if seen[uid] == 1 else f"{uid}~{seen[uid]}",
                folder=folder,
                uid=known.uid,
                problem=known.problem,
                copy_of=first.setdefault(uid, str(folder)) if seen[uid] > 1 else "",
                hidden=any(folder.is_relative_to(root) for root in self._hidden),
            )
            first.setdefault(uid, str(folder))
        self._entries = {named[folder].id: named[folder] for folder in folders}

    def _read(self, folder: Path) -> None:
        """Learn a session's uid, unless it is known."""
        known, mark = self._known.get(folder), store_mark(folder)
        if known is not None and known.mark == mark and time.monotonic() < known.again:
            return
        self._known[folder] = known = _Known(mark)
        entry = Entry(id="", folder=folder, uid="")
        try:
            with self.store(entry) as store:
                known.uid = queries.session(store).uid
                last = queries.epochs(store)[-1:]
                known.home = last[0].folder if last else ""
        except UnreadableSession as error:
            known.problem = str(error)
        except UNREADABLE as error:
            known.problem = why_unreadable(error)
        if known.problem:
            known.again = time.monotonic() + _RETRY

    def _sessions(self, root: Path) -> Iterator[Path]:
        """Folders with a session, at and below `root`."""
        waiting, looked = [(root, 0)], 0
        while waiting:
            folder, depth = waiting.pop()
            looked += 1
            if looked > _MOST_FOLDERS:
                _log.warning("more folders than are looked into", root=str(root))
                return
            listing = self._list(folder)
            if listing is None:
                continue
            if listing.session:
                yield folder
            elif depth < _DEPTH:
                waiting += ((folder / name, depth + 1) for name in listing.folders)

    def _list(self, folder: Path) -> _Listing | None:
        """What is in a folder; read again only if something was made or removed there."""
        try:
            status = folder.stat()
            mark = (status.st_ino, status.st_mtime_ns)
            known = self._listings.get(folder)
            if known is not None and known.mark == mark:
                return known
            with os.scandir(folder) as inside:
                found = [(part.name, part.is_dir(follow_symlinks=False)) for part in inside]
        except OSError:  # removed just now, or not for us to read
            self._listings.pop(folder, None)
            return None
        session = any(name in (FILE, POINTER) for name, _ in found)
        folders = sorted(name for name, is_folder in found if is_folder and name[0] != ".")
        made = _Listing(mark, session, () if session else tuple(folders))
        if time.time_ns() - status.st_mtime_ns > _LOOK * 1e9:
            # Where something is made within the clock's tick of this, the time says nothing of it.
            self._listings[folder] = made
        return made


def store_mark(folder: Path) -> tuple[object, ...]:
    """What is another when a folder's store was replaced, not when it was written; () for none."""
    marks = []
    for name in (FILE, POINTER):
        with suppress(OSError):
            status = (folder / name).stat()
            time_of = status.st_mtime_ns if name == POINTER else 0
            marks.append((name, status.st_dev, status.st_ino, time_of))
    return tuple(marks)


def _name_of(folder: Path) -> str:
    """An id for a folder whose session does not say its uid."""
    return f"folder-{hashlib.blake2b(str(folder).encode(), digest_size=6).hexdigest()}"


def why_unreadable(error: Exception) -> str:
    """What a person is told of a store that cannot be read."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    said = str(getattr(error, "orig", error)).strip()
    if isinstance(error, DBAPIError):
        return f"its store cannot be read: {said.partition(chr(10))[0]}"
    return said
