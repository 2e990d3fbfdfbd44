"""`icestream facility keep`, `removals` and `undo-removal`: what the rules remove."""

import getpass
import math
import time
from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.facility.keep.aside import Moved
from icestream.facility.keep.doing import Done, keep_house, look_after, plans
from icestream.facility.keep.known import Layout
from icestream.facility.keep.later import bring_back
from icestream.facility.keep.planning import RemovalPlan, layout_of, left_words
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry import removals as rows
from icestream.facility.registry import sessions as session_rows
from icestream.facility.registry.records import KnownSession
from icestream.shown import printable

__all__ = ["OutOfPlace", "keep", "removals", "size_words", "undo_removal"]

_STATES = {
    "kept": "kept for ever", "held": "HELD", "busy": "in use", "waits": "waits",
    "warned": "waits", "due": "due",
}  # fmt: skip


class OutOfPlace(ValueError):
    """A session whose folder is not in its place: nothing of it can be put aside."""


def keep(
    session: str | None = None,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say what the rules would remove now, of each class of data, and why the rest stays.

    Nothing is changed without --yes. What is removed is put aside at first, and can be brought back
    for the time that the facility file says (icestream facility undo-removal).

    Parameters
    ----------
    session
        Name, folder or place of one; all of them by default.
    yes
        Do it: put aside what is due, and remove for good what lay aside for long enough.
    json
        For programs.
    """
    with open_facility() as facility:
        chosen = _chosen(facility, session)
        if yes:
            return _do(facility, chosen if session is not None else None)
        found = [plan for one in chosen for plan in plans(facility, one, _layout(facility, one))]
        if json:
            print_json([_document(plan) for plan in found])
        else:
            _print(facility, found)
    return 0


def removals(
    session: str | None = None, /, *, json: Annotated[bool, Parameter(negative="")] = False
) -> int:
    """List what was removed, by what, and until when it can be brought back.

    Parameters
    ----------
    session
        Of one; of all of them by default.
    json
        For programs.
    """
    with open_facility() as facility, facility.registry.read() as connection:
        names = {one.id: one for one in session_rows.sessions(connection)}
        number = session_rows.session(connection, session).id if session is not None else None
        found = rows.removals(connection, session=number)
        if json:
            print_json([{**asdict(one), "session": names[one.session].name} for one in found])
            return 0
        if not found:
            print("nothing was removed")
            return 0
        print_table(
            ("removal", "session", "class", "files", "size", "when", "state", "not done"),
            [
                (
                    str(one.id), names[one.session].name, one.kind, str(one.files),
                    size_words(one.bytes), f"{facility.local(one.at):%Y-%m-%d}",
                    _state(facility, one.state, one.until), printable(one.said),
                )
                for one in found
            ],
        )  # fmt: skip
    return 0


def undo_removal(number: int, /) -> int:
    """Bring back what was removed: every file where it was, with its permissions and times.

    What came back is held until that is released (icestream facility release).

    Parameters
    ----------
    number
        Of the removal (icestream facility removals).
    """
    with open_facility() as facility:
        with facility.registry.read() as connection:
            removal = rows.removal(connection, number)
            names = {one.id: one for one in session_rows.sessions(connection)}
        session = names[removal.session]
        layout = _layout(facility, session)
        outcome = bring_back(facility, session, layout, removal, getpass.getuser())
        print(
            f"brought back {outcome.files} files ({size_words(outcome.bytes)}) of {session.name}; "
            f"they are held: icestream facility release {session.name} --class {removal.kind}"
        )
        _print_left(outcome)
    return int(bool(outcome.left))


def size_words(count: float) -> str:
    """Bytes for people."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def _chosen(facility: Facility, session: str | None) -> list[KnownSession]:
    with facility.registry.read() as connection:
        if session is not None:
            return [session_rows.session(connection, session)]
        return [one for one in session_rows.sessions(connection) if one.state != "gone"]


def _layout(facility: Facility, session: KnownSession) -> Layout:
    found = layout_of(facility, session)
    if found is None:
        raise OutOfPlace(
            f"the folder of {session.name}, {session.folder}, is not in its place "
            f"{session.place}: nothing of it can be put aside"
        )
    return found


def _do(facility: Facility, chosen: list[KnownSession] | None) -> int:
    done = Done()
    if chosen is None:
        done = keep_house(facility, act=True)
    else:
        for one in chosen:
            look_after(facility, one, _layout(facility, one), done, act=True)
    print(done.words())
    for outcome in (*done.removed, *done.for_good):
        if outcome.number and outcome.files:
            print(f"removal {outcome.number}: {outcome.files} files, {size_words(outcome.bytes)}")
        _print_left(outcome)
    for line in done.busy:
        print(printable(line))
    return 0


def _print_left(outcome: Moved) -> None:
    if outcome.left:
        print(f"{len(outcome.left)} files stay: {printable(outcome.said())}")


def _print(facility: Facility, found: list[RemovalPlan]) -> None:
    if not found:
        print("the facility has no sessions")
        return
    print_table(
        ("session", "class", "now", "by the rules", "why"),
        [
            (
                plan.session.name, plan.decision.kind, _now(plan),
                "never" if math.isinf(plan.decision.due)
                else f"{facility.local(plan.decision.due):%Y-%m-%d}",
                printable(plan.decision.why),
            )
            for plan in found
        ],
    )  # fmt: skip
    for plan in found:
        for line in left_words(plan):
            print(f"stays: {plan.session.name}: {printable(line)}")
    count = sum(len(plan.lines) for plan in found)
    if count:
        size = size_words(sum(plan.bytes for plan in found))
        print(f"{count} files, {size}, can be removed: icestream facility keep --yes")
    else:
        print("nothing is due")


def _now(plan: RemovalPlan) -> str:
    if plan.decision.state != "due":
        return _STATES[plan.decision.state]
    return f"due: {len(plan.lines)} files, {size_words(plan.bytes)}"


def _document(plan: RemovalPlan) -> dict[str, Any]:
    one = plan.decision
    return {
        "session": plan.session.name,
        "class": one.kind,
        "state": one.state,
        "why": one.why,
        "due": None if math.isinf(one.due) else one.due,
        "files": len(plan.lines),
        "bytes": plan.bytes,
        "stays": [{"path": path, "why": why} for path, why in plan.left],
    }


def _state(facility: Facility, state: str, until: float) -> str:
    if state != "removed":
        return {"gone": "gone for good"}.get(state, state)
    over = " is over" if until < time.time() else ""
    return f"can be undone until {facility.local(until):%Y-%m-%d}{over}"
