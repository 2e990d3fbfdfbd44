"""How each duty stands: what it says itself, and whether anybody does it at all."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from icestream.facility.bookings.offer import shown_span
from icestream.facility.duties.all import duties_of
from icestream.facility.duties.duty import Duty
from icestream.facility.duties.turn import held_duties
from icestream.facility.opened import Facility
from icestream.facility.registry import duties as rows
from icestream.facility.registry.records import DutyState

__all__ = ["DutyStanding", "Standing", "duty_standings"]

Standing = Literal["well", "fails", "late", "undone"]
"""``late``: a process should do it, and has not for long. ``undone``: no process does it."""

_START = "start icestream facility run"
_GRACE = 60.0
"""Seconds by which a duty may come later than it should."""


@dataclass(frozen=True, slots=True)
class DutyStanding:
    """A duty of the facility file, and how it goes."""

    duty: Duty
    state: DutyState
    standing: Standing
    trouble: str = ""
    """What is wrong, in a sentence; empty where nothing is."""


def duty_standings(
    facility: Facility, now: float | None = None, *, own: Sequence[Duty] | None = None
) -> tuple[DutyStanding, ...]:
    """How all duties of a facility stand.

    Parameters
    ----------
    now
        Seconds since the epoch.
    own
        The duties; those of the facility file when not given.
    """
    now = time.time() if now is None else now
    own = duties_of(facility.file) if own is None else own
    with facility.registry.read() as connection:
        known = {one.name: one for one in rows.duties(connection)}
    try:
        held = held_duties(facility, [duty.name for duty in own])
    except (OSError, SQLAlchemyError):  # then what was written down has to do
        held = frozenset(duty.name for duty in own)
    states = ((duty, known.get(duty.name, DutyState(name=duty.name))) for duty in own)
    return tuple(_standing(duty, state, duty.name in held, now) for duty, state in states)


def _standing(duty: Duty, state: DutyState, held: bool, now: float) -> DutyStanding:
    last = max(state.began or 0.0, state.ended or 0.0)
    due = now - last > max(duty.every, duty.longest) + _GRACE
    at_it = held and (state.began or 0.0) > (state.ended or 0.0)
    if state.failing_since is not None and (held or not due):
        times = f"{state.failures} {'time' if state.failures == 1 else 'times'}"
        since = shown_span(now - state.failing_since)
        return DutyStanding(duty, state, "fails", f"fails since {since} ({times}): {state.problem}")
    if not held and due:
        before = f"has not been done for {shown_span(now - last)}" if last else "was never done"
        said = f"no process does it, and it {before}: {_START}"
        return DutyStanding(duty, state, "undone", said)
    if due and last and not at_it:
        said = f"the process that does it ({state.holder}) has not for {shown_span(now - last)}"
        return DutyStanding(duty, state, "late", f"{said}: stop it, and {_START}")
    return DutyStanding(duty, state, "well")
