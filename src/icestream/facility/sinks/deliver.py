"""One session and one sink: what is new or another than before is delivered, in order, once.

A pass looks at the events since the last one, makes parcels of all that they are about as it is
now, and delivers those whose version is another than the ledger's. So it does not matter how often
a pass is begun, nor where it was cut off.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from icestream.facility.sinks.ledger import SinkLedger
from icestream.facility.sinks.pack import GOES_ON, Packer, Packing
from icestream.facility.sinks.parcels import (
    Content,
    Parcel,
    SessionContent,
    StatusContent,
    VerdictContent,
    parents_first,
)
from icestream.facility.sinks.paths import seen_as
from icestream.facility.sinks.pictures import picture_folder, write_attached
from icestream.facility.sinks.sink import NotTaken, Shipment, Sink
from icestream.model import content_key
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.events import (
    BranchAdopted,
    ChangeUndone,
    EpochLeft,
    EpochStarted,
    SessionStateChanged,
    StepAdded,
    StepRemoved,
    StepRevised,
)
from icestream.store.follow import mark_of, newest_event
from icestream.store.open import Store, open_store
from icestream.store.touched import event_time, every_id, touched

__all__ = ["SessionDelivery", "SinkSession"]

_CHUNK = 200
"""Exposures whose parcels are made at once."""
_STATUS = 60.0
"""Seconds between two looks at how far a session is, while nothing says that its state changed."""
_STRUCTURE = frozenset(
    kind.kind for kind in (StepAdded, StepRemoved, StepRevised, BranchAdopted, ChangeUndone)
)
"""Events after which other results than before may be the present ones, of any exposure."""
_STATES = frozenset(kind.kind for kind in (SessionStateChanged, EpochStarted, EpochLeft))


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSession:
    """A session whose results are delivered."""

    folder: Path
    """Of the session: where its store is."""
    name: str
    microscope: str = ""
    project: str = ""
    booked: str = ""
    """What its booking is called where the booking is from: a visit, for ISPyB."""
    confidential: bool = False
    ended: bool = False
    """Nothing runs it any more."""


@dataclass
class _Pass:
    """What a pass is about."""

    until: int
    """Number of the newest event when it began."""
    everything: bool
    kinds: frozenset[str] = frozenset()
    batches: bool = False
    exposures: Sequence[int] = ()
    place: int = 0
    """Id of the last exposure that was delivered."""
    again: bool = False
    """Whether somebody asked for what was set aside."""


@dataclass
class SessionDelivery:
    """Delivers one session to one sink, pass by pass.

    Parameters
    ----------
    session
        Which.
    name
        Of the sink.
    sink
        Where to.
    registry
        Protocols that are installed: their types of items are known.
    seen_as
        Beginnings of paths here, and what they are on the sink's side.
    """

    session: SinkSession
    name: str
    sink: Sink
    registry: Registry
    seen_as: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._store: Store = open_store(self.session.folder, readonly=True)
        self._uid = queries.session(self._store).uid
        self.ledger = SinkLedger(self.session.folder, self.name)
        self.ledger.keep(booked=self.session.booked)
        self._packer: Packer | None = None
        self._about: SessionContent | None = None
        self._seen: object = None
        """What store and ledger were like when all was delivered."""
        self._looked = 0.0
        """When the state of the session was looked at last."""
        self._final: float | None = self.ledger.fact("final", 0.0)
        """When a session that was stopped will be so for good, if it does not go on; None: it is
        not stopped, or that was told."""

    def close(self) -> None:
        """Let go of the session."""
        self._store.close()
        self.ledger.close()

    def news(self) -> bool:
        """Whether there may be something to deliver; costs next to nothing."""
        seen = (mark_of(self._store), self.ledger.changes())
        return seen != self._seen or self._is_due()

    def run(self, stop: threading.Event | None = None) -> int:
        """Deliver all that is there to be delivered; how many parcels that were.

        Raises
        ------
        SinkDown, Held
            As the sink says.
        LedgerBusy
            If another process is at it.
        """
        stop = stop or threading.Event()
        # Before reading: what is committed meanwhile is looked at again.
        seen = (mark_of(self._store), self.ledger.changes())
        with self.ledger.alone(), self._store.held():
            count = self._resend()
            while not stop.is_set():
                work = self._find_work()
                if work is None:
                    self._seen = seen
                    break
                count += self._work(work, stop)
            return count

    def _resend(self) -> int:
        """Send again what a process that was killed was about to send, just as it was."""
        parcels = self.ledger.outgoing()
        return self._ship(parcels) if parcels else 0

    # -- what there is to do -------------------------------------------------------------------

    def _find_work(self) -> _Pass | None:
        """What was not looked at yet; None: nothing."""
        ledger = self.ledger
        setting = content_key([self.seen_as, sorted(self.sink.takes), self.sink.pictures])
        if ledger.fact("setting") != setting or self._is_another():
            anew = {"until": 0, "everything": True, "place": 0}
            ledger.keep(setting=setting, begun=anew, cursor=0, at=None)
        newest = newest_event(self._store)
        begun = ledger.fact("begun")
        cursor = int(ledger.fact("cursor", 0))
        # What was asked for is tried when a pass that was cut off is over.
        again = [one for one in ledger.asides() if one.again] if begun is None else []
        if begun is None and cursor == newest and not again and not self._is_due():
            return None
        until = newest if begun is None else max(int(begun["until"]), cursor) or newest
        found = touched(self._store, after=cursor, until=until)
        everything = bool(begun and begun["everything"]) or bool(found.kinds & _STRUCTURE)
        place = int(begun["place"]) if begun else 0
        ids = every_id(self._store) if everything or again else found.exposures
        if again and not everything:
            ids = tuple(sorted({*found.exposures, *self._exposures_of(one.id for one in again)}))
        return _Pass(
            until=until,
            everything=everything,
            kinds=found.kinds,
            batches=found.batches or bool(again),
            exposures=[one for one in ids if one > place],
            place=place,
            again=bool(again),
        )

    def _is_another(self) -> bool:
        """Whether the store was replaced by an older one, whose later events are others."""
        cursor, at = self.ledger.fact("cursor", 0), self.ledger.fact("at")
        return at is not None and event_time(self._store, int(cursor)) != at

    def _close(self, work: _Pass) -> None:
        """All up to the newest event was looked at."""
        at = event_time(self._store, work.until)
        self.ledger.keep(cursor=work.until, at=at, begun=None)

    def _is_due(self) -> bool:
        """Whether the state has to be looked at: a process that was killed could not say so."""
        if self._final is not None and time.time() >= self._final:
            return True
        return not self.session.ended and time.monotonic() - self._looked > _STATUS

    def _expect(self, status: Content) -> None:
        """Keep when the state has to be looked at again, though nothing happens any more."""
        assert isinstance(status, StatusContent)
        waits = status.ended is not None and not status.final
        self._final = (status.ended or 0.0) + GOES_ON if waits else None
        self.ledger.keep(final=self._final)

    def _exposures_of(self, parcels: Iterable[str]) -> Iterator[int]:
        """Ids of the exposures that parcels are about."""
        numbers = {_number(one) for one in parcels
                   if one.partition(":")[0] in _OF_EXPOSURES}  # fmt: skip
        every = every_id(self._store)
        yield from (every[number - 1] for number in numbers if number <= len(every))

    # -- doing it ------------------------------------------------------------------------------

    def _work(self, work: _Pass, stop: threading.Event) -> int:
        if self._packer is None or work.everything:
            self._packer = Packer(self._store, self.registry, self._packing())
        ledger, packer = self.ledger, self._packer
        if work.exposures:
            kept = {"until": work.until, "everything": work.everything, "place": work.place}
            ledger.keep(begun=kept)
        acquisition = packer.session()
        if acquisition is None:  # nothing was taken in
            self._looked, self._final = time.monotonic(), None
            self._close(work)
            return 0
        assert isinstance(acquisition.content, SessionContent)
        self._about = acquisition.content
        count = self._send([acquisition])
        for first in range(0, len(work.exposures), _CHUNK):
            some = work.exposures[first : first + _CHUNK]
            count += self._send(packer.exposures(some))
            if first + _CHUNK < len(work.exposures):
                ledger.keep(begun={"until": work.until, "everything": work.everything,
                                   "place": some[-1]})  # fmt: skip
            if stop.is_set():
                return count
        if work.batches or work.everything:
            count += self._send(packer.snapshots(map(_number, ledger.ids("class"))))
        if (
            work.kinds & _STATES
            or work.everything
            or self._is_due()
            or self.ledger.key("status") is None
        ):
            status = packer.status()
            count += self._send([status])
            self._looked = time.monotonic()
            self._expect(status.content)
        self._close(work)
        if work.again:
            ledger.tried()
        return count

    def _acquisition(self) -> SessionContent | None:
        """What the session is, as it was when this pass began."""
        if self._about is None:
            parcel = Packer(self._store, self.registry, self._packing()).session()
            if parcel is not None and isinstance(parcel.content, SessionContent):
                self._about = parcel.content
        return self._about

    def _packing(self) -> Packing:
        folder = picture_folder(self.session.folder, self.name)
        return Packing(
            microscope=self.session.microscope,
            project=self.session.project,
            seen_as=partial(seen_as, prefixes=self.seen_as),
            pictures=folder if self.sink.pictures else None,
        )

    # -- delivering ----------------------------------------------------------------------------

    def _send(self, parcels: Iterable[Parcel]) -> int:
        """Deliver those that are new or another than before; how many were taken."""
        wanted = [one for one in parcels if one.kind in self.sink.takes]
        ids = [one.id for one in wanted]
        known, refused = self.ledger.versions(ids), self.ledger.refused_versions(ids)
        changed = parents_first(
            one
            for one in wanted
            if one.version not in (known.get(one.id), refused.get(one.id))
            and not (one.id not in known and _is_going(one))
        )
        most = self.sink.at_once
        return sum(self._ship(changed[at : at + most]) for at in range(0, len(changed), most))

    def _ship(self, parcels: Sequence[Parcel]) -> int:
        """Deliver a shipment, in halves where something in it is refused without a word on what."""
        ready, orphans = self._with_parents(parcels)
        for parcel in ready:
            write_attached(parcel.files)
        if self.sink.repeated and ready:
            self.ledger.send_out(ready)
        keys: dict[str, str] = {}
        refused: dict[str, tuple[str, str]] = {}
        if ready:
            about = self._acquisition()
            shipment = Shipment(self._uid, self.session.name, ready, self.ledger, about)
            try:
                received = self.sink.deliver(shipment)
            except NotTaken as error:
                if len(ready) > 1:
                    half = len(ready) // 2
                    return self._ship(ready[:half]) + self._ship([*ready[half:], *orphans])
                refused[ready[0].id] = (str(error), "")
            else:
                keys = dict(received.keys)
                refused = {one: (reason, "") for one, reason in received.refused.items()}
                self._say(received.said)
        for parcel in parcels:
            if parcel.id not in keys and parcel.id not in refused:
                refused[parcel.id] = self._waits(parcel)
        try:
            self.ledger.record({one.id: one for one in parcels}, keys, refused)
        except BaseException:
            self.sink.close()  # what it knows of the other side is not what the ledger knows
            raise
        return len(keys)

    def _with_parents(self, parcels: Sequence[Parcel]) -> tuple[list[Parcel], list[Parcel]]:
        """Those whose parents are at the other side, or come with them; and the others."""
        there: set[str] = set()
        ready, orphans = [], []
        for parcel in parcels:
            if all(one in there or self._is_there(one) for one in parcel.after):
                ready.append(parcel)
                there.add(parcel.id)
            else:
                orphans.append(parcel)
        return ready, orphans

    def _is_there(self, parcel: str) -> bool:
        return (
            parcel.partition(":")[0] not in self.sink.takes or self.ledger.key(parcel) is not None
        )

    def _waits(self, parcel: Parcel) -> tuple[str, str]:
        missing = next((one for one in parcel.after if not self._is_there(one)), "")
        return f"{missing}, which it belongs to, was not delivered", missing

    def _say(self, said: Sequence[str]) -> None:
        """Keep what people should know, once each: what follows a colon is of the first only."""
        told = self.ledger.fact("said", [])
        known = {one.partition(": ")[0] for one in told}
        new = {one.partition(": ")[0]: one for one in reversed(said)}
        added = [one for head, one in reversed(new.items()) if head not in known]
        if added:
            self.ledger.keep(said=[*told, *added])


_OF_EXPOSURES = frozenset(("movie", "motion", "ctf", "picks", "verdict"))


def _is_going(parcel: Parcel) -> bool:
    """Whether it says only that nothing became of an exposure yet."""
    return isinstance(parcel.content, VerdictContent) and parcel.content.state == "going"


def _number(parcel: str) -> int:
    """Of what a parcel is about: 17 of ``motion:17``."""
    return int(parcel.partition(":")[2])
