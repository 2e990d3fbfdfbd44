"""Reading one session's events on, in a thread, for as long as somebody listens."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from icestream.model import StepStatus
from icestream.server.catalogue import (
    UNREADABLE,
    Catalogue,
    UnknownSession,
    UnreadableSession,
    why_unreadable,
)
from icestream.server.live.ring import Ring, SentEvent, sent
from icestream.store import queries
from icestream.store.events import EVENTS
from icestream.store.follow import EventFollower, newest_event
from icestream.store.newest import newest_exposure
from icestream.store.open import Store
from icestream.store.records import Counts

__all__ = ["AWAY", "Counted", "StepCounts", "Tail"]

_log = structlog.get_logger(__name__)

AWAY = (*UNREADABLE, UnknownSession, UnreadableSession)
"""What is raised where a session cannot be read now."""
_LOOK = 0.1
"""Seconds between two looks whether something was written."""
_PACE = 0.2
"""Seconds between two times that listeners are told something, at least."""
_COUNT = 0.5
"""Seconds between two times that they are told counts, at least."""
_LEASE = 10.0
"""Seconds until it is looked whether the session's store is still the same one."""
_RETRY = 2.0
"""Seconds until a store that could not be read is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCounts:
    """Where a step of the adopted branch stands."""

    name: str
    state: StepStatus
    reason: str
    waiting: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class Counted:
    """Where a session stands, as it is sent."""

    version: int
    """Grows with every change."""
    text: str
    """``steps`` (of `StepCounts`), ``exposures`` (by state) and ``newest`` (number and name of the
    newest that needs nothing more, or null): members of a JSON object."""


class Tail:
    """The newest events of one session, and where it stands.

    All but `stop` and the thread's own methods belong to the loop's thread.

    Parameters
    ----------
    session_id
        Of the session.
    catalogue
        Where it is found.
    loop
        Whose listeners are woken.
    """

    def __init__(
        self, session_id: str, catalogue: Catalogue, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.session_id = session_id
        self.ring: Ring | None = None
        """None until the store has been opened."""
        self.counted = Counted(0, "")
        self.problem = ""
        """Why it cannot be read now."""
        self.renewed = 0
        """How many times another session has taken its place, so that nobody's place holds."""
        self.listeners: set[asyncio.Event] = set()
        self._catalogue = catalogue
        self._loop = loop
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"tail-{session_id}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Read no more; returns at once."""
        self._stopping.set()

    def newest(self) -> int:
        """Number of the newest event in the store; it blocks, so not for the loop's thread."""
        with self._catalogue.store(self._catalogue.entry(self.session_id)) as store:
            return newest_event(store)

    def page(self, place: int, limit: int, *, alerts: bool = False) -> list[SentEvent]:
        """Events after a place, from the store; it blocks, so not for the loop's thread."""
        kinds = [kind for kind in EVENTS if kind.startswith("alert.")] if alerts else None
        entry = self._catalogue.entry(self.session_id)
        with self._catalogue.store(entry) as store:
            return [
                sent(event)
                for event in queries.events(store, after=place, limit=limit, kinds=kinds)
            ]

    # -- in the loop's thread ----------------------------------------------------------------------

    def _wake(self) -> None:
        for listener in self.listeners:
            listener.set()

    def _begin(self, start: int, *, anew: bool) -> None:
        self.problem = ""
        if self.ring is None or anew:
            self.renewed += self.ring is not None
            self.ring = Ring(start)
        self._wake()

    def _take(self, events: list[SentEvent], counted: str) -> None:
        assert self.ring is not None
        self.ring.add(events)
        if counted:
            self.counted = Counted(self.counted.version + 1, counted)
        self._wake()

    def _fail(self, problem: str) -> None:
        if self.problem != problem:
            self.problem = problem
            self._wake()

    # -- in the thread of its own ------------------------------------------------------------------

    def _post(self, what: Callable[..., None], *given: Any, **more: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and so will this
            self._loop.call_soon_threadsafe(lambda: what(*given, **more))

    def _run(self) -> None:
        place: _Place | None = None
        while not self._stopping.is_set():
            try:
                entry = self._catalogue.entry(self.session_id)
                with self._catalogue.store(entry) as store:
                    place = self._begun(store, place)
                    self._follow(store, place)
            except AWAY as error:
                self._post(self._fail, why_unreadable(error))
                self._stopping.wait(_RETRY)
            except Exception as error:  # it must not end unheard of
                _log.exception("defect", session=self.session_id)
                self._post(self._fail, f"a defect of icestream: {type(error).__name__}")
                self._stopping.wait(_RETRY)

    def _begun(self, store: Store, place: "_Place | None") -> "_Place":
        """Where to read on: at the end of what there is, unless it was read before."""
        uid, newest = queries.session(store).uid, newest_event(store)
        anew = place is not None and (place.uid != uid or newest < place.seq)
        if place is None or anew:
            place = _Place(uid, newest)
        self._post(self._begin, place.seq, anew=anew)
        return place

    def _follow(self, store: Store, place: "_Place") -> None:
        """Read on for some time."""
        follower = EventFollower(store, after=place.seq)
        ends = time.monotonic() + _LEASE
        while not self._stopping.is_set() and time.monotonic() < ends:
            with store.held():
                events = [sent(event) for event in follower.read()]
                counted, due = "", place.counted + _COUNT
                if time.monotonic() >= due:
                    counted, due = _counted(store), 0.0
                    place.counted = time.monotonic()
                    counted = "" if counted == place.text else counted
                    place.text = counted or place.text
            if events or counted:
                place.seq = follower.after
                self._post(self._take, events, counted)
            self._stopping.wait(_PACE)
            left = ends - time.monotonic()
            if due:  # something has changed, and its counts were told a moment ago
                left = min(left, due - time.monotonic())
            follower.wait(max(0.0, left), stop=self._stopping, every=_LOOK)


@dataclass(slots=True)
class _Place:
    """How far a session was read, and told."""

    uid: str
    seq: int
    counted: float = 0.0
    """When its counts were read last."""
    text: str = ""
    """What they were."""


def _counted(store: Store) -> str:
    steps = [
        StepCounts(
            name=step.name,
            state=step.state,
            reason=step.reason,
            waiting=step.waiting,
            counts=step.counts,
        )
        for step in queries.steps(store)
    ]
    newest = newest_exposure(store)
    said = {
        "steps": [asdict(step) for step in steps],
        "exposures": queries.count_exposures(store),
        "newest": None if newest is None else {"number": newest[0], "name": newest[1]},
    }
    return json.dumps(said)[1:-1]
