"""Sessions as their reports know them: read once, and then only what is new."""

import threading
import time
import weakref
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from icestream.report.follow import Follower
from icestream.server.catalogue import Entry, store_mark
from icestream.server.context import Server
from icestream.store.open import Store, open_store

__all__ = ["SessionFollowers", "followed_of"]

_IDLE = 180.0
"""Seconds that a session stays known when nobody asks."""
_MOST = 6
"""Sessions that stay known: of a hundred thousand exposures each takes tens of megabytes."""


@dataclass
class _Known:
    """What is known of one session; one at a time reads on."""

    store: Store
    follower: Follower
    turn: threading.RLock = field(default_factory=threading.RLock)
    used: float = field(default_factory=time.monotonic)
    readers: int = 0
    dropped: bool = False


_Place = tuple[Path, Hashable, str | None]
"""A session's folder, the identity of what is in it, and a branch."""


class SessionFollowers:
    """Followers of the sessions that somebody looks at."""

    def __init__(self) -> None:
        self._known: dict[_Place, _Known] = {}
        self._turn = threading.Lock()
        self._making: dict[_Place, threading.Lock] = {}
        self._beside: weakref.WeakKeyDictionary[Follower, dict[str, Any]] = (
            weakref.WeakKeyDictionary()
        )

    def beside(self, follower: Follower) -> dict[str, Any]:
        """What others keep for as long as a follower is known; only while it is `reading`."""
        with self._turn:
            return self._beside.setdefault(follower, {})

    @contextmanager
    def reading(self, entry: Entry, branch: str | None = None) -> Iterator[Follower]:
        """A session with all that is new in it, for as long as the block runs.

        Parameters
        ----------
        entry
            The session. Another one in the same folder is followed anew.
        branch
            Name of a branch that is not adopted, in the place of the one that is.
        """
        identity = (entry.uid, store_mark(entry.folder))
        known = self._lease((entry.folder, identity, branch))
        try:
            with known.turn, known.store.held():
                while not known.follower.read():
                    known.follower = Follower(known.store, branch)
                yield known.follower
        finally:
            self._give_back(known)

    def close(self) -> None:
        """Give up all stores."""
        with self._turn:
            for place in list(self._known):
                self._drop(place)

    def _lease(self, place: _Place) -> _Known:
        folder, _, branch = place
        with self._turn:
            making = self._making.setdefault(place, threading.Lock())
        with making:  # a long session takes seconds to read: once, whoever asks
            with self._turn:
                known = self._known.get(place)
                if known is not None:
                    return self._taken(known)
            store = open_store(folder, readonly=True)
            try:
                known = _Known(store, Follower(store, branch))
            except BaseException:
                store.close()
                raise
            with self._turn:
                self._known[place] = known
                return self._taken(known)

    def _taken(self, known: _Known) -> _Known:
        known.readers += 1
        known.used = time.monotonic()
        self._drop_idle()
        return known

    def _give_back(self, known: _Known) -> None:
        with self._turn:
            known.readers -= 1
            known.used = time.monotonic()
            if known.dropped and not known.readers:
                known.store.close()

    def _drop_idle(self) -> None:
        now = time.monotonic()
        unused = sorted(
            (place for place, known in self._known.items() if not known.readers),
            key=lambda place: self._known[place].used,
        )
        for rank, place in enumerate(unused):
            if now - self._known[place].used > _IDLE or len(unused) - rank > _MOST:
                self._drop(place)

    def _drop(self, place: _Place) -> None:
        known = self._known.pop(place)
        known.dropped = True
        if not known.readers:
            known.store.close()


def followed_of(server: Server) -> SessionFollowers:
    """The followers of a server."""
    return server.one(SessionFollowers, lambda _: SessionFollowers())
