"""What somebody asks for in the browser, as the session that the facility is to begin."""

import time
from dataclasses import replace
from pathlib import Path

from icestream.engine.graph.document import uses
from icestream.engine.graph.workflow import Workflow
from icestream.facility.begin.begin import WantedSession, workflow_named
from icestream.facility.bookings.offer import offer
from icestream.facility.opened import Facility
from icestream.facility.registry.bookings import bookings
from icestream.facility.registry.people import projects
from icestream.facility.registry.records import KnownBooking
from icestream.server.context import Server
from icestream.server.errors import Problem, Refused
from icestream.server.named_files import refuse_outside
from icestream.server.places import Places, places_of
from icestream.server.routes.folders import check_movies
from icestream.server.templates import Templates

__all__ = ["checked", "held_in", "refused", "with_booking"]

_AROUND = 7 * 86400.0
"""Seconds around now in which a booking lies that a session is begun for."""


def refused(where: str, what: str) -> Refused:
    """An answer to a value that cannot be."""
    said = "the session cannot begin like this"
    return Refused(422, said, None, [Problem(where=where, what=what)])


def with_booking(facility: Facility, wanted: WantedSession, number: int | None) -> WantedSession:
    """What is wanted, with what its booking says, and the project's code as it is known.

    Parameters
    ----------
    number
        Of the booking in the registry; None where it is for none.

    Raises
    ------
    Refused
        If the microscope has no such booking now.
    """
    if wanted.microscope not in facility.file.microscopes:
        known = ", ".join(facility.file.microscopes) or "none"
        what = f"the facility file has no microscope {wanted.microscope!r}; it has {known}"
        raise refused("microscope", what)
    if number is not None:
        booking = _booking(facility, wanted.microscope, number)
        wanted = replace(
            wanted,
            booking=(booking.source, booking.reference),
            project=wanted.project or booking.project,
            operator=wanted.operator or booking.who,
        )
    with facility.registry.read() as connection:
        codes = {one.code.casefold(): one.code for one in projects(connection)}
    return replace(wanted, project=codes.get(wanted.project.casefold(), wanted.project))


def checked(server: Server, facility: Facility, wanted: WantedSession) -> WantedSession:
    """What is wanted, which names no files but those that people here may see.

    The folders into which microscopes write may be named, too, and the workflows that the facility
    file names.

    Raises
    ------
    Refused
        If it names others.
    """
    if wanted.movies:
        check_movies(_places(server, facility), wanted.movies, {})
    instrument = facility.file.microscopes[wanted.microscope]
    if wanted.workflow in ("", instrument.workflow):
        return wanted
    templates = Templates(server.loaded.settings.state / "workflows")
    if wanted.workflow not in dict(templates.names()):
        raise refused(
            "workflow", f"there is no workflow {wanted.workflow!r}: choose one of the list"
        )
    workflow = templates.read(wanted.workflow).workflow
    refuse_outside(server, workflow, session=facility.sessions)
    return wanted


def held_in(
    server: Server, facility: Facility, workflow: Workflow, wanted: WantedSession
) -> Workflow:
    """A workflow whose steps read below the folders that may be shown, and the microscopes'.

    Parameters
    ----------
    workflow
        With its blanks filled in.
    wanted
        What was asked for: the values for blanks may name files in these folders alone.

    Raises
    ------
    Refused
        If one names another.
    """
    places = _places(server, facility)
    _refuse_filled(server, facility, places, workflow, wanted)
    within = tuple(map(str, places.roots))
    return replace(workflow, steps=tuple(replace(step, within=within) for step in workflow.steps))


def _refuse_filled(
    server: Server, facility: Facility, places: Places, workflow: Workflow, wanted: WantedSession
) -> None:
    """Refuse files that values for blanks name; those of the workflow itself were looked at."""
    name = wanted.workflow or facility.file.microscopes[wanted.microscope].workflow
    open_ = workflow_named(name, facility.loaded.settings.state)
    filled = {step.name: step for step in workflow.steps}
    given = []
    for step in open_.steps:
        values = filled[step.name].parameters
        named = [one for one, value in step.parameters.items() if {*uses(value)} & {*wanted.fill}]
        own = {one: values[one] for one in named if one in values}
        given.append(replace(step, parameters=own))
    refuse_outside(
        server, replace(workflow, steps=tuple(given)), session=facility.sessions, places=places
    )


def _booking(facility: Facility, microscope: str, number: int) -> KnownBooking:
    offered = [one.booking for one in offer(facility, microscope).choices]
    now = time.time()
    with facility.registry.read() as connection:
        near = bookings(connection, begins=now - _AROUND, ends=now + _AROUND, microscope=microscope)
    for one in (*offered, *near):
        if one.id == number and one.kind == "booked":
            return one
    what = f"{microscope} has no such booking any more: it was cancelled or moved"
    raise refused("booking", what)


def _places(server: Server, facility: Facility) -> Places:
    """Where people may look, and where microscopes write."""
    known = places_of(server)
    more = [one.movies for one in facility.file.microscopes.values() if one.movies is not None]
    more.append(facility.sessions)
    roots = dict.fromkeys((*known.roots, *(Path(one).resolve() for one in more)))
    return Places(tuple(roots), known.sessions)
