"""Tallies: what steps have let through or made, of those that triggers listen to."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from icestream.engine.decisions.state import Heard
from icestream.engine.graph.plan import Feed, Plan, PlannedStep
from icestream.engine.record.applied import Applied, Memory
from icestream.engine.record.documents import Documents
from icestream.model import Particles, Picks, RevisionId, SubjectId, from_document
from icestream.protocol import Enough, TriggerProtocol
from icestream.store import tables as t

__all__ = ["heard", "made_of", "note", "take", "watch"]

_PAGE = 500
_COUNTS: Mapping[type[Any], str] = {Particles: "particles.count", Picks: "picks.count"}
"""Qualities that say how many there are, by the item that reports them."""


def heard(plan: Plan, step: PlannedStep) -> tuple[Heard | None, Heard | None]:
    """What opens and what closes a trigger, in its branch."""
    if not isinstance(step.protocol, TriggerProtocol):
        return None, None
    said = (step.protocol.opened_by(), step.protocol.closed_by())
    opens, closes = (_heard(plan, step, enough) for enough in said)
    return opens, closes


def _heard(plan: Plan, step: PlannedStep, enough: Enough | None) -> Heard | None:
    members = plan.branches.get(step.beside or plan.adopted, {})
    if enough is None or enough.step not in members:
        return None
    return Heard(members[enough.step], enough)


def watch(connection: Connection, plan: Plan, memory: Memory) -> None:
    """Count what has passed at each step that triggers listen to now, from the store."""
    wanted: dict[RevisionId, bool] = {}
    for step in plan.steps.values():
        for signal in heard(plan, step):
            if signal is not None:
                sized = wanted.get(signal.step, False) or signal.enough.of == "particles"
                wanted[signal.step] = sized
    for revision in memory.made.keys() - wanted.keys():
        del memory.made[revision]
    for revision in wanted:
        if revision not in memory.made:
            memory.made[revision] = _stored(connection, plan, plan.steps[revision], memory)


def made_of(memory: Memory) -> dict[RevisionId, tuple[int, int]]:
    """Items and size of what has passed, by step."""
    return {step: (len(sizes), sum(sizes.values())) for step, sizes in memory.made.items()}


def note(connection: Connection, plan: Plan, memory: Memory, applied: Applied, rows: Any) -> None:
    """Look up the sizes of what a transaction has changed at steps that triggers listen to.

    `rows` gives the tasks of a subject by step.
    """
    for revision, subject in list(applied.made):
        step = plan.steps.get(revision)
        row = rows(subject).get(revision)
        if step is None or row is None or row.state != "done" or not row.passed:
            continue
        result = row.result
        feed = _feed(step)
        origin = plan.maker(feed)[0] if step.passes else step
        if step.passes:
            above = rows(subject).get(origin.id)
            result = above.result if above is not None else None
        size = _size(connection, memory.documents, plan, feed, result)
        applied.made[revision, subject] = size


def take(memory: Memory, applied: Applied) -> list[tuple[RevisionId, int, int]]:
    """Take what was committed into memory; how many items and how much more each step has made."""
    moved: dict[RevisionId, tuple[int, int]] = {}
    for (revision, subject), size in applied.made.items():
        sizes = memory.made.get(revision)
        if sizes is None:
            continue
        before = sizes.pop(subject, None)
        if size is not None:
            sizes[subject] = size
        items, more = moved.get(revision, (0, 0))
        items += (size is not None) - (before is not None)
        moved[revision] = (items, more + (size or 0) - (before or 0))
    return [(step, items, size) for step, (items, size) in moved.items() if items or size]


def _feed(step: PlannedStep) -> Feed:
    """The output that is counted: particles or picks, where a step has them."""
    ports = type(step.protocol).outputs()
    counted = [port for port in ports if issubclass(port.item, tuple(_COUNTS))] or ports
    return Feed(step.id, counted[0].name)


def _size(
    connection: Connection, documents: Documents, plan: Plan, feed: Feed, result: int | None
) -> int:
    """How much an item counts: its length, or 1."""
    maker, port = plan.maker(feed)
    kind = next(
        (output.item for output in type(maker.protocol).outputs() if output.name == port), None
    )
    if result is None or kind is None or not hasattr(kind, "__len__"):
        return 1
    document = json.loads(documents.get(connection, [result])[result])
    return len(from_document(kind, document[port]))


def _stored(
    connection: Connection, plan: Plan, step: PlannedStep, memory: Memory
) -> dict[SubjectId, int]:
    """Sizes of all that has passed at a step, by subject."""
    feed = _feed(step)
    maker, _ = plan.maker(feed)
    task, above = t.task.c, t.task.alias()
    chosen = select(task.subject_id, task.result_id).where(
        task.revision_id == step.id, task.state == "done", task.passed
    )
    if step.passes:
        chosen = (
            select(task.subject_id, above.c.result_id)
            .join(above, above.c.subject_id == task.subject_id)
            .where(task.revision_id == step.id, task.state == "done", task.passed)
            .where(above.c.revision_id == maker.id)
        )
    results = {SubjectId(row[0]): row[1] for row in connection.execute(chosen)}
    counted = _counted(connection, [result for result in results.values() if result])
    return {
        subject: counted[result]
        if result in counted
        else _size(connection, memory.documents, plan, feed, result)
        for subject, result in results.items()
    }


def _counted(connection: Connection, results: Iterable[int]) -> dict[int, int]:
    """How many particles or picks results have, where that was measured."""
    wanted, sizes = sorted(results), {}
    quality = t.quality.c
    for begin in range(0, len(wanted), _PAGE):
        chosen = select(quality.result_id, quality.value).where(
            quality.result_id.in_(wanted[begin : begin + _PAGE]),
            quality.name.in_(list(_COUNTS.values())),
        )
        sizes.update({int(row[0]): int(row[1]) for row in connection.execute(chosen)})
    return sizes
