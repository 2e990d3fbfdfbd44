"""How far sinks are: what was delivered, what waits, what was set aside, and what people ask."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from icestream.alike import meant
from icestream.facility.opened import Facility
from icestream.facility.people.seeing import read_seeing
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import UnknownPlace, session, sessions
from icestream.facility.sinks.kinds import AnySink, IspybSinkSection
from icestream.facility.sinks.ledger import SetAside, SinkLedger
from icestream.facility.sinks.run import wanted
from icestream.store import tables as t
from icestream.store.follow import newest_event
from icestream.store.migrate import OtherSchema
from icestream.store.open import NoStore, Store, open_store
from icestream.store.touched import touched

__all__ = ["SinkStanding", "choose_visit", "deliver_again", "retry_asides", "standings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkStanding:
    """How far one session is at one sink."""

    sink: str
    kind: str
    session: str
    left_out: str = ""
    """Why it is not delivered to this sink at all; empty where it is."""
    delivered: Mapping[str, int]
    """How many of each kind the other side has."""
    last: float | None = None
    """When something was delivered last."""
    behind: int = 0
    """Exposures of which there is something that was not looked at yet."""
    lag: float = 0.0
    """Seconds since the oldest of it happened."""
    asides: tuple[SetAside, ...] = ()
    waits: str = ""
    """What somebody has to say before anything is delivered."""
    error: str = ""
    """Why nothing can be delivered."""
    failing_since: float | None = None
    said: tuple[str, ...] = ()
    """What people should know about how it was delivered."""
    visit: str = ""
    """What the session is called at the other side, as people or the booking say."""


def standings(
    facility: Facility, names: Sequence[str] = (), sink: str | None = None
) -> tuple[SinkStanding, ...]:
    """How far sessions are, of these names or all that sinks look at, the newest first.

    Raises
    ------
    LookupError
        If there is no such sink or session.
    """
    now = time.time()
    found = []
    with facility.registry.read() as connection:
        confidential = read_seeing(connection).confidential or frozenset()
    for name, section in _sinks(facility, sink).items():
        oldest = float("-inf") if names else now - 86400.0 * section.older
        for one in _sessions(facility, names, oldest):
            left_out = wanted(section, one, hidden=one.key in confidential)
            found.append(_standing(name, section, one, (left_out, now)))
    return tuple(found)


def retry_asides(facility: Facility, names: Sequence[str] = (), sink: str | None = None) -> int:
    """Have what was set aside tried again at the next delivery; how many that are."""
    return sum(ledger.retry() for ledger in _ledgers(facility, names, sink))


def deliver_again(facility: Facility, names: Sequence[str] = (), sink: str | None = None) -> int:
    """Have everything delivered again under the keys it has; of how many sessions."""
    count = 0
    for ledger in _ledgers(facility, names, sink):
        ledger.forget_versions()
        count += 1
    return count


def choose_visit(facility: Facility, name: str, visit: str, sink: str | None = None) -> int:
    """Say which session of ISPyB a session belongs to; to how many sinks that was said.

    Raises
    ------
    LookupError
        If there is no such session, or no sink for ISPyB.
    ValueError
        If results were delivered to another one already.
    """
    chosen = {one: section for one, section in _sinks(facility, sink).items()
              if isinstance(section, IspybSinkSection)}  # fmt: skip
    if not chosen:
        raise LookupError("the facility file has no such sink of the kind ispyb")
    (known,) = _sessions(facility, (name,), float("-inf"))
    for one in chosen:
        with closing(SinkLedger(Path(known.folder), one)) as ledger:
            before = ledger.chosen
            if ledger.key("session") is not None and before != visit:
                raise ValueError(
                    f"results of {name} are in {one} under {before or 'another visit'} already, "
                    "and rows are not moved from one visit to another"
                )
            ledger.keep(chosen=visit, waits="")
    return len(chosen)


def _sinks(facility: Facility, name: str | None) -> Mapping[str, AnySink]:
    known = facility.file.sinks
    if name is None:
        return known
    if name not in known:
        hint = meant(name, known) or f"there are {', '.join(known) or 'none'}"
        raise LookupError(f"the facility file has no sink {name!r}; {hint}")
    return {name: known[name]}


def _sessions(facility: Facility, names: Sequence[str], oldest: float) -> tuple[KnownSession, ...]:
    with facility.registry.read() as connection:
        if not names:
            return sessions(connection, begins=oldest)
        try:
            return tuple(session(connection, name) for name in names)
        except UnknownPlace as error:
            raise LookupError(str(error)) from None


def _ledgers(facility: Facility, names: Sequence[str], sink: str | None) -> Iterator[SinkLedger]:
    """Ledgers that are there, one after another."""
    for name in _sinks(facility, sink):
        for one in _sessions(facility, names, float("-inf")):
            try:
                SinkLedger(Path(one.folder), name, readonly=True).close()
            except (OSError, sqlite3.Error):
                continue
            with closing(SinkLedger(Path(one.folder), name)) as ledger:
                yield ledger


def _standing(
    name: str, section: AnySink, one: KnownSession, how: tuple[str, float]
) -> SinkStanding:
    """How far one session is; `how`: why it is left out, and what time it is."""
    left_out, now = how
    base = SinkStanding(
        sink=name, kind=section.kind, session=one.name, left_out=left_out, delivered={}
    )
    folder = Path(one.folder)
    try:
        return _read(base, SinkLedger(folder, name, readonly=True), folder, now)
    except FileNotFoundError:
        if not folder.is_dir() and not left_out:
            return replace(base, error=f"{folder} is not there: is its disk away?")
        behind, lag = (0, 0.0) if left_out else _behind(folder, 0, now)
        return replace(base, behind=behind, lag=lag)
    except (OSError, sqlite3.Error) as error:
        return replace(base, error=f"its ledger cannot be read: {error}")


def _read(base: SinkStanding, ledger: SinkLedger, folder: Path, now: float) -> SinkStanding:
    """What a ledger says."""
    left_out = base.left_out
    with closing(ledger):
        behind, lag = (0, 0.0) if left_out else _behind(folder, int(ledger.fact("cursor", 0)), now)
        return replace(
            base,
            delivered=ledger.count(),
            last=ledger.fact("delivered"),
            behind=behind,
            lag=lag,
            asides=ledger.asides(),
            waits=ledger.fact("waits") or "",
            error=ledger.fact("error") or "",
            failing_since=ledger.fact("failing"),
            said=tuple(ledger.fact("said", [])),
            visit=ledger.chosen,
        )


def _behind(folder: Path, cursor: int, now: float) -> tuple[int, float]:
    """Exposures that there is news of, and for how many seconds already."""
    try:
        with closing(open_store(folder, readonly=True)) as store:
            until = newest_event(store)
            exposures = touched(store, after=cursor, until=until).exposures
            return len(exposures), _age(store, cursor, now) if exposures else 0.0
    except (NoStore, OSError, OtherSchema, SQLAlchemyError):
        return 0, 0.0


def _age(store: Store, cursor: int, now: float) -> float:
    event = t.event.c
    chosen = select(func.min(event.time)).where(event.seq > cursor, event.subject_id.is_not(None))
    with store.read() as connection:
        oldest = connection.execute(chosen).scalar()
    return 0.0 if oldest is None else max(0.0, now - float(oldest))
