"""Beginning a session for somebody: its place, its card, its process, and what is known of it."""

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from icestream.engine.graph.workflow import (
    PATTERN,
    InvalidWorkflow,
    Workflow,
    load_workflow,
    save_workflow,
)
from icestream.engine.machine.naming import person_here
from icestream.facility.begin.card import Card, write_card
from icestream.facility.begin.kinds import Instrument
from icestream.facility.begin.names import group_name, place_of, session_name
from icestream.facility.begin.rebuild import keep_card
from icestream.facility.begin.route import (
    WantedMovies,
    decided_route,
    movies_of,
    routed,
    source_step,
)
from icestream.facility.begin.tree import SessionPlace, make_place, unmake_place
from icestream.facility.opened import Facility
from icestream.facility.registry.microscopes import UnknownInstrument
from icestream.facility.registry.people import code_of, projects
from icestream.facility.registry.sessions import change_session, count_sessions, sessions
from icestream.facility.transfer.session import MovieRoute, lay_route
from icestream.protocol import Registry
from icestream.starting.begin import (
    WORKFLOW,
    NotStarted,
    enter,
    launch,
    prepared,
    wait_for_it,
)
from icestream.starting.filling import fill_in
from icestream.store import queries
from icestream.store.open import open_store

__all__ = ["Begun", "NoMovies", "WantedSession", "begin_session", "workflow_named"]

_TRIED = 1000
"""Numbers that are tried until a place is free."""
_WAIT = 30.0
"""Seconds in which the process should have begun."""


class NoMovies(LookupError):
    """It is not known where a session's movies are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSession:
    """A session that somebody wants; what is left out is what the facility file says."""

    microscope: str
    project: str = ""
    """Code; empty where it belongs to none."""
    operator: str = ""
    """Login of the one whom it is for."""
    sample: str = ""
    workflow: str = ""
    """Name of a workflow that is shipped or saved, or a file; that of the microscope when empty."""
    movies: str = ""
    """Folder of its movies, or a pattern; the whole folder of the microscope when empty."""
    booking: tuple[str, str] | None = None
    """Source and reference of the booking that it is for."""
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Values of parameters that are otherwise than in the workflow, by step."""
    fill: Mapping[str, Any] = field(default_factory=dict)
    """What the workflow leaves open, by the names of its blanks."""
    confidential: bool | None = None
    """As its project is when not given; a confidential project's sessions are all so."""
    note: str = ""
    start: bool = True
    """Run it now."""
    all_movies: bool = False
    """Of a folder that all sessions share, take what was written before this one, too."""
    as_given: bool = False
    """Take unusual values as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A session that was begun."""

    card: Card
    number: int
    """In the registry."""
    running: bool
    """A process has it."""
    said: tuple[str, ...] = ()
    """What was filled in unasked, in sentences."""


def workflow_named(name: str, state: Path) -> Workflow:
    """A workflow by its name, of those saved in the browser or shipped, or by its file.

    Raises
    ------
    LookupError, InvalidWorkflow
        If there is none, or it cannot be read.
    """
    saved = state / "workflows" / f"{name}.json"
    return load_workflow(saved if "/" not in name and saved.is_file() else name)


def _as_it_is(workflow: Workflow) -> Workflow:
    return workflow


def begin_session(
    facility: Facility,
    protocols: Registry,
    wanted: WantedSession,
    *,
    by: str = "",
    held: Callable[[Workflow], Workflow] = _as_it_is,
) -> Begun:
    """Make a session's place, write its card, run it, and write it down.

    What is wanted is checked whole before anything is made. The session does not depend on the
    registry, nor on this process, from then on.

    Parameters
    ----------
    protocols
        Where protocols are found.
    by
        Who begins it; the user of this process when empty.
    held
        Makes of its workflow one that reads where people may look.

    Raises
    ------
    UnknownInstrument, NoMovies, NoSource, InvalidWorkflow, LookupError
        If what is wanted cannot be.
    CannotMake
        If its place cannot.
    NotStarted
        If its process ended before the session began.
    """
    began = time.time()
    instrument = _instrument(facility, wanted.microscope)
    with facility.registry.read() as connection:
        wanted = replace(wanted, project=code_of(connection, wanted.project))
    facts = _facts(facility, wanted)
    named = Path(wanted.workflow or instrument.workflow)
    workflow = workflow_named(str(named), facility.loaded.settings.state)
    pattern = _pattern(facility, wanted, instrument)
    workflow = _with_values(workflow, protocols, wanted, facility, pattern)
    filled, said = fill_in(workflow, protocols, wanted.fill, pattern=pattern)
    settings = facility.loaded.settings
    nowhere = facility.sessions / f".{uuid.uuid4().hex}"  # its own folder is not there yet
    whole = prepared(held(filled), nowhere, protocols, settings, as_given=wanted.as_given)
    movies = WantedMovies(
        microscope=wanted.microscope,
        pattern=pattern,
        named=bool(wanted.movies),
        whose=wanted.project or wanted.operator,
        began=began,
        everything=wanted.all_movies,
    )
    route = decided_route(facility, movies, nowhere)
    place, session, made = _made(facility, facts, began)
    try:
        plan = _Plan(wanted, instrument, facts, workflow.name, pattern, whole, route, began, by)
        card, whole = _entered(facility, protocols, plan, place, session)
        number = keep_card(facility, card)
    except BaseException:
        unmake_place(place, made)
        raise
    running = False
    if wanted.start:
        try:
            running = _started(facility, instrument, place, whole)
        except NotStarted as error:
            _set(facility, number, state="failed", reason=str(error))
            raise
        _set(facility, number, state="running")
    told = (*said, *_left(facility, route))
    return Begun(card=card, number=number, running=running, said=told)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a session will be, all of it checked."""

    wanted: WantedSession
    instrument: Instrument
    facts: Mapping[str, str]
    workflow: str
    """Its name."""
    pattern: str
    """Where its movies come from."""
    whole: Workflow
    route: MovieRoute
    began: float
    by: str


def _entered(
    facility: Facility, protocols: Registry, plan: _Plan, place: SessionPlace, session: str
) -> tuple[Card, Workflow]:
    """Write a session down in its place: its store, the way of its movies, its card."""
    wanted, route = plan.wanted, plan.route
    if route.copy:
        route = replace(route, copy=str(place.raw))
    lay_route(facility.file, place.processing, route)
    whole, pattern = routed(plan.whole, protocols, route, plan.pattern)
    store = facility.loaded.settings.store
    url = None if store is None else store.get_secret_value()
    enter(place.processing, whole, protocols, url=url)
    card = Card(
        session=session,
        key=_key(place.processing),
        place=str(place.folder),
        folder=str(place.processing),
        movies=pattern,
        source=route.source if route.copy else "",
        microscope=wanted.microscope,
        detector=plan.instrument.detector,
        project=wanted.project,
        team=plan.facts["team"],
        operator=wanted.operator,
        booking=wanted.booking,
        sample=wanted.sample,
        workflow=plan.workflow,
        began=plan.began,
        by=plan.by or person_here(),
        confidential=_is_confidential(facility, wanted),
        note=wanted.note,
    )
    write_card(card)
    return card, whole


def _left(facility: Facility, route: MovieRoute) -> Iterator[str]:
    """That movies of before are left, in a sentence."""
    if route.since:
        since = facility.local(route.since)
        yield (
            f"what was written into {route.source} before {since:%Y-%m-%d %H:%M} is left, as of "
            "sessions before: ask for all movies (--all) to take it as well"
        )


def _set(facility: Facility, number: int, **values: Any) -> None:
    with facility.registry.write() as connection:
        change_session(connection, number, **values)


def _instrument(facility: Facility, name: str) -> Instrument:
    known = facility.file.microscopes
    if name not in known:
        there = ", ".join(known) or "none"
        raise UnknownInstrument(
            f"the facility file has no microscope {name!r}; it has {there} ({facility.path})"
        )
    return known[name]


def _facts(facility: Facility, wanted: WantedSession) -> dict[str, str]:
    with facility.registry.read() as connection:
        known = {one.code: one for one in projects(connection)}
    project = known.get(wanted.project)
    return {
        "microscope": wanted.microscope,
        "project": wanted.project,
        "team": "" if project is None else project.team,
        "operator": wanted.operator,
    }


def _is_confidential(facility: Facility, wanted: WantedSession) -> bool:
    with facility.registry.read() as connection:
        known = {one.code: one.confidential for one in projects(connection)}
    return known.get(wanted.project, False) or bool(wanted.confidential)


def _pattern(facility: Facility, wanted: WantedSession, instrument: Instrument) -> str:
    """Where its movies are, as `movies.import` is told."""
    given = wanted.movies or movies_of(facility, wanted.microscope)
    if not given:
        raise NoMovies(
            f"it is not known where the movies of {wanted.microscope} are: name their folder, or "
            f"write microscopes.{wanted.microscope}.movies into the facility file"
        )
    if any(sign in given for sign in "*?[") and not os.path.isdir(given):  # noqa: PTH112 - never raises
        return given
    folder = given.rstrip("/") or "/"
    return f"{folder}/{instrument.pattern}" if instrument.pattern else folder


def _with_values(
    workflow: Workflow, protocols: Registry, wanted: WantedSession, facility: Facility, pattern: str
) -> Workflow:
    """The workflow with what the facility knows of its source, and what somebody gave."""
    name, fields = source_step(workflow, protocols)
    own: dict[str, Any] = {PATTERN: pattern}
    if "watch" in fields:
        own["watch"] = True
    if "microscope" in fields and wanted.microscope in facility.loaded.settings.microscopes:
        own["microscope"] = wanted.microscope
    workflow = workflow.changed(name, own)
    known = [step.name for step in workflow.steps]
    for step, values in wanted.parameters.items():
        if step not in known:
            said = f"there is no step {step!r}; there are {', '.join(known)}"
            raise InvalidWorkflow(workflow.name, [said])
        workflow = workflow.changed(step, dict(values))
    return workflow


def _made(
    facility: Facility, facts: Mapping[str, str], began: float
) -> tuple[SessionPlace, str, tuple[Path, ...]]:
    """A place that nobody else has, the session's name, and what was made."""
    tree, now = facility.file.tree, facility.local(began)
    with facility.registry.read() as connection:
        number = 1 + count_sessions(connection, facts["project"])
        taken = {known.name for known in sessions(connection)}
    for one in range(number, number + _TRIED):
        name = session_name(tree, facts, one, now)
        place = place_of(tree, facility.sessions, facts, (name, one), now)
        if name in taken:
            continue
        try:
            made = make_place(tree, facility.sessions, place, group_name(tree, facts, now))
        except FileExistsError:
            continue
        return place, name, made
    raise FileExistsError(
        f"{place.folder} and {_TRIED - 1} before it are there already: is {{number}} in the "
        "templates of [tree]?"
    )


def _key(folder: Path) -> str:
    with closing(open_store(folder, readonly=True)) as store:
        return queries.session(store).uid


def _started(
    facility: Facility, instrument: Instrument, place: SessionPlace, workflow: Workflow
) -> bool:
    """Whether its process has it by now."""
    logs = place.processing / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    save_workflow(workflow, logs / WORKFLOW)
    words = ["run", str(logs / WORKFLOW), "--session", str(place.processing), "--as-given"]
    if instrument.cores is not None:
        words += ["--cores", str(instrument.cores)]
    started = launch(place.processing, words, state=facility.loaded.settings.state)
    return wait_for_it(started, _WAIT)
