"""Batches: made of the items that wait at a batch step, in the order of their arrival."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row as Row_
from sqlalchemy import func, select, update

from icestream.engine.graph.joins import Row
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.subjects import batch_subject
from icestream.model import ResultId, SubjectId, TaskId, task_key
from icestream.protocol import BatchProtocol
from icestream.store import tables as t

__all__ = ["form_batch", "free_batch"]

_MOST = 5000
"""Items in one batch, whatever their sizes."""


def form_batch(cascade: Cascade, step: PlannedStep, *, final: bool) -> bool:
    """Make the next batch of a step from what has arrived, in order; True when there is one.

    A batch takes items until their sizes reach the protocol's; with `final` it may be short, and
    empty when an earlier batch was not told yet that nothing more comes.
    """
    number, previous = _chain(cascade, step)
    taken, exhausted = _take(cascade, step)
    last = final and exhausted
    if not taken and (not last or previous is None or previous.final):
        return False
    content = {
        "items": [[row.result_id, row.port] for row in taken],
        "previous": previous.result if previous else None,
        "final": last,
    }
    keys = {
        "items": [row.key for row in taken],
        "after": previous.key if previous else "",
        "final": last,
    }
    protocol = step.protocol
    key = task_key(protocol.name, protocol.version, step.deciding, keys)
    subject = batch_subject(cascade.connection, cascade.writes, step.folder, number)
    row = Row(TaskId(0), step.id, subject, "ready", key=key)
    cascade.load([subject])
    cascade.add(step, row, json.dumps(content))
    for arrival in taken:
        cascade.writes.update(t.arrival, arrival.id, task_id=row.id)
        cascade.applied.left.setdefault(step.id, []).append(arrival.size)
    return True


def free_batch(cascade: Cascade, step: PlannedStep, task: TaskId) -> None:
    """Take the items of a batch that failed back, so that another takes them.

    Those that were rejected meanwhile go no further.
    """
    arrival = t.arrival.c
    ours = (arrival.revision_id == step.id, arrival.task_id == task)
    chosen = select(arrival.subject_id, arrival.size).where(*ours)
    rows = cascade.connection.execute(chosen).all()
    cascade.connection.execute(update(t.arrival).where(*ours).values(task_id=None))
    cascade.applied.arrived.setdefault(step.id, []).extend(row.size for row in rows)
    for row in rows:
        cascade.look(step.id, SubjectId(row.subject_id))


@dataclass(frozen=True, slots=True)
class _Previous:
    """The batch whose state the next one goes on from."""

    result: ResultId
    key: str
    final: bool


def _chain(cascade: Cascade, step: PlannedStep) -> tuple[int, _Previous | None]:
    """Number of the next batch, and the last one that was done."""
    task, number = t.task.c, t.subject.c.number
    of_step = t.task.join(t.subject, t.subject.c.id == task.subject_id)
    ours = task.revision_id == step.id
    last = cascade.connection.execute(select(func.max(number)).select_from(of_step).where(ours))
    chosen = (
        select(task.result_id, task.key, task.inputs)
        .select_from(of_step)
        .where(ours, task.state == "done")
        .order_by(number.desc())
        .limit(1)
    )
    row = cascade.connection.execute(chosen).first()
    following = 1 + (last.scalar() or 0)
    if row is None:
        return following, None
    return following, _Previous(row.result_id, row.key, bool(json.loads(row.inputs)["final"]))


def _take(cascade: Cascade, step: PlannedStep) -> tuple[list[Row_[Any]], bool]:
    """The items of the next batch, and whether no others are waiting."""
    chosen = (
        select(t.arrival)
        .where(t.arrival.c.revision_id == step.id, t.arrival.c.task_id.is_(None))
        .order_by(t.arrival.c.id)
        .limit(_MOST)
    )
    protocol = step.protocol
    if not isinstance(protocol, BatchProtocol):
        raise TypeError(f"step {step.name!r} is no batch step")
    full, size = protocol.batch_size(), 0
    taken: list[Row_[Any]] = []
    waiting = cascade.connection.execute(chosen).all()
    for row in waiting:
        taken.append(row)
        size += row.size
        if size >= full:
            break
    return taken, len(taken) == len(waiting) < _MOST
