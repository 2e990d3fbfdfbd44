"""What `icestream session new` asks: at most two questions, with answers that Enter takes."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from icestream.facility.begin.movies import newest_folders, taken_folders
from icestream.facility.bookings.clock import shown_time
from icestream.facility.bookings.offer import BookingChoice, offer, shown_span
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownBooking
from icestream.shown import printable

__all__ = ["NoMicroscope", "settled"]

NOBODY = "nobody who has booked"


class NoMicroscope(LookupError):
    """It was not said which microscope is meant."""


def settled(
    facility: Facility, microscope: str | None, given: Mapping[str, str | None], *, ask: bool
) -> dict[str, Any]:
    """What a session is begun with: what was given, asked, or is likeliest.

    Parameters
    ----------
    given
        Project, operator, sample, movies, workflow and note; None where nobody said.
    ask
        Ask a person; otherwise the likeliest is taken, and said.
    """
    ask = ask and sys.stdin.isatty()
    name = microscope or _only(facility)
    answers: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    booking = None
    if "project" not in answers or "operator" not in answers:
        booking = _booking(facility, name, answers, ask=ask)
    if booking is not None:
        answers["booking"] = (booking.source, booking.reference)
        answers.setdefault("project", booking.project)
        answers.setdefault("operator", booking.who)
    elif ask and "project" not in answers:
        answers["project"] = input("project (Enter: none): ").strip()
    if "movies" not in answers:
        answers["movies"] = _movies(facility, name, ask=ask)
    return {"microscope": name, **answers}


def _only(facility: Facility) -> str:
    known = list(facility.file.microscopes)
    if len(known) == 1:
        return known[0]
    used = [name for name in known if any(c.when == "now" for c in offer(facility, name).choices)]
    if len(used) == 1:
        return used[0]
    there = ", ".join(known) or "none"
    raise NoMicroscope(f"say which microscope: icestream session new NAME (there are {there})")


def _booking(
    facility: Facility, microscope: str, answers: Mapping[str, Any], *, ask: bool
) -> KnownBooking | None:
    """The booking that the session is for: of the project and the operator that were given."""
    found = offer(facility, microscope)
    for doubt in found.doubts:
        print(f"icestream: {printable(doubt)}", file=sys.stderr)
    choices = [one for one in found.choices if _fits(one.booking, answers)]
    if not choices:
        return None
    lines = [_words(facility, one) for one in choices]
    chosen = _chosen(f"who uses {microscope} now", [*lines, NOBODY], ask=ask)
    return None if chosen == len(lines) else choices[chosen].booking


def _fits(booking: KnownBooking, answers: Mapping[str, Any]) -> bool:
    """Whether a booking says nothing else than what was given."""
    said = {"project": booking.project, "operator": booking.who}
    return all(
        not value or not answers.get(name) or answers[name].casefold() == value.casefold()
        for name, value in said.items()
    )


def _words(facility: Facility, choice: BookingChoice) -> str:
    """A booking in a line: whose, for what, from when until when."""
    one, zone = choice.booking, facility.file.zone
    who = one.name or one.who or one.email or "somebody"
    about = ", ".join(filter(None, (one.project, one.title)))
    times = f"{shown_time(one.begins, zone)} to {shown_time(one.ends, zone)}"
    return f"{who}{f' ({about})' if about else ''}, {times}"


def _movies(facility: Facility, microscope: str, *, ask: bool) -> str:
    """The folder of the session's movies; empty: the whole folder of the microscope."""
    instrument = facility.file.microscopes.get(microscope)
    if instrument is None or instrument.movies is None:
        return ""
    folders = newest_folders(instrument.movies, taken=taken_folders(facility, microscope))
    if not folders:
        return ""
    now = time.time()
    lines = [
        f"{one.path} (changed {shown_span(now - one.changed)} ago"
        f"{', of another session' if one.taken else ''})"
        for one in folders
    ]
    chosen = _chosen(
        "where its movies are", [*lines, f"{instrument.movies} (all that is in it)"], ask=ask
    )
    return "" if chosen == len(folders) else str(folders[chosen].path)


def _chosen(what: str, choices: Sequence[str], *, ask: bool) -> int:
    """The number of a choice; the first where Enter is all that is said."""
    if not ask:
        print(f"icestream: {what}: {printable(choices[0])}", file=sys.stderr)
        return 0
    print(f"{what}:")
    for number, choice in enumerate(choices, 1):
        print(f"  {number}  {printable(choice)}")
    while True:
        said = input("number (Enter: 1): ").strip() or "1"
        if said.isdecimal() and 1 <= int(said) <= len(choices):
            return int(said) - 1
        print(f"a number from 1 to {len(choices)}, please")
