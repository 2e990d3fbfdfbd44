"""`icestream facility bookings` and `projects`: what was read, where from, and how old it is."""

import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from icestream.cli.terminal import print_json, print_table
from icestream.facility.asking import SourceError
from icestream.facility.bookings.clock import shown_time
from icestream.facility.bookings.offer import BookingOffer, offer, shown_span
from icestream.facility.bookings.reading import read_bookings, source_name
from icestream.facility.opened import Facility, open_facility
from icestream.facility.projects.reading import projects_name, read_projects
from icestream.facility.registry import bookings as rows
from icestream.facility.registry import people
from icestream.facility.registry.records import KnownBooking, KnownProject, KnownSource
from icestream.shown import printable

__all__ = ["bookings", "projects"]

_DAY = 86400.0


def bookings(
    *,
    microscope: str | None = None,
    days: Annotated[float, Parameter(validator=Number(gt=0, lte=800))] = 7.0,
    cancelled: Annotated[bool, Parameter(negative="")] = False,
    refresh: Annotated[bool, Parameter(negative="")] = False,
    believe_empty: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say who has booked the microscopes, from when to when, and how old that is.

    The bookings are those that were read last, by the duty of that name (icestream facility run) or
    with --refresh: they are there while the booking system is not. The exit status is 1 where it
    was asked and did not tell.

    Parameters
    ----------
    microscope
        Name of a microscope; says also whose time it is now, and what is unsure about that.
    days
        How far ahead.
    cancelled
        Show also what was cancelled.
    refresh
        Ask the booking system first.
    believe_empty
        Believe that a microscope has no booking although many were known: they are cancelled then.
    json
        For programs.
    """
    with open_facility() as facility:
        section = facility.file.bookings
        name = "" if section is None else source_name(section)
        failed = False
        if refresh or believe_empty:
            try:
                print(read_bookings(facility, believe_empty=believe_empty), file=sys.stderr)
            except SourceError as error:
                failed = True
                print(f"not read: {printable(str(error))}", file=sys.stderr)
        now = time.time()
        whose = None if microscope is None else offer(facility, microscope, now)
        with facility.registry.read() as connection:
            found = rows.bookings(
                connection,
                begins=now,
                ends=now + days * _DAY,
                microscope=microscope,
                cancelled=cancelled,
            )
            source = rows.source(connection, name)
        if json:
            whole = {"source": asdict(source), "bookings": [asdict(one) for one in found]}
            print_json(whole if whose is None else {**whole, "now": asdict(whose)})
            return int(failed)
        if whose is not None:
            print("\n".join(_whose(whose)))
        heads = ("microscope", "begins", "ends", "who", "title", "project", "what", "from", "seen")
        print_table(heads, [_line(facility, one, now) for one in found])
        print(_read(source, now) if name else "there is no [bookings] in the facility file")
    return int(failed)


def projects(
    *,
    refresh: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say what projects there are, whose they are, and whether there can be sessions for them.

    The exit status is 1 where the list of projects was asked for and not told.

    Parameters
    ----------
    refresh
        Ask the portal, or read the table, first.
    json
        For programs.
    """
    with open_facility() as facility:
        section = facility.file.projects
        name = "" if section is None else projects_name(section)
        failed = False
        if refresh:
            try:
                print(read_projects(facility), file=sys.stderr)
            except SourceError as error:
                failed = True
                print(f"not read: {printable(str(error))}", file=sys.stderr)
        with facility.registry.read() as connection:
            found = people.projects(connection)
            named = {one.name: one.title or one.name for one in people.people(connection)}
            source = rows.source(connection, name)
        if json:
            print_json({"source": asdict(source), "projects": [asdict(one) for one in found]})
            return int(failed)
        heads = ("project", "state", "title", "principal investigator", "team", "people", "from")
        print_table(heads, [_project(one, named) for one in found])
        said = _read(source, time.time()) if name else "there is no [projects] in the facility file"
        print(said)
    return int(failed)


def _line(facility: Facility, one: KnownBooking, now: float) -> tuple[str, ...]:
    zone = facility.file.zone
    what = one.kind if one.state == "booked" else f"{one.kind}, {one.state}"
    return (
        one.microscope or "-",
        shown_time(one.begins, zone),
        shown_time(one.ends, zone),
        one.name or one.who or one.email or "-",
        one.title or "-",
        one.project or "-",
        what,
        one.source.partition(".")[2],
        f"{shown_span(now - one.seen)} ago",
    )


def _project(one: KnownProject, named: dict[str, str]) -> tuple[str, ...]:
    return (
        one.code,
        f"{one.state}, confidential" if one.confidential else one.state,
        one.title or "-",
        named.get(one.pi, one.pi) or "-",
        one.team or "-",
        ", ".join(named.get(name, name) for name in one.people) or "-",
        one.source.partition(".")[2] or "-",
    )


def _whose(made: BookingOffer) -> Iterable[str]:
    """Whose time it is now, in a few lines."""
    for choice in made.choices:
        one = choice.booking
        who = one.name or one.who or one.email or "somebody"
        title = choice.project.title if choice.project is not None else ""
        project = f" for {one.project}" if one.project else ""
        about = f" ({title})" if title else ""
        yield printable(f"{made.microscope} {choice.when}: {who}{project}{about}: {one.title}")
    for doubt in made.doubts:
        yield printable(f"unsure: {doubt}")
    yield ""


def _read(source: KnownSource, now: float) -> str:
    kind = source.name.partition(".")[2]
    if source.read is None:
        said = f"{kind} was never read"
    else:
        said = f"{kind} was read {shown_span(now - source.read)} ago"
    return printable(f"{said}; since then: {source.problem}" if source.problem else said)
