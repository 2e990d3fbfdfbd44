"""Sessions that people begin, try before, let go on, and put away."""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from icestream.engine.graph.placeholders import without_placeholders
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow, placeholder_of
from icestream.engine.machine.lock import SessionBusy, holder
from icestream.formats.watch import is_session
from icestream.server.access import Operator, Person, Staff, may_see
from icestream.server.archive import archive, unarchive
from icestream.server.catalogue import Entry
from icestream.server.changes import AS_GIVEN, changed, placed
from icestream.server.context import Server, ThisServer
from icestream.server.errors import Problem, Refused, asked_values
from icestream.server.named_files import held_within, refuse_outside
from icestream.server.people.accounts import UnknownAccount
from icestream.server.people.gate import visitors_of
from icestream.server.places import Places, places_of
from icestream.server.routes.folders import check_movies
from icestream.server.routes.workflows import templates_of
from icestream.server.sessions import ThisSession
from icestream.server.trials import Trials, TrialSession
from icestream.starting.begin import (
    NotStarted,
    Started,
    begin,
    enter,
    go_on,
    prepared,
    wait_for_it,
)
from icestream.starting.checks import OccupiedFolder
from icestream.starting.filling import fill_in
from icestream.starting.folder import look
from icestream.starting.presets import UnknownMicroscope
from icestream.starting.trial import OPTIONS, for_one_exposure

__all__ = ["router"]

router = APIRouter(tags=["beginning"])

_WAIT = 30.0
"""Seconds in which a process should have begun its session."""


class AskedMovies(BaseModel):
    """Movies, and what is to be done with them."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    pattern: Annotated[str, Field(min_length=1)]
    """Folder of the movies, or a pattern such as /data/session/**/*_fractions.tiff."""
    workflow: str = "default"
    """Name of a workflow to begin with."""
    parameters: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """Values of parameters that are otherwise than in the workflow, by step."""
    fill: dict[str, JsonValue] = Field(default_factory=dict)
    """What the workflow leaves open, by the names of its blanks; what is not here comes from the
    movies' metadata, or is the blank's default."""
    without_placeholders: bool = False
    """Leave out the steps that hold the place of another program's protocol, as the workflow says
    what that changes."""
    as_given: bool = False
    """Take unusual values as they are, without a question."""


class AskedSession(AskedMovies):
    """A session that is to begin."""

    folder: str
    """Of the session; made when it is not there."""
    start: bool = True
    """Run it now; otherwise it can be started later."""


class AskedTrialExposure(AskedMovies):
    """One exposure that is to be processed to see whether the parameters are right."""

    movie: str | None = None
    """Path of the movie; the newest of the folder when not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunSession:
    """A session that was begun."""

    id: str
    folder: str
    running: bool
    """A process has it."""
    words: str
    """How it went, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunTrial:
    """A trial that was begun."""

    id: str
    movie: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialState:
    """How far a trial is."""

    state: Literal["running", "done", "failed"]
    words: str
    """Why it failed, or what its process said last."""
    session: str | None
    """Id of its session, whose results are asked for as of any other; None: not there yet."""
    exposure: str | None
    """Name of its exposure, once it was taken in."""
    seconds: float
    """Since it was begun."""


@router.post("/sessions", status_code=201)
def begin_session(asked: AskedSession, server: ThisServer, person: Operator) -> BegunSession:
    """Make a session and run it, in a process of its own that does not end with the server."""
    places = places_of(server)
    folder = places.new_session(asked.folder)
    if is_session(folder):
        raise Refused(409, f"there is a session in {folder} already", "start it, or name another")
    workflow = _prepared(asked, folder, server, places)
    if not asked.start:
        _made(folder)
        enter(folder, workflow, server.registry, url=_database(server))
        return _begun(server, person, folder, "it was made, and can be started")
    _made(folder)
    started = begin(folder, workflow, state=server.loaded.settings.state)
    return _awaited(server, person, started)


@router.post("/sessions/{id}/start", status_code=202)
def start_session(entry: ThisSession, server: ThisServer, person: Operator) -> BegunSession:
    """Let a session go on that nobody runs, where it was."""
    try:
        started = go_on(entry.folder, state=server.loaded.settings.state)
    except SessionBusy as error:
        raise Refused(409, str(error)) from None
    return _awaited(server, person, started)


@router.post("/sessions/{id}/archive", status_code=204)
def archive_session(entry: ThisSession, person: Staff) -> None:
    """Put a session away: it stays as it is, and is not in the list unless that is asked for."""
    archive(entry.folder, person.name)


@router.post("/sessions/{id}/unarchive", status_code=204)
def unarchive_session(entry: ThisSession, _: Staff) -> None:
    """Take a session out again."""
    unarchive(entry.folder)


@router.post("/trials", status_code=202)
def try_exposure(asked: AskedTrialExposure, server: ThisServer, _: Operator) -> BegunTrial:
    """Process one exposure with the parameters that a session would have, apart from all others."""
    places, trials = places_of(server), server.one(Trials, Trials)
    if trials.full:
        raise Refused(429, "other trials run", "wait until one of them is done")
    movie = _movie(asked, places)
    folder = trials.new_folder()
    whole = _prepared(asked, folder, server, places)
    workflow = for_one_exposure(whole, server.registry, movie)
    started = begin(folder, workflow, OPTIONS, state=server.loaded.settings.state)
    return BegunTrial(id=trials.add(TrialSession(folder, started)), movie=str(movie))


@router.get("/trials/{trial}")
def show_trial(trial: str, server: ThisServer, person: Operator) -> TrialState:
    """How far a trial is; its results are those of its session."""
    found = server.one(Trials, Trials).get(trial)
    if found is None:
        raise Refused(404, f"there is no trial {trial}", "begin another one")
    exposure, runs = found.exposure, found.runs
    entry = None if exposure is None else _entry_of(server, person, found.folder)
    failure = found.failure
    return TrialState(
        state="running" if runs else "failed" if failure else "done",
        words=failure,
        session=None if entry is None else entry.id,
        exposure=exposure,
        seconds=max(0.0, time.time() - found.began),
    )


def _prepared(asked: AskedMovies, folder: Path, server: Server, places: Places) -> Workflow:
    """The workflow that is asked for, with its parameters, pattern and presets, checked."""
    template = templates_of(server).read(asked.workflow)
    whole = _whole(asked, template.workflow, server)
    source = _source(whole, server)
    parameters: dict[str, dict[str, Any]] = {
        step: dict(values) for step, values in asked.parameters.items()
    }
    of_source = parameters.setdefault(source, {})
    check_movies(places, asked.pattern, of_source)
    of_source["pattern"] = asked.pattern
    refuse_outside(server, whole, parameters, session=folder)
    try:
        with asked_values():
            filled, _ = fill_in(
                whole, server.registry, asked.fill,
                pattern=asked.pattern, allowed=places.allows,
            )  # fmt: skip
        refuse_outside(server, filled, parameters, session=folder)
        workflow = held_within(server, changed(filled, server.registry, parameters))
        return prepared(
            workflow, folder, server.registry, server.loaded.settings, as_given=asked.as_given
        )
    except InvalidWorkflow as error:
        advice = None if asked.as_given else AS_GIVEN.replace("ask for it with ", "ask with ")
        said = "the session cannot begin like this"
        raise Refused(422, said, advice, placed(error.problems)) from None
    except OccupiedFolder as error:
        raise Refused(409, str(error)) from None
    except UnknownMicroscope as error:
        raise Refused(422, str(error)) from None


def _whole(asked: AskedMovies, workflow: Workflow, server: Server) -> Workflow:
    """The workflow, without placeholders where that is asked for; they are refused otherwise."""
    held = [(step.name, held) for step in workflow.steps if (held := placeholder_of(step))]
    if held and not asked.without_placeholders:
        raise Refused(
            422,
            "the workflow has steps of other programs, which no protocol here does",
            "leave them out (without_placeholders), put protocols in their place in the workflow, "
            "or have a plugin installed that has them and import the workflow again",
            [
                Problem(where=name, what=f"holds the place of {kind} of {program}")
                for name, (program, kind) in held
            ],
        )
    if not held:
        return workflow
    try:
        return without_placeholders(workflow, server.registry)[0]
    except InvalidWorkflow as error:
        said = "nothing that can run is left without the steps of other programs"
        raise Refused(422, said, "put protocols in their place", placed(error.problems)) from None


def _source(workflow: Workflow, server: Server) -> str:
    """The step that takes files by a pattern."""
    for step in workflow.steps:
        for protocol in server.registry.usable([step.protocol]):
            if protocol.brings and "pattern" in protocol.parameters_type().model_fields:
                return step.name
    raise Refused(422, f"workflow {workflow.name!r} has no step that takes files of a folder")


def _movie(asked: AskedTrialExposure, places: Places) -> Path:
    """The movie that is to be tried."""
    if asked.movie is not None:
        movie = Path(asked.movie)
        if not movie.is_absolute() or "\x00" in asked.movie or not places.allows(movie):
            raise Refused(403, f"{asked.movie} is not below a folder that may be shown")
        if not movie.is_file():
            raise Refused(404, f"{asked.movie} is no file")
        return movie.absolute()
    check_movies(places, asked.pattern, {})
    with asked_values():
        newest = look(asked.pattern, allowed=places.allows).newest
    if not newest:
        raise Refused(422, f"no movie was found with {asked.pattern}", "choose another folder")
    return Path(newest[0].path)


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(403, f"{folder} cannot be made: {error.strerror}") from None


def _awaited(server: Server, person: Person, started: Started) -> BegunSession:
    """What came of a process that was started."""
    try:
        has_begun = wait_for_it(started, _WAIT)
    except NotStarted as error:
        raise Refused(422, str(error), "see logs/started.log in the session's folder") from None
    words = "it runs" if has_begun else f"it has not begun after {_WAIT:g} s; it may take longer"
    return _begun(server, person, started.folder, words)


def _begun(server: Server, person: Person, folder: Path, words: str) -> BegunSession:
    entry = _entry_of(server, person, folder)
    return BegunSession(
        id="" if entry is None else entry.id,
        folder=str(folder),
        running=bool(holder(folder)),
        words=words,
    )


def _entry_of(server: Server, person: Person, folder: Path) -> Entry | None:
    """The session of a folder; whoever began it is one of its people."""
    entry = server.catalogue.at(folder)
    if entry is not None and not may_see(person, entry):
        with suppress(UnknownAccount):
            visitors_of(server).members.add(entry.key, person.name, person.name)
    return entry


def _database(server: Server) -> str | None:
    store = server.loaded.settings.store
    return None if store is None else store.get_secret_value()
