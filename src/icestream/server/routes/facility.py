"""The facility of this machine: who has booked what, sessions begun for people, how it goes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from icestream.engine.graph.workflow import InvalidWorkflow
from icestream.engine.machine.lock import holder
from icestream.engine.requests.at_rest import ask
from icestream.engine.requests.models import Stop
from icestream.facility.begin.begin import Begun, NoMovies, WantedSession, begin_session
from icestream.facility.begin.movies import newest_folders, taken_folders
from icestream.facility.begin.tree import CannotMake
from icestream.facility.bookings.offer import offer
from icestream.facility.check import check_facility
from icestream.facility.duties.standing import duty_standings
from icestream.facility.file import facility_file
from icestream.facility.kinds import Flaw
from icestream.facility.opened import Facility
from icestream.facility.registry.bookings import bookings
from icestream.facility.registry.people import projects
from icestream.facility.registry.records import KnownSession, PlaceState
from icestream.facility.registry.sessions import UnknownPlace, change_session, session
from icestream.facility.transfer.session import NoSource
from icestream.login.identity import account_name
from icestream.server.access import Operator, Person, Staff, Viewer, may_see
from icestream.server.changes import AS_GIVEN, placed
from icestream.server.context import Server, ThisServer
from icestream.server.errors import Refused
from icestream.server.facility import facility_of
from icestream.server.facility_seeing import Seen
from icestream.server.facility_shown import (
    BegunPlace,
    CheckedFacility,
    FacilityMicroscope,
    NewMovies,
    PlacedSession,
    PlacedSessionPage,
    ShownBooking,
    ShownDuty,
    ShownOffer,
    ShownProject,
    placed_session,
    shown_booking,
    shown_offer,
)
from icestream.server.facility_wanted import checked, held_in, refused, with_booking
from icestream.server.people.accounts import UnknownAccount
from icestream.server.people.gate import visitors_of
from icestream.starting.begin import NotStarted
from icestream.starting.presets import UnknownMicroscope

__all__ = ["router"]

router = APIRouter(prefix="/facility", tags=["facility"])

_DAY = 86400.0
_ADVICE = (
    "icestream facility example writes a file to begin with, and icestream facility check says "
    "what is wrong with it"
)


def _facility(server: ThisServer) -> Facility:
    here = facility_of(server)
    facility = here.now()
    if facility is not None:
        return replace(facility, loaded=server.loaded)
    if here.problem:
        raise Refused(409, here.problem, _ADVICE)
    path = facility_file()
    raise Refused(404, f"this machine has no facility: {path} is not there", _ADVICE)


ThisFacility = Annotated[Facility, Depends(_facility)]
"""A parameter of a route: the facility of the server's machine."""


class AskedPlace(BaseModel):
    """A session that is to begin for somebody."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    microscope: str
    """Its name in the facility file."""
    booking: int | None = None
    """Number of the booking that it is for; its project and its owner are taken where none are
    given."""
    project: Annotated[str, Field(max_length=200)] = ""
    """Code of the project."""
    operator: Annotated[str, Field(max_length=200)] = ""
    """Login of the one whom it is for."""
    sample: Annotated[str, Field(max_length=500)] = ""
    """What is looked at."""
    movies: str = ""
    """Folder of the movies, or a pattern; all that the microscope writes when not given."""
    workflow: str = ""
    """Name of a workflow; that of the microscope when not given."""
    fill: dict[str, JsonValue] = Field(default_factory=dict)
    """What the workflow leaves open, by the names of its blanks; what is not here comes from the
    movies' metadata, or is the blank's default."""
    confidential: bool = False
    """Only the people of its project may know of it."""
    note: Annotated[str, Field(max_length=5000)] = ""
    start: bool = True
    """Run it now; otherwise it can be started later."""
    all_movies: bool = False
    """Of a folder that all sessions share, take what was written before this one, too."""
    as_given: bool = False
    """Take unusual values as they are, without a question."""


@dataclass(frozen=True, slots=True)
class _AskedPlaces:
    """Which sessions are asked for."""

    microscope: Annotated[str | None, Query(description="Of that one only.")] = None
    project: Annotated[str | None, Query(description="Code; of that one only.")] = None
    state: Annotated[PlaceState | None, Query(description="In that state only.")] = None
    text: Annotated[
        str, Query(max_length=200, description="In its name, project, operator or sample.")
    ] = ""
    offset: Annotated[int, Query(ge=0, description="Sessions to pass over.")] = 0
    limit: Annotated[int, Query(ge=1, le=500, description="The most that are listed.")] = 100


class AskedEnd(BaseModel):
    """Why a session is to end."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    why: Annotated[str, Field(max_length=5000)] = ""
    """Kept with who asked and the time."""


@router.get("/microscopes")
def list_facility_microscopes(person: Operator, facility: ThisFacility) -> list[FacilityMicroscope]:
    """The facility's microscopes: who has each now, and what runs there."""
    seen = Seen.by(person, facility)
    hidden = seen.hidden(facility)
    running = seen.sessions(facility, state="running")
    return [
        FacilityMicroscope(
            name=name,
            title=one.title or name,
            model=one.model,
            detector=one.detector,
            movies=None if one.movies is None else str(one.movies),
            workflow=one.workflow,
            running=tuple(own.name for own in running if own.microscope == name),
            offer=_offer(facility, seen, name, hidden),
        )
        for name, one in facility.file.microscopes.items()
    ]


@router.get("/microscopes/{name}/offer")
def show_offer(name: str, person: Operator, facility: ThisFacility) -> ShownOffer:
    """Who has booked a microscope now, and what is unsure about it."""
    seen = Seen.by(person, facility)
    return _offer(facility, seen, name, seen.hidden(facility))


@router.get("/microscopes/{name}/movies")
def list_new_movies(name: str, _: Operator, facility: ThisFacility) -> list[NewMovies]:
    """The folders of movies that a microscope has written into, the newest first."""
    if name not in facility.file.microscopes:
        known = ", ".join(facility.file.microscopes) or "none"
        raise Refused(404, f"the facility file has no microscope {name!r}; it has {known}")
    folder = facility.file.microscopes[name].movies
    taken = taken_folders(facility, name)
    found = () if folder is None else newest_folders(folder, taken=taken)
    return [NewMovies(path=str(one.path), changed=one.changed) for one in found]


@router.get("/projects")
def list_facility_projects(person: Operator, facility: ThisFacility) -> list[ShownProject]:
    """Projects that who asks may know of."""
    seen = Seen.by(person, facility)
    with facility.registry.read() as connection:
        found = projects(connection)
    return [
        ShownProject(code=one.code, title=one.title, state=one.state)
        for one in found
        if seen.project(one)
    ]


@router.post("/sessions", status_code=201)
def begin_for_somebody(
    asked: AskedPlace, person: Operator, facility: ThisFacility, server: ThisServer
) -> BegunPlace:
    """Make a session's place, run it, and write down whose it is.

    Who begins it and who has booked are of its people, where they have accounts.
    """
    given = asked.model_dump(exclude={"booking", "confidential"})
    wanted = WantedSession(**given, confidential=asked.confidential or None)
    wanted = checked(server, facility, with_booking(facility, wanted, asked.booking))
    with _refusing(asked):
        begun = begin_session(
            facility,
            server.registry,
            wanted,
            by=person.name,
            held=lambda workflow: held_in(server, facility, workflow, wanted),
        )
    return _begun(server, facility, person, begun)


@router.get("/sessions")
def list_placed_sessions(
    person: Viewer,
    facility: ThisFacility,
    server: ThisServer,
    asked: Annotated[_AskedPlaces, Depends()],
) -> PlacedSessionPage:
    """A page of the sessions that were begun for people, the newest first.

    They are those that who asks may know of.
    """
    seen = Seen.by(person, facility)
    every = seen.sessions(
        facility, microscope=asked.microscope, project=asked.project, state=asked.state
    )
    found = [one for one in every if asked.text.casefold() in _said_of(one).casefold()]
    shown = _ids(server, person)
    page = found[asked.offset : asked.offset + asked.limit]
    rows = tuple(placed_session(one, shown) for one in page)
    return PlacedSessionPage(matching=len(found), offset=asked.offset, rows=rows)


def _said_of(one: KnownSession) -> str:
    return "\n".join((one.name, one.project, one.operator, one.sample))


@router.post("/sessions/{key}/end")
def end_placed_session(
    key: str, asked: AskedEnd, person: Operator, facility: ThisFacility, server: ThisServer
) -> PlacedSession:
    """End a session: nothing new is taken, and what has begun is finished."""
    one = _known(facility, person, key)
    folder = Path(one.folder)
    if holder(folder):
        ask(folder, Stop(why=asked.why, who=person.name), server.registry)
    elif one.state in ("new", "running"):
        with facility.registry.write() as connection:
            change_session(connection, one.id, state="stopped", ended=one.ended or time.time())
    return placed_session(_known(facility, person, key), _ids(server, person))


@router.get("/bookings")
def list_facility_bookings(
    person: Staff,
    facility: ThisFacility,
    days: Annotated[float, Query(gt=0, le=60, description="How far ahead.")] = 7.0,
) -> list[ShownBooking]:
    """Bookings of all microscopes from now on, the earliest first."""
    seen, now = Seen.by(person, facility), time.time()
    with facility.registry.read() as connection:
        found = bookings(connection, begins=now, ends=now + days * _DAY)
    known = facility.file.microscopes
    return [shown_booking(seen.shown(one)) for one in found if one.microscope in known]


@router.get("/duties")
def list_duties(person: Staff, facility: ThisFacility) -> list[ShownDuty]:
    """What the facility does over and over, what fails of it, and since when."""
    told = Seen.by(person, facility).unsaid(facility)
    return [
        ShownDuty(
            name=one.duty.name,
            what=one.duty.what,
            every=one.duty.every,
            began=one.state.began,
            ended=one.state.ended,
            said=told(one.state.said),
            failing_since=one.state.failing_since,
            problem=told(one.state.problem),
            standing=one.standing,
            trouble=told(one.trouble),
        )
        for one in duty_standings(facility)
    ]


@router.get("/check")
def check_facility_file(_: Staff, facility: ThisFacility, server: ThisServer) -> CheckedFacility:
    """What is wrong with the facility file, and with the folders and services that it names."""
    flaws, path = check_facility(facility.path, server.loaded.settings)
    if not any(facility.sessions.resolve().is_relative_to(root) for root in server.roots):
        flaws = [*flaws, Flaw("facility.sessions", _not_shown(facility), stops=False)]
    return CheckedFacility(path=path, flaws=tuple(flaws))


def _not_shown(facility: Facility) -> str:
    folder = facility.sessions
    return f"this server does not show {folder}: start it with icestream serve {folder}"


def _offer(facility: Facility, seen: Seen, name: str, hidden: list[str]) -> ShownOffer:
    zone = facility.file.facility.time_zone
    return shown_offer(seen.offer(offer(facility, name), hidden), zone)


@contextmanager
def _refusing(asked: AskedPlace) -> Iterator[None]:
    """What cannot be begun is refused, each value with what is wrong with it."""
    try:
        yield
    except InvalidWorkflow as error:
        advice = None if asked.as_given else AS_GIVEN.replace("ask for it with ", "ask with ")
        said = "the session cannot begin like this"
        raise Refused(422, said, advice, placed(error.problems)) from None
    except (NoMovies, NoSource) as error:
        raise refused("movies", str(error)) from None
    except (UnknownMicroscope, NotStarted) as error:
        raise Refused(422, str(error)) from None
    except (CannotMake, FileExistsError) as error:
        raise Refused(409, str(error)) from None
    except LookupError as error:
        if isinstance(error, KeyError | IndexError):
            raise
        raise refused("workflow", str(error)) from None


def _begun(server: Server, facility: Facility, person: Person, begun: Begun) -> BegunPlace:
    entry = server.catalogue.at(Path(begun.card.folder))
    if entry is not None:
        for one in (person.name, account_name(begun.card.operator)):
            with suppress(UnknownAccount):
                if one:
                    visitors_of(server).members.add(entry.key, one, person.name)
    with facility.registry.read() as connection:
        known = session(connection, begun.card.key)
    shown = {} if entry is None else {Path(known.folder): entry.id}
    advice = "" if entry is not None else _not_shown(facility)
    return BegunPlace(
        session=placed_session(known, shown),
        running=begun.running,
        movies=begun.card.movies,
        said=begun.said,
        advice=advice,
    )


def _known(facility: Facility, person: Person, key: str) -> KnownSession:
    """A session by its key; one that who asks may not know of is as if it were not there."""
    try:
        with facility.registry.read() as connection:
            one = session(connection, key)
    except UnknownPlace:
        one = None
    if one is None or one.key != key or not person.sees(one.key):
        raise Refused(404, f"the registry has no session {key!r} that you may see")
    return one


def _ids(server: Server, person: Person) -> dict[Path, str]:
    """By which this server shows the sessions of folders."""
    entries = server.catalogue.entries()
    return {one.folder: one.id for one in entries if may_see(person, one)}
