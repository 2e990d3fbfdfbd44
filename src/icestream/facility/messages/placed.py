"""Sessions of messages in a facility: in its tree, with their cards, and in its registry."""

import contextlib
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from icestream.alike import meant
from icestream.engine.graph.workflow import PATTERN, Workflow
from icestream.engine.record.workflows import session_workflow
from icestream.facility.begin.card import Card, write_card
from icestream.facility.begin.kinds import Instrument
from icestream.facility.begin.names import group_name, place_of
from icestream.facility.begin.rebuild import keep_card
from icestream.facility.begin.route import WantedMovies, decided_route, movies_of, routed
from icestream.facility.begin.tree import SessionPlace, make_place
from icestream.facility.messages.documents import StartSession, UnreadableRequest
from icestream.facility.messages.following import FollowedSession
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.messages.sessions import (
    OwnSessions,
    PlannedSession,
    has_begun,
    movies_step,
)
from icestream.facility.opened import Facility
from icestream.facility.registry.bookings import bookings
from icestream.facility.registry.people import UnknownProject, project, projects
from icestream.facility.registry.records import KnownBooking, KnownProject
from icestream.facility.registry.sessions import (
    UnknownPlace,
    change_session,
    session,
    sessions,
)
from icestream.facility.transfer.session import (
    MovieRoute,
    NoSource,
    lay_route,
    movies_pattern,
    route_of,
)
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.open import open_store

__all__ = ["PlacedSessions", "follow_all"]


@dataclass(frozen=True, slots=True)
class PlacedSessions:
    """Sessions that messages begin for a facility.

    Parameters
    ----------
    facility
        With its registry, in which they are written down.
    section
        Of messages.
    """

    facility: Facility
    section: MessagesSection

    def plan(self, asked: StartSession, *, ours: bool = False) -> PlannedSession:
        """With its movies and workflow as the facility file has them of the microscope."""
        if not ours and self.folder_of(asked.session) is not None:
            said = f"session: there is one called {asked.session!r} already; give it another name"
            raise UnreadableRequest([said])
        instrument = self._instrument(asked)
        if not ours:
            self._check_booking(asked)
        told = asked
        if instrument is not None:
            if asked.movies is None and (movies := self._movies(asked, instrument)):
                told = told.model_copy(update={"movies": movies})
            if asked.microscope not in self.facility.loaded.settings.microscopes:
                told = told.model_copy(update={"microscope": None})  # it has no preset
        own = OwnSessions(
            self.facility.sessions,
            self.facility.loaded.settings,
            workflows=self.section.workflows,
            within=self.section.within,
        )
        place = self._place(asked)
        planned = own.plan(told, ours=ours, folder=place.processing)
        if told.movies:
            try:
                self._decided(asked, told.movies, place.raw)
            except NoSource as error:
                raise UnreadableRequest([f"movies: {error}"]) from None
        return replace(planned, asked=asked)

    def _instrument(self, asked: StartSession) -> Instrument | None:
        known = self.facility.file.microscopes
        if asked.microscope is None:
            return None
        if asked.microscope not in known:
            hint = meant(asked.microscope, known) or f"there are {', '.join(known) or 'none'}"
            raise UnreadableRequest(
                [f"microscope: the facility has no {asked.microscope!r}; {hint}"]
            )
        return known[asked.microscope]

    def _movies(self, asked: StartSession, instrument: Instrument) -> str:
        """Where the movies of a microscope are, as `movies.import` is told; empty: nobody says."""
        folder = movies_of(self.facility, asked.microscope or "")
        return f"{folder}/{instrument.pattern}".rstrip("/") if folder else ""

    def _facts(self, asked: StartSession) -> dict[str, str]:
        booked = self._booking(asked)
        code = asked.project or ("" if booked is None else booked.project)
        with self.facility.registry.read() as connection:
            known = _project(connection, code)
        return {
            "microscope": asked.microscope or "",
            "project": code if known is None else known.code,
            "team": "" if known is None else known.team,
            "operator": (asked.who or "") if booked is None else booked.who or asked.who or "",
        }

    def _booking(self, asked: StartSession) -> KnownBooking | None:
        """The booking of a request; its reference may have its source and a colon before it."""
        with self.facility.registry.read() as connection:
            known = bookings(connection, microscope=asked.microscope, cancelled=True)
        called = (one for one in known if asked.booking in _names_of(one))
        # A reference that was used again is that of the later one.
        return max(called, key=lambda one: (one.state != "cancelled", one.begins), default=None)

    def _check_booking(self, asked: StartSession) -> None:
        """A session for a booking that nobody knows would be billed, and delivered, to nobody."""
        if asked.booking is None:
            return
        booked = self._booking(asked)
        where = f" of {asked.microscope}" if asked.microscope else ""
        said = f"booking: the facility knows no booking{where} called {asked.booking!r}"
        if booked is None:
            how = "leave it out, or ask again when it was read"
            raise UnreadableRequest([f"{said}: {how} (icestream facility run bookings --once)"])
        if booked.state == "cancelled":
            raise UnreadableRequest([f"{said} any more: it was cancelled"])

    def _place(self, asked: StartSession) -> SessionPlace:
        """Where the session is put, by its own name: a request has the same place each time."""
        now = self.facility.local(time.time())
        tree, facts = self.facility.file.tree, self._facts(asked)
        return place_of(tree, self.facility.sessions, facts, (asked.session, 1), now)

    def begin(self, planned: PlannedSession) -> None:
        """Make its place, begin it, and write it down: by its own identity, so again no harm."""
        asked, tree = planned.asked, self.facility.file.tree
        place = self._place(asked)
        if place.processing != planned.folder:  # it was planned on another day
            deep = len([part for part in tree.processing.split("/") if part])
            above = planned.folder.parents[deep - 1] if deep else planned.folder
            place = SessionPlace(above, above / tree.raw, planned.folder)
        group = group_name(tree, self._facts(asked), self.facility.local(time.time()))
        with contextlib.suppress(FileExistsError):
            make_place(tree, self.facility.sessions, place, group)
        planned = self._routed(planned, place)
        instrument = self._instrument(asked)
        cores = None if instrument is None else instrument.cores
        options = () if cores is None else ("--cores", str(cores))
        OwnSessions(self.facility.sessions, self.facility.loaded.settings).begin(planned, options)
        self._write_down(planned, place)

    def _routed(self, planned: PlannedSession, place: SessionPlace) -> PlannedSession:
        """With its movies where they are copied to. Where they come from is written down, once."""
        workflow = planned.workflow
        if workflow is None or has_begun(planned.folder):
            return planned
        step = movies_step(workflow, Registry())
        pattern = str(step.parameters.get(PATTERN, "")) if step else ""
        if not movies_pattern(pattern)[0]:
            return planned
        route = route_of(planned.folder)
        if route is None:
            route = self._decided(planned.asked, pattern, place.raw)
            lay_route(self.facility.file, planned.folder, route)
        taken, _ = routed(workflow, Registry(), route, pattern)
        steps = (
            one if one.within is None else replace(one, within=(*one.within, route.copy))
            for one in taken.steps
        )
        if route.copy:
            taken = replace(taken, steps=tuple(steps))
        return replace(planned, workflow=taken)

    def _decided(self, asked: StartSession, pattern: str, raw: Path) -> MovieRoute:
        """Where its movies come from.

        Raises
        ------
        NoSource
            If this machine cannot get there.
        """
        if asked.microscope is None:  # so that nothing has to be fetched
            return MovieRoute(source=movies_pattern(pattern)[0])
        wanted = WantedMovies(
            microscope=asked.microscope,
            pattern=pattern,
            named=asked.movies is not None,
            whose=self._facts(asked)["project"] or asked.who or "",
            began=time.time(),
        )
        return decided_route(self.facility, wanted, raw)

    def _write_down(self, planned: PlannedSession, place: SessionPlace) -> None:
        with closing(open_store(planned.folder, readonly=True)) as store:
            begun, workflow = queries.session(store), session_workflow(store)
        asked, instrument = planned.asked, self._instrument(planned.asked)
        facts, route = self._facts(asked), route_of(planned.folder)
        booked = self._booking(asked)
        card = Card(
            session=planned.name,
            key=begun.uid,
            place=str(place.folder),
            folder=str(planned.folder),
            movies=_taken_from(workflow),
            source=route.source if route is not None and route.copy else "",
            microscope=asked.microscope or "",
            detector="" if instrument is None else instrument.detector,
            project=facts["project"],
            team=facts["team"],
            operator=facts["operator"],
            booking=None if booked is None else (booked.source, booked.reference),
            workflow=begun.workflow,
            began=begun.created,
            by="a message",
            confidential=self.confidential("", facts["project"]),
        )
        write_card(card)
        number = keep_card(self.facility, card)
        with self.facility.registry.write() as connection:
            if session(connection, card.folder).state == "new":
                change_session(connection, number, state="running")

    def folder_of(self, name: str) -> Path | None:
        """The folder that the registry has of a session's name."""
        with self.facility.registry.read() as connection:
            try:
                return Path(session(connection, name).folder)
            except UnknownPlace:
                return None

    def confidential(self, folder: str, code: str = "") -> bool:
        """As the registry says now of the session, of its project, or of the one that is named."""
        with self.facility.registry.read() as connection:
            codes = [code]
            with contextlib.suppress(UnknownPlace):
                known = session(connection, folder) if folder else None
                if known is not None and known.confidential:
                    return True
                codes += [] if known is None else [known.project]
            found = (_project(connection, one) for one in codes)
            return any(one is not None and one.confidential for one in found)


def _names_of(one: KnownBooking) -> tuple[str, str]:
    return one.reference, f"{one.source}:{one.reference}"


def _project(connection: Connection, code: str) -> KnownProject | None:
    """A project by its code, in whatever letters it is written; None where there is none."""
    if not code:
        return None
    try:
        return project(connection, code)
    except UnknownProject:
        wanted = code.casefold()
        return next((one for one in projects(connection) if one.code.casefold() == wanted), None)


def _taken_from(workflow: Workflow) -> str:
    """Where a session's movies are taken from."""
    step = movies_step(workflow, Registry())
    return "" if step is None else str(step.parameters.get(PATTERN, ""))


def follow_all(facility: Facility, ledger: MessageLedger, since: float) -> None:
    """Tell of all sessions that the registry has and that began later, whoever began them."""
    with facility.registry.read() as connection:
        known = sessions(connection, begins=since, ends=time.time() + 86400.0)
    followed = ledger.following.folders()
    for one in known:
        if one.folder and one.folder not in followed and one.began >= since:
            ledger.following.follow(
                FollowedSession(folder=Path(one.folder), name=one.name, inbox_id=None)
            )
