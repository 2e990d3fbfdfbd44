"""Moving gates: parts of a stream let through, and steps that are closed by others."""

from collections.abc import Sequence
from dataclasses import replace

from icestream.engine.decisions.events import Backfilling, Event
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.backfill import PAGE
from icestream.engine.record.gates import held_of, let_go, not_begun
from icestream.engine.record.record import Record
from icestream.model import RevisionId, SubjectId
from icestream.store import tables as t
from icestream.store.events import GateMoved

__all__ = ["close_gate", "release"]


def close_gate(record: Record, revision: RevisionId, reason: str) -> list[Event]:
    """Let a trigger let nothing through for a reason, or, without one, no more so.

    What it has let through, and nothing has begun with, is left out too.
    """
    step = replace(record.plan.steps[revision], closed=reason)
    with record.transaction() as (_, writes):
        writes.update(t.revision, revision, closed=reason, backfill=0)
        gate = "closed" if reason else step.gate
        said = GateMoved(gate=gate, reason=reason, branch=step.beside)
        writes.event(said, step_id=step.step)
    record.plan = record.plan.with_step(step)
    events: list[Event] = []
    if reason:
        with record.store.read() as connection:
            waiting = not_begun(connection, step)
        events = _let_go(record, step, waiting, "close")
    return [*events, Backfilling(revision, True)]


def release(record: Record, revision: RevisionId, lot: str, how: str) -> list[Event]:
    """Let what is held of a part of a stream through, leave it out, or draw the rest of it."""
    step = record.plan.steps[revision]
    with record.store.read() as connection:
        waiting = held_of(connection, step, lot, drawn=how == "draw")
    with record.transaction() as (_, writes):
        gate = "shut" if how == "leave" else "open"
        writes.event(GateMoved(gate=gate, lot=lot, branch=step.beside), step_id=step.step)
    return _let_go(record, step, waiting, how)


def _let_go(
    record: Record, step: PlannedStep, subjects: Sequence[SubjectId], how: str
) -> list[Event]:
    events: list[Event] = []
    for begin in range(0, len(subjects), PAGE):
        with record.cascade() as cascade:
            let_go(cascade, step, subjects[begin : begin + PAGE], how)
        events += record.follow_up(cascade.applied)
    return events
