"""Keeping a sink up to date with all sessions that it is for."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import select

from icestream.facility.answering import Silent
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.duties.troubles import tell_troubles
from icestream.facility.file import FacilityFile
from icestream.facility.opened import Facility
from icestream.facility.registry import tables as t
from icestream.facility.registry.figures import confidential_sessions
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.facility.sinks.deliver import SessionDelivery, SinkSession
from icestream.facility.sinks.kinds import AnySink, IspybSinkSection
from icestream.facility.sinks.ledger_file import LedgerBusy
from icestream.facility.sinks.open import open_sink
from icestream.facility.sinks.sink import Held, Sink, SinkDown
from icestream.protocol import Registry
from icestream.store.open import NoStore

__all__ = ["SinkRun", "followed", "sink_duties", "wanted"]

_log = structlog.get_logger(__name__)
_TURN = 5.0
"""Seconds that a turn of the duty lasts, at most; it is ended so that what went on is told."""
_LOOK = 0.1
"""Seconds between two looks for news."""
_SESSIONS = 5.0
"""Seconds between two questions for sessions."""
_AGAIN = 30.0
"""Seconds after which a session that could not be delivered is tried again."""
_LONGEST = 15.0
"""Seconds between two tries of a sink that is away, at most."""


def sink_duties(file: FacilityFile) -> tuple[Duty, ...]:
    """A duty for each sink of the facility file."""
    return tuple(
        Duty(
            name=f"sink.{name}",
            what=f"delivers results to {section.kind}",
            every=0.05,
            longest=_LONGEST,
            act=SinkRun(name, section).turn,
        )
        for name, section in file.sinks.items()
    )


def wanted(section: AnySink, one: KnownSession, *, hidden: bool) -> str:
    """Why a session is not for a sink; empty where it is. `hidden`: few may know of it."""
    if section.microscopes and one.microscope not in section.microscopes:
        return f"it is of {one.microscope or 'no microscope'}, which this sink is not for"
    if hidden and not section.confidential:
        return "it is confidential, and the sink is not for such sessions (confidential = false)"
    if one.state in ("archived", "gone"):
        return f"it is {one.state}"
    return ""


def followed(
    facility: Facility, section: AnySink, one: KnownSession, *, hidden: bool
) -> SinkSession:
    """A session as it is delivered to a sink. `hidden`: few may know of it."""
    reference = title = ""
    if one.booking is not None:
        booking = t.booking.c
        chosen = select(booking.reference, booking.title).where(booking.id == one.booking)
        with facility.registry.read() as connection:
            row = connection.execute(chosen).first()
        if row is not None:
            reference, title = row.reference or "", row.title or ""
    booked = reference
    if isinstance(section, IspybSinkSection):
        booked = section.visit.format(
            booking=reference, title=title, project=one.project, session=one.name,
            microscope=one.microscope,
        )  # fmt: skip
        if booked.strip().isdecimal() and "visit" not in section.model_fields_set:
            booked = ""  # a number of the booking system's own, which is another visit's here
    return SinkSession(
        folder=Path(one.folder),
        name=one.name,
        microscope=one.microscope,
        project=one.project,
        booked=booked,
        confidential=hidden,
        ended=one.ended is not None,
    )


@dataclass
class _Kept:
    """A session that is open, and when it is looked at again."""

    delivery: SessionDelivery
    again: float = 0.0


class SinkRun:
    """One sink and the sessions that it is for. What it keeps spares opening things anew."""

    def __init__(self, name: str, section: AnySink) -> None:
        self.name = name
        self.section = section
        self._sink: Sink | None = None
        self._kept: dict[str, _Kept] = {}
        self._registry = Registry()
        self._asked = -_SESSIONS
        self._delivered = 0
        self._ours: dict[str, KnownSession] = {}
        """Sessions that this sink is for, by their folders."""
        self._troubles: dict[str, str] = {}
        self._quiet = 0.0
        """Until when the other side asked to be left alone."""
        self._why = ""

    def turn(self, facility: Facility, stop: threading.Event) -> str:
        """Deliver what is new, and what comes within seconds; says what was delivered.

        Raises
        ------
        Outage
            If the sink is away.
        """
        self._delivered = 0
        if time.monotonic() < self._quiet:
            raise Outage(self._why)
        until = time.monotonic() + _TURN
        while not stop.is_set() and time.monotonic() < until:
            if time.monotonic() - self._asked > _SESSIONS:
                self._find_sessions(facility)
                self._asked = time.monotonic()
            for folder, kept in list(self._kept.items()):
                if stop.is_set() or time.monotonic() < kept.again:
                    continue
                try:
                    facility.disks.require(kept.delivery.session.folder)
                except Silent as error:
                    self._trouble(kept.delivery.session, error)
                    kept.again = time.monotonic() + _AGAIN
                    continue
                if kept.delivery.news():
                    self._deliver(folder, kept, stop)
            stop.wait(_LOOK)
        if not stop.is_set():
            self._tell(facility)
        said = self._said()
        if stop.is_set():
            self.close()
        return said

    def once(self, facility: Facility, names: Sequence[str] = ()) -> str:
        """Deliver everything that is there now, of sessions with these names, or of all."""
        self._delivered = 0
        try:
            self._find_sessions(facility, names)
            for folder, kept in list(self._kept.items()):
                self._deliver(folder, kept, threading.Event())
            return self._said()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the sink and of all sessions."""
        for kept in self._kept.values():
            kept.delivery.close()
        self._kept.clear()
        self._asked = -_SESSIONS
        if self._sink is not None:
            self._sink.close()
        self._sink = None

    # -- sessions ------------------------------------------------------------------------------

    def _find_sessions(self, facility: Facility, names: Sequence[str] = ()) -> None:
        """Open sessions that have come, and close those that are not for this sink any more."""
        try:
            sink = self._opened(facility)
        except SinkDown as error:
            raise Outage(f"{self.name}: {error}") from None
        oldest = time.time() - 86400.0 * self.section.older
        with facility.registry.read() as connection:
            found = sessions(connection) if names else sessions(connection, begins=oldest)
            confidential = confidential_sessions(connection)
        ours = {
            one.folder: one
            for one in found
            if not wanted(self.section, one, hidden=one.id in confidential)
            and (not names or one.name in names)
        }
        self._ours = ours
        for folder in set(self._kept) - set(ours):
            self._kept.pop(folder).delivery.close()
        self._troubles = {one: why for one, why in self._troubles.items() if one in ours}
        for folder, one in ours.items():
            known = self._kept.get(folder)
            hidden = one.id in confidential
            session = followed(facility, self.section, one, hidden=hidden)
            if known is not None and known.delivery.session != session:
                self._kept.pop(folder).delivery.close()
                known = None
            if known is None:
                self._open(facility, folder, session, sink)

    def _open(self, facility: Facility, folder: str, session: SinkSession, sink: Sink) -> None:
        try:
            facility.disks.require(session.folder)
            delivery = SessionDelivery(
                session, self.name, sink, self._registry, dict(self.section.paths)
            )
        except NoStore:  # it has not begun
            return
        except Exception as error:
            self._trouble(session, error)
            return
        self._troubles.pop(folder, None)
        self._kept[folder] = _Kept(delivery)

    def _opened(self, facility: Facility) -> Sink:
        if self._sink is None:
            self._sink = open_sink(self.section, facility.file.zone)
        return self._sink

    # -- delivering ----------------------------------------------------------------------------

    def _deliver(self, folder: str, kept: _Kept, stop: threading.Event) -> None:
        """Deliver a session; one that cannot be waits, and others go on."""
        ledger = kept.delivery.ledger
        try:
            self._delivered += kept.delivery.run(stop)
        except LedgerBusy:
            kept.again = time.monotonic() + 1.0
        except Held as error:
            ledger.keep(waits=str(error))
            kept.again = time.monotonic() + _AGAIN
        except SinkDown as error:
            ledger.keep(error=str(error), failing=ledger.fact("failing") or time.time())
            self.close()
            self._why = f"{self.name}: {error}"
            self._quiet = time.monotonic() + (error.wait or 0.0)
            raise Outage(self._why) from None
        except Exception as error:
            # Whatever is wrong with one session, others are delivered.
            self._trouble(kept.delivery.session, error)
            kept.again = time.monotonic() + _AGAIN
        else:
            if ledger.fact("waits") or ledger.fact("error"):
                ledger.keep(waits="", error="", failing=None)
            self._troubles.pop(folder, None)

    def _trouble(self, session: SinkSession, error: Exception) -> None:
        """Keep why a session cannot be delivered, and log it once; of some no more than that."""
        told = f"{session.folder}: {type(error).__name__}: {error}"
        if session.confidential:
            told = f"a confidential session cannot be delivered ({type(error).__name__})"
        if self._troubles.get(str(session.folder)) != told:
            _log.warning(f"sink.{self.name}: {told}")
        self._troubles[str(session.folder)] = told

    def _tell(self, facility: Facility) -> None:
        """Tell staff of sessions that are not delivered, each once, and when that is over."""
        of, now = f"facility.sink.{self.name}.sessions", time.time()
        wrong = {
            f"{of}/{one.id}": (now, f"sink.{self.name}: session {one.name}: {why}")
            for folder, one in self._ours.items()
            if (why := self._why_not(folder, one.name))
        }
        tell_troubles(facility, of, wrong, level="warning")

    def _why_not(self, folder: str, name: str) -> str:
        """Why a session is not delivered, or not all of it; empty where it is."""
        if why := self._troubles.get(folder):
            return f"{why}. It is tried again all the time"
        kept = self._kept.get(folder)
        if kept is None:  # it has not begun
            return ""
        ledger = kept.delivery.ledger
        if waits := ledger.fact("waits"):
            return f"nothing is delivered: {waits}"
        count, reason = ledger.aside()
        if count:
            return (
                f"{count} set aside, since they were not taken: {reason}. "
                f"icestream facility sinks {name} lists them, and --retry has them tried again"
            )
        return ""

    def _said(self) -> str:
        """What a turn did, in a sentence."""
        waits = sum(bool(kept.delivery.ledger.fact("waits")) for kept in self._kept.values())
        several = "" if len(self._kept) == 1 else "s"
        words = [f"{self._delivered} delivered of {len(self._kept)} session{several}"]
        if waits:
            words.append(f"{waits} wait for somebody")
        return "; ".join((*words, *self._troubles.values()))
