"""Groups: items that belong together become the input of one task."""

import json
from typing import Any

from sqlalchemy import select, update

from icestream.engine.graph.joins import Joined, Missing, Row
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.arrivals import Outcomes
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.subjects import named_subjects
from icestream.model import SubjectId, TaskId, task_key
from icestream.protocol import Gathered, GroupProtocol
from icestream.store import tables as t

__all__ = ["close_groups", "gather_groups"]


def gather_groups(cascade: Cascade, step: PlannedStep, outcomes: Outcomes) -> None:
    """Bring items to their groups, and make tasks of those that are complete.

    An author's method that fails breaks the step: what came is looked at again when it is resumed.
    """
    arrivals = cascade.arrivals
    there = arrivals.there(step, outcomes)
    changed: dict[SubjectId, Any] = {}
    for subject, outcome in outcomes.items():
        old = there.get(subject)
        if isinstance(outcome, Missing) and old is not None:
            arrivals.take_back(step, old)
            changed.setdefault(SubjectId(old.group_id), None)
        elif isinstance(outcome, Joined):
            if old is not None and old.task_id is not None and old.key == outcome.inputs[0].key:
                continue
            # What waits is asked about again: the author's method may have failed before.
            item = arrivals.item(step, outcome.inputs[0])
            group = _group(cascade, step, _protocol(step).group_of(item))
            if old is not None and old.group_id != group:
                arrivals.take_back(step, old)
                changed.setdefault(SubjectId(old.group_id), None)
                old = None
            if old is not None and old.key != outcome.inputs[0].key and _protocol(step).at_end:
                arrivals.take_back(step, old)  # and waits as what is new does
                old = None
            if old is None:
                arrivals.arrive(step, subject, outcome.inputs[0], group)
            elif old.key != outcome.inputs[0].key:
                arrivals.replace(old, outcome.inputs[0])
            changed[group] = item
    cascade.load(changed)
    for group, newest in changed.items():
        _process(cascade, step, group, newest)


def _process(cascade: Cascade, step: PlannedStep, group: SubjectId, newest: Any) -> None:
    """Make the task of a group to which something came, or was taken from, if it is time."""
    processed = step.id in cascade.rows(group)
    if processed and newest is not None and _protocol(step).at_end:
        return
    if not processed and (newest is None or _never_complete(step)):
        return  # a group of all exposures is not read anew with each of them
    rows = _rows(cascade, step, group)
    if processed or _is_complete(cascade, step, group, rows, newest):
        _form(cascade, step, group, rows)


def close_groups(cascade: Cascade, step: PlannedStep) -> bool:
    """Make tasks of the groups that are not complete: nothing more will come. True: of any."""
    arrival = t.arrival.c
    chosen = (
        select(arrival.group_id)
        .distinct()
        .where(arrival.revision_id == step.id, arrival.task_id.is_(None))
    )
    groups = [SubjectId(group) for group in cascade.connection.execute(chosen).scalars()]
    cascade.load(groups)
    for group in groups:
        _form(cascade, step, group, _rows(cascade, step, group))
    return bool(groups)


def _protocol(step: PlannedStep) -> GroupProtocol[Any]:
    if not isinstance(step.protocol, GroupProtocol):
        raise TypeError(f"step {step.name!r} makes no groups")
    return step.protocol


def _group(cascade: Cascade, step: PlannedStep, name: str) -> SubjectId:
    if not isinstance(name, str) or not name:
        raise TypeError(
            f"{step.protocol.name}: group_of returned {name!r}; it has to name the group"
        )
    family = _protocol(step).family
    numbers, _ = named_subjects(cascade.connection, cascade.writes, "group", family, [name])
    return numbers[name]


def _rows(cascade: Cascade, step: PlannedStep, group: SubjectId) -> list[Any]:
    """What has come of a group, in the order in which its exposures were found."""
    arrival = t.arrival.c
    chosen = (
        select(t.arrival)
        .where(arrival.revision_id == step.id, arrival.group_id == group)
        .order_by(arrival.subject_id)
    )
    return list(cascade.connection.execute(chosen))


def _never_complete(step: PlannedStep) -> bool:
    """Whether the author left it to the end of the stream to say that a group is complete."""
    return type(_protocol(step)).complete is GroupProtocol.complete


def _is_complete(
    cascade: Cascade, step: PlannedStep, group: SubjectId, rows: list[Any], newest: Any
) -> bool:
    if newest is None or not rows:
        return False
    return bool(_protocol(step).complete(Gathered(_name(cascade, group), len(rows), newest)))


def _name(cascade: Cascade, group: SubjectId) -> str:
    chosen = select(t.subject.c.name).where(t.subject.c.id == group)
    return str(cascade.connection.execute(chosen).scalar_one())


def _form(cascade: Cascade, step: PlannedStep, group: SubjectId, rows: list[Any]) -> None:
    """Make, or make anew, the task of a group from what is there."""
    row = cascade.rows(group).get(step.id)
    if not rows:
        if row is not None and row.state != "skipped":
            cascade.change(step, row, "skipped", reason="nothing is left of it", passed=False)
        return
    name = _name(cascade, group)
    protocol = step.protocol
    inputs = {"group": name, "items": [arrival.key for arrival in rows]}
    key = task_key(protocol.name, protocol.version, step.deciding, inputs)
    said = json.dumps(
        {"group": name, "items": [[arrival.result_id, arrival.port] for arrival in rows]}
    )
    if row is None:
        row = Row(TaskId(0), step.id, group, "ready", key=key)
        cascade.add(step, row, said)
    elif row.key != key or row.state == "skipped":
        cascade.change(step, row, "ready", key=key, inputs=said, attempt=0, reason="", passed=False)
    taken = [arrival for arrival in rows if arrival.task_id is None]
    ours = t.arrival.c.id.in_([arrival.id for arrival in taken])
    cascade.connection.execute(update(t.arrival).where(ours).values(task_id=row.id))
    cascade.applied.left.setdefault(step.id, []).extend(arrival.size for arrival in taken)
