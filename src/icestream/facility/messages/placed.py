"""Sessions of messages in a facility: in its tree, with their cards, and in its registry."""

import contextlib
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from icestream.alike import meant
from icestream.facility.begin.card import Card, write_card
from icestream.facility.begin.kinds import Instrument
from icestream.facility.begin.names import group_name, place_of
from icestream.facility.begin.rebuild import keep_card
from icestream.facility.begin.tree import SessionPlace, make_place
from icestream.facility.messages.documents import StartSession, UnreadableRequest
from icestream.facility.messages.following import FollowedSession
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.messages.sessions import OwnSessions, PlannedSession
from icestream.facility.opened import Facility
from icestream.facility.registry.people import UnknownProject, project
from icestream.facility.registry.sessions import (
    UnknownPlace,
    change_session,
    session,
    sessions,
)
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
        told = asked
        if instrument is not None:
            if asked.movies is None and instrument.movies is not None:
                movies = str(instrument.movies / instrument.pattern)
                told = told.model_copy(update={"movies": movies})
            if asked.microscope not in self.facility.loaded.settings.microscopes:
                told = told.model_copy(update={"microscope": None})  # it has no preset
        own = OwnSessions(
            self.facility.sessions,
            self.facility.loaded.settings,
            workflows=self.section.workflows,
            within=self.section.within,
        )
        folder = self._place(asked).processing
        return replace(own.plan(told, ours=ours, folder=folder), asked=asked)

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

    def _facts(self, asked: StartSession) -> dict[str, str]:
        team = ""
        with contextlib.suppress(UnknownProject), self.facility.registry.read() as connection:
            team = project(connection, asked.project or "").team
        return {
            "microscope": asked.microscope or "",
            "project": asked.project or "",
            "team": team,
            "operator": asked.who or "",
        }

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
        instrument = self._instrument(asked)
        cores = None if instrument is None else instrument.cores
        options = () if cores is None else ("--cores", str(cores))
        OwnSessions(self.facility.sessions, self.facility.loaded.settings).begin(planned, options)
        self._write_down(planned, place)

    def _write_down(self, planned: PlannedSession, place: SessionPlace) -> None:
        with closing(open_store(planned.folder, readonly=True)) as store:
            begun = queries.session(store)
        asked, instrument = planned.asked, self._instrument(planned.asked)
        booking = tuple((asked.booking or "").split(":", 1))
        card = Card(
            session=planned.name,
            key=begun.uid,
            place=str(place.folder),
            folder=str(planned.folder),
            movies=asked.movies or "",
            microscope=asked.microscope or "",
            detector="" if instrument is None else instrument.detector,
            project=asked.project or "",
            team=self._facts(asked)["team"],
            operator=asked.who or "",
            booking=(booking[0], booking[1]) if len(booking) == 2 else None,
            workflow=begun.workflow,
            began=begun.created,
            by="a message",
            confidential=self.confidential("", asked.project or ""),
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
        """As the registry says of the session, or of its project."""
        with self.facility.registry.read() as connection:
            if code:
                try:
                    return project(connection, code).confidential
                except UnknownProject:
                    return False
            try:
                return bool(folder) and session(connection, folder).confidential
            except UnknownPlace:
                return False


def follow_all(facility: Facility, ledger: MessageLedger, since: float) -> None:
    """Tell of all sessions that the registry has and that began later, whoever began them."""
    with facility.registry.read() as connection:
        known = sessions(connection, begins=since, ends=time.time() + 86400.0)
    for one in known:
        if one.folder and one.began >= since:
            ledger.following.follow(
                FollowedSession(folder=Path(one.folder), name=one.name, inbox_id=None)
            )
