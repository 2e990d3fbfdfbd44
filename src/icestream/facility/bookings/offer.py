"""Whose time it is at a microscope: what is offered to whoever begins a session there."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from icestream.facility.bookings.clock import shown_time
from icestream.facility.bookings.kinds import BookingsSection, NoBookings
from icestream.facility.bookings.reading import source_name
from icestream.facility.opened import Facility
from icestream.facility.registry import bookings as rows
from icestream.facility.registry.people import projects
from icestream.facility.registry.records import KnownBooking, KnownProject, KnownSource
from icestream.facility.registry.sessions import sessions

__all__ = ["BookingChoice", "BookingOffer", "choices", "offer", "shown_span"]

_HOUR = 3600.0
_MONTH = 30 * 86400.0

Nearness = Literal["now", "soon", "just over"]
"""How a booking lies to the present: it runs, it is about to begin, it has ended a while ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingChoice:
    """A booking that a session may be for."""

    booking: KnownBooking
    when: Nearness
    project: KnownProject | None = None
    """What is known of its project, where anything is."""
    sessions: tuple[str, ...] = ()
    """Names of the sessions that were begun for it already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingOffer:
    """Who has booked a microscope now, and how sure that is."""

    microscope: str
    at: float
    """The time that it is about."""
    choices: tuple[BookingChoice, ...] = ()
    """The likeliest first; empty where nobody has booked it."""
    blocked: KnownBooking | None = None
    """Downtime or maintenance that runs now."""
    next: KnownBooking | None = None
    """What comes after these."""
    doubts: tuple[str, ...] = ()
    """What is unsure, in sentences for people; empty where all is clear."""
    source: str = ""
    """Where bookings come from: ``librebooking``; empty where there is no booking system."""
    age: float | None = None
    """Seconds since the bookings were last read whole; None where they never were."""
    problem: str = ""
    """Why they could not be read since."""

    @property
    def sure(self) -> bool:
        """Whether there is one booking that it can only be, and nothing is unsure about it."""
        return len(self.choices) == 1 and not self.doubts


def offer(facility: Facility, microscope: str, now: float | None = None) -> BookingOffer:
    """Who has booked a microscope now, what project it is for, and what is unsure about it.

    Only the registry is asked, so that an answer is there at once, whether or not the booking
    system is up; how old it is is a part of it.

    Parameters
    ----------
    microscope
        Its name in the facility file.
    now
        Seconds since the epoch.

    Raises
    ------
    LookupError
        If the facility file has no such microscope.
    """
    if microscope not in facility.file.microscopes:
        known = ", ".join(facility.file.microscopes) or "none"
        raise LookupError(f"the facility file has no microscope {microscope!r}; it has {known}")
    now = time.time() if now is None else now
    section = facility.file.bookings
    if section is None or isinstance(section, NoBookings):
        said = "there is no booking system: say whose session it is"
        return BookingOffer(microscope=microscope, at=now, doubts=(said,))
    own = source_name(section)
    with facility.registry.read() as connection:
        read = rows.source(connection, own)
        around = rows.bookings(
            connection, begins=now - _MONTH, ends=now + _MONTH, microscope=microscope
        )
        codes = {one.code.casefold(): one for one in projects(connection)}
        begun: dict[int, tuple[str, ...]] = {}
        for one in sessions(connection, microscope=microscope, begins=now - _MONTH):
            if one.booking is not None:
                begun[one.booking] = (*begun.get(one.booking, ()), one.name)
    # Those of another booking system, which the facility had before, are left as they were.
    mine = [one for one in around if one.source == own or not one.source.startswith("bookings.")]
    found = tuple(
        BookingChoice(
            booking=one,
            when=when,
            project=codes.get(one.project.casefold()),
            sessions=begun.get(one.id, ()),
        )
        for one, when in choices(mine, now, section.early * _HOUR, section.late * _HOUR)
    )
    taken = {one.booking.id for one in found}
    ahead = (one for one in mine if one.begins > now and one.id not in taken)
    made = BookingOffer(
        microscope=microscope,
        at=now,
        choices=found,
        blocked=next((one for one in mine if one.kind != "booked" and _runs(one, now)), None),
        next=next(ahead, None),
        source=section.kind,
        age=None if read.read is None else max(0.0, now - read.read),
        problem=read.problem,
    )
    return _with_doubts(facility, made, section, read)


def choices(
    bookings: Iterable[KnownBooking], now: float, early: float, late: float
) -> list[tuple[KnownBooking, Nearness]]:
    """The bookings that a session which begins now may be for, the likeliest first.

    Those that run come first, the one that began last before the others; then those that begin
    within `early`, the nearest first; then, where none runs, those that ended within `late`, the
    latest first. Downtime and what is cancelled is none.

    Parameters
    ----------
    early, late
        Seconds.
    """
    mine = [one for one in bookings if one.kind == "booked" and one.state != "cancelled"]
    running = sorted((one for one in mine if _runs(one, now)), key=lambda one: -one.begins)
    soon = sorted(
        (one for one in mine if now < one.begins <= now + early), key=lambda one: one.begins
    )
    over = sorted((one for one in mine if now - late <= one.ends <= now), key=lambda one: -one.ends)
    return [
        *((one, "now") for one in running),
        *((one, "soon") for one in soon),
        *((one, "just over") for one in over if not running),
    ]


def shown_span(seconds: float) -> str:
    """A span of time for people: ``40 min``."""
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _runs(one: KnownBooking, now: float) -> bool:
    return one.begins <= now < one.ends


def _with_doubts(
    facility: Facility, made: BookingOffer, section: BookingsSection, read: KnownSource
) -> BookingOffer:
    doubts = [
        *_of_source(made, section, read),
        *_of_time(facility, made),
        *(_of_project(made.choices[0], made.at) if made.choices else ()),
    ]
    return replace(made, doubts=tuple(doubts))


def _of_source(made: BookingOffer, section: BookingsSection, read: KnownSource) -> Iterable[str]:
    if made.age is None:
        why = f": {read.problem}" if read.problem else ""
        yield f"the bookings were never read{why}"
    elif read.problem:
        yield f"the bookings are those of {shown_span(made.age)} ago: {read.problem}"
    elif made.age > 3 * section.every + 60:
        yield (
            f"the bookings are those of {shown_span(made.age)} ago: does icestream facility run?"
        )


def _of_time(facility: Facility, made: BookingOffer) -> Iterable[str]:
    zone = facility.file.zone
    if made.blocked is not None:
        until = shown_time(made.blocked.ends, zone)
        yield f"there is {made.blocked.kind} until {until}: {made.blocked.title or 'no title'}"
    if not made.choices:
        later = ""
        if made.next is not None:
            later = f"; the next booking is {shown_time(made.next.begins, zone)}"
        yield f"nobody has booked {made.microscope} now{later}"
        return
    first = made.choices[0]
    if len(made.choices) > 1:
        each = ", ".join(f"{_called(one.booking)} ({one.when})" for one in made.choices)
        yield f"it may be for any of {len(made.choices)} bookings: {each}"
    elif first.when == "soon":
        yield f"the booking begins in {shown_span(first.booking.begins - made.at)} only"
    elif first.when == "just over":
        yield f"the booking was over {shown_span(made.at - first.booking.ends)} ago"
    if first.booking.state == "pending":
        yield "the booking waits for approval"
    if first.sessions:
        yield f"sessions were begun for it already: {', '.join(first.sessions)}"


def _of_project(choice: BookingChoice, now: float) -> Iterable[str]:
    code, project = choice.booking.project, choice.project
    if not code:
        yield "the booking names no project"
    elif project is None:
        yield f"nothing is known of project {code}"
    elif project.state != "open":
        yield f"project {project.code} is {project.state}"
    elif project.ends is not None and project.ends <= now:
        yield f"project {project.code} was over {shown_span(now - project.ends)} ago"
    elif project.begins is not None and project.begins > now:
        yield f"project {project.code} begins in {shown_span(project.begins - now)} only"


def _called(one: KnownBooking) -> str:
    return " ".join(part for part in (one.name or one.who, one.title) if part) or one.reference
