"""Gathering: items that wait for others, at a batch step or at a trigger."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row as Row_
from sqlalchemy import delete, func, select

from icestream.engine.joining import Input, Joined, Missing, Row, join
from icestream.engine.plan import Bound
from icestream.model import from_document, task_key
from icestream.protocol import BatchProtocol
from icestream.store import tables as t

if TYPE_CHECKING:
    from icestream.engine.settling import Settling

__all__ = ["at_gate", "form_batch", "gather"]

_MOST = 5000
"""Items in one batch, whatever their sizes."""


def gather(settling: "Settling", step: Bound, exposures: list[int]) -> None:
    """Bring the items of exposures to a batch step, or take back what is in no batch yet.

    What is in a batch already stays in it: a batch protocol folds its items into a state, and
    cannot give one back. The next revision of the step begins without it.
    """
    chosen = select(t.arrival).where(
        t.arrival.c.revision_id == step.revision_id, t.arrival.c.exposure_id.in_(exposures)
    )
    there = {row.exposure_id: row for row in settling.connection.execute(chosen)}
    for exposure in exposures:
        found = join(settling.plan, step, settling.rows(exposure))
        old = there.get(exposure)
        if isinstance(found, Joined) and old is None:
            _arrive(settling, step, exposure, found.inputs[0])
        elif isinstance(found, Missing) and old is not None and old.task_id is None:
            settling.connection.execute(delete(t.arrival).where(t.arrival.c.id == old.id))
            settling.applied.arrived.setdefault(step.id, []).append(-old.size)


def at_gate(settling: "Settling", step: Bound, row: Row, one: Input) -> tuple[str, str]:
    """State and reason of an item at a trigger: let through, held, or given up."""
    if step.gate == "open":
        return "done", ""
    if step.gate == "shut":
        return "skipped", f"held back by {step.name} until the stream had ended"
    if not row.id:
        _arrive(settling, step, row.exposure, one)
    return "held", ""


def form_batch(settling: "Settling", step: "Bound", *, final: bool) -> bool:
    """Make the next batch of a step from what has arrived, in order; True when there is one.

    A batch takes items until their sizes reach the protocol's; with `final` it may be short, and
    empty when an earlier batch was not told yet that nothing more comes.
    """
    number, previous = _chain(settling, step)
    taken, exhausted = _take(settling, step)
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
    row = Row(0, step.id, -number, "ready", key=key)
    settling.load([row.exposure])
    settling.add(step, row, json.dumps(content))
    for one in taken:
        settling.writes.update(t.arrival, one.id, task_id=row.id)
        settling.applied.arrived.setdefault(step.id, []).append(-one.size)
    return True


@dataclass(frozen=True, slots=True)
class _Previous:
    """The batch whose state the next one goes on from."""

    result: int
    key: str
    final: bool


def _chain(settling: "Settling", step: Bound) -> tuple[int, _Previous | None]:
    """Number of the next batch, and the last one that was done."""
    task = t.task.c
    ours = task.revision_id == step.revision_id
    lowest = settling.connection.execute(select(func.min(task.exposure_id)).where(ours)).scalar()
    chosen = (
        select(task.result_id, task.key, task.inputs)
        .where(ours, task.state == "done")
        .order_by(task.exposure_id)
        .limit(1)
    )
    row = settling.connection.execute(chosen).first()
    number = 1 - (lowest or 0)
    if row is None:
        return number, None
    return number, _Previous(row.result_id, row.key, bool(json.loads(row.inputs)["final"]))


def _take(settling: "Settling", step: Bound) -> tuple[list[Row_[Any]], bool]:
    """The items of the next batch, and whether no others are waiting."""
    chosen = (
        select(t.arrival)
        .where(t.arrival.c.revision_id == step.revision_id, t.arrival.c.task_id.is_(None))
        .order_by(t.arrival.c.id)
        .limit(_MOST)
    )
    protocol = step.protocol
    if not isinstance(protocol, BatchProtocol):
        raise TypeError(f"step {step.name!r} is no batch step")
    full, size = protocol.batch_size(), 0
    taken: list[Row_[Any]] = []
    waiting = settling.connection.execute(chosen).all()
    for row in waiting:
        taken.append(row)
        size += row.size
        if size >= full:
            break
    return taken, len(taken) == len(waiting) < _MOST


def _arrive(settling: "Settling", step: Bound, exposure: int, one: Input) -> None:
    kind = type(step.protocol).inputs()[0].item
    document = json.loads(settling.documents.get(settling.connection, [one.result])[one.result])
    size = _size(step, from_document(kind, document[one.source_port]))
    settling.writes.insert(
        t.arrival,
        step_id=step.id,
        revision_id=step.revision_id,
        exposure_id=exposure,
        result_id=one.result,
        port=one.source_port,
        key=one.key,
        size=size,
    )
    settling.applied.arrived.setdefault(step.id, []).append(size)


def _size(step: Bound, item: Any) -> int:
    """What an item counts at a batch or a trigger."""
    if isinstance(step.protocol, BatchProtocol):
        return int(step.protocol.size(item))
    return len(item) if hasattr(item, "__len__") else 1
