"""Trying again what failed, once somebody may have mended the cause."""

from collections.abc import Iterable

from sqlalchemy import func, select

from icestream.engine.decisions.events import Event
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.record import Record
from icestream.model import RevisionId, SubjectId
from icestream.store import tables as t

__all__ = ["refused", "retry"]

_MOST = 500
"""Subjects in one transaction."""


def retry(record: Record, steps: Iterable[PlannedStep]) -> tuple[list[Event], int]:
    """Make the failed tasks of steps ready again, with all their attempts.

    What was skipped because of them is done when they have ended well. Batches are left out:
    their items wait already, and resuming the step makes the batch again. So are sources, which
    have to look anew at what they have `refused`.

    Returns
    -------
    What follows, and how many tasks are tried again.
    """
    events: list[Event] = []
    count = 0
    for step in steps:
        if step.protocol.brings or step.protocol.accumulates or step.protocol.watches:
            continue
        while subjects := _failed(record, step):
            with record.cascade() as cascade:
                cascade.load(subjects)
                for subject in subjects:
                    row = cascade.rows(subject)[step.id]
                    cascade.change(step, row, "ready", attempt=0, due=0.0, reason="", details="")
            events += record.follow_up(cascade.applied)
            count += len(subjects)
    return events, count


def refused(record: Record, steps: Iterable[PlannedStep]) -> tuple[tuple[RevisionId, ...], int]:
    """Sources among the steps that refused something, and of how many exposures."""
    counts = {step.id: _refusals(record, step) for step in steps if step.protocol.brings}
    return tuple(step for step, count in counts.items() if count), sum(counts.values())


def _refusals(record: Record, step: PlannedStep) -> int:
    chosen = select(func.count()).where(t.task.c.revision_id == step.id, t.task.c.state == "failed")
    with record.store.read() as connection:
        return int(connection.execute(chosen).scalar_one())


def _failed(record: Record, step: PlannedStep) -> list[SubjectId]:
    """Subjects that failed at a step, not too many at once."""
    chosen = (
        select(t.task.c.subject_id)
        .where(t.task.c.revision_id == step.id, t.task.c.state == "failed")
        .limit(_MOST)
    )
    with record.store.read() as connection:
        return list(connection.execute(chosen).scalars())
