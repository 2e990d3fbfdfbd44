"""`icestream facility example`, `check` and `status`: what is configured, and how it goes."""

import time
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.facility.begin.rebuild import rebuild
from icestream.facility.bookings.offer import shown_span
from icestream.facility.check import check_facility
from icestream.facility.duties.standing import DutyStanding, duty_standings
from icestream.facility.opened import open_facility
from icestream.facility.registry.records import DutyState
from icestream.settings import load
from icestream.shown import printable

__all__ = ["check", "example", "rebuild_", "status"]


def example() -> None:
    """Print a facility file with every section, explained: a place to begin."""
    text = (files("icestream.facility") / "example.toml").read_text("utf-8")
    print(text, end="")


def check(
    file: Path | None = None,
    /,
    *,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say all that is wrong with the facility file, and with what it names, at once.

    Folders are looked at, and services are asked. The exit status is 1 where something keeps a
    part of the facility from working.

    Parameters
    ----------
    file
        The facility file; by default that of this machine.
    json
        For programs.
    """
    found, where = check_facility(file, load().settings)
    wrong = sum(one.stops for one in found)
    if json:
        told = [{"where": one.where, "what": one.what, "stops": one.stops} for one in found]
        print_json({"file": where, "problems": told})
        return int(bool(wrong))
    for one in found:
        print(f"{'wrong' if one.stops else 'note '}  {one.where or 'file'}: {printable(one.what)}")
    said = "nothing is wrong" if not wrong else f"{wrong} {'is' if wrong == 1 else 'are'} wrong"
    print(f"{where}: {said}")
    return int(bool(wrong))


def status(
    *,
    json: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say how each of the facility's duties goes: since when it fails, and why; if none does it.

    The exit status is 1 where one fails, hangs, or is done by no process.

    Parameters
    ----------
    json
        For programs.
    quiet
        Say it in one line, for a program that watches.
    """
    with open_facility() as facility:
        found = duty_standings(facility)
    wrong = [one for one in found if one.trouble]
    if json:
        print_json([_document(one) for one in found])
    elif quiet:
        said = "; ".join(f"{one.duty.name}: {printable(one.trouble, lines=False)}" for one in wrong)
        print(said or f"{len(found)} duties go well")
    else:
        now = time.time()
        rows = [(one.duty.name, one.duty.what, *_words(one, now)) for one in found]
        print_table(("duty", "what it does", "last done", "how it goes"), rows)
    return int(bool(wrong))


def rebuild_() -> int:
    """Make the registry anew from the cards in the sessions' folders.

    What is not on the cards stays as it is: bookings, occasions, invoices. Teams and people of
    projects are read from their source again. The exit status is 1 where a card cannot be read.
    """
    with open_facility() as facility:
        found = rebuild(facility)
    print(f"{found.sessions} sessions are in the registry")
    for name in found.moved:
        print(f"moved   {printable(name)}: its card says its present folder now")
    for said in found.refused:
        print(f"refused {printable(said)}")
    return int(bool(found.refused))


def _document(one: DutyStanding) -> dict[str, object]:
    state = {name: getattr(one.state, name) for name in DutyState.__slots__}
    told = {"what": one.duty.what, "every": one.duty.every, **state}
    return {**told, "standing": one.standing, "trouble": one.trouble}


def _words(one: DutyStanding, now: float) -> tuple[str, str]:
    state = one.state
    last = "never" if state.ended is None else f"{shown_span(now - state.ended)} ago"
    if one.trouble:
        first, _, rest = printable(one.trouble).partition(" ")
        return last, f"{first.upper()} {rest}"
    return last, printable(state.said) or ("-" if state.ended is None else "done")
