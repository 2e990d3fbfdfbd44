"""`icestream facility occasion`: what happened to a microscope."""

import getpass
import time
from typing import Annotated

from cyclopts import Parameter

from icestream.alike import meant
from icestream.cli.terminal import print_json, print_table
from icestream.facility.memory.history import KINDS
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.microscopes import (
    add_occasion,
    end_occasion,
    microscope_number,
    occasions,
)

__all__ = ["occasion"]


def occasion(  # noqa: PLR0913 - one argument for each option
    microscope: str | None = None,
    kind: str | None = None,
    text: str = "",
    /,
    *,
    at: str | None = None,
    until: str | None = None,
    end: int | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write down what happened to a microscope; without a kind, list what did.

    It is drawn on the charts of the microscope. After service, a realignment, work on the camera
    or a new gain reference the charts learn anew what is usual, and drift is over; after a failure
    or a note they do not. Time of failures and service whose end is known is billed to nobody.

    Parameters
    ----------
    microscope
        As the facility file calls it.
    kind
        service, realignment, camera, gain, failure or note.
    text
        What it was, in a few words.
    at
        When, in the time of the facility: 2026-11-30 or "2026-11-30 14:00"; now when not given.
    until
        Until when.
    end
        Number of an occasion that was written down before, of which is said now until when it
        lasted: until now, or --until. One that had an end gets this one.
    json
        List it for programs.
    """
    with open_facility() as facility:
        if end is not None:
            if microscope is not None or at is not None:
                raise ValueError("an occasion gets its end by its number and --until alone")
            _end(facility, end, until)
            return
        if kind is None:
            _list(facility, microscope, json)
            return
        assert microscope is not None
        if kind not in KINDS:
            hint = meant(kind, KINDS) or f"there are {', '.join(KINDS)}"
            raise ValueError(f"there is no kind of occasion {kind!r}; {hint}")
        begins = time.time() if at is None else facility.moment(at)
        ends = None if until is None else facility.moment(until)
        if ends is not None and ends < begins:
            raise ValueError(f"the occasion ends ({until}) before it begins ({at or 'now'})")
        with facility.registry.write() as connection:
            add_occasion(
                connection,
                microscope,
                kind,
                text,
                who=getpass.getuser(),
                when=(begins, ends),
            )
        learns = "; its charts learn anew what is usual" if KINDS[kind][1] else ""
        print(f"{microscope}: {kind} on {facility.local(begins):%Y-%m-%d %H:%M}{learns}")


def _end(facility: Facility, number: int, until: str | None) -> None:
    ends = time.time() if until is None else facility.moment(until)
    with facility.registry.write() as connection:
        before = end_occasion(connection, number, ends)
    had = "" if before.until is None else f", before that {_clock(facility, before.until)}"
    print(
        f"{before.microscope}: {before.kind} of {_clock(facility, before.at)} lasted until"
        f" {_clock(facility, ends)}{had}"
    )


def _clock(facility: Facility, seconds: float | None) -> str:
    return "" if seconds is None else f"{facility.local(seconds):%Y-%m-%d %H:%M}"


def _list(facility: Facility, microscope: str | None, json: bool) -> None:
    with facility.registry.read() as connection:
        if microscope is not None:
            microscope_number(connection, microscope)
        found = occasions(connection, microscope=microscope)
    if json:
        print_json([{name: getattr(one, name) for name in one.__slots__} for one in found])
        return
    if not found:
        print("nothing was written down")
        return
    lines = [
        (
            str(one.id), _clock(facility, one.at), _clock(facility, one.until), one.microscope,
            one.kind, one.text, one.who,
        )
        for one in found
    ]  # fmt: skip
    print_table(("number", "when", "until", "microscope", "kind", "what", "who"), lines)
