"""Opening a session: what a crash left behind put right, and where everything stands."""

import json
import os
import socket
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from icestream.engine.decisions.ready import SPAN, Order
from icestream.engine.decisions.state import Heard, Lot, StepState
from icestream.engine.graph.plan import FIRST_BRANCH, PlannedStep
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.machine.naming import name_here, person_here
from icestream.engine.record.workflows import adopted_branch, workflow_of
from icestream.model import BranchId, StepStatus
from icestream.protocol import BatchProtocol, TriggerProtocol
from icestream.store import tables as t
from icestream.store.events import (
    SCHEMA,
    EpochStarted,
    SessionStateChanged,
    SourceWaiting,
    StepStateChanged,
)
from icestream.store.open import Store
from icestream.store.writing import Writes

__all__ = [
    "LEFT",
    "check_graph",
    "enter_session",
    "mark_of",
    "order_of",
    "recover",
    "step_state",
    "uid_of",
]

LEFT: Mapping[str, StepStatus] = {"running": "waiting", "draining": "paused"}
"""What steps are, by what they were, when nobody runs the session any more."""


def uid_of(store: Store) -> str:
    """The session's uid; a new one for a session that has not begun."""
    with store.read() as connection:
        return connection.execute(select(t.session.c.uid)).scalar() or uuid.uuid4().hex


def order_of(store: Store) -> Order:
    """Which exposure of the session goes first; the newest in one that has not begun."""
    with store.read() as connection:
        return connection.execute(select(t.session.c.order)).scalar() or "newest"


def mark_of(uid: str, folder: Path) -> str:
    """Beginning of the names of all leases of a session on this machine."""
    return f"{name_here(uid, folder)}:"


def check_graph(connection: Connection, workflow: Workflow) -> None:
    """Refuse to start with a workflow that lacks a step of the session, or links one otherwise.

    A workflow is changed in that way on purpose only, not by naming another file.

    Raises
    ------
    InvalidWorkflow
        With everything that differs.
    """
    adopted = adopted_branch(connection)
    old = workflow_of(connection, adopted) if adopted is not None else None
    problems = []
    for step in old.steps if old else ():
        try:
            new = workflow.step(step.name)
        except LookupError:
            problems.append(f"the session has a step {step.name!r} that this workflow lacks")
            continue
        if {p: [s.step for s in f] for p, f in new.inputs.items()} != {
            p: [s.step for s in f] for p, f in step.inputs.items()
        }:
            problems.append(f"step {step.name!r} is linked otherwise in the session")
    if problems:
        problems.append("start a new session for this workflow")
        raise InvalidWorkflow(workflow.name, problems)


def enter_session(
    connection: Connection, writes: Writes, name: str, uid: str, workflow: Workflow, order: str
) -> BranchId:
    """Insert the session's row, or bring it up to date; returns the branch that was adopted.

    Its name and uid stay what they are.
    """
    row = connection.execute(select(t.session)).one_or_none()
    values: Mapping[str, Any] = {
        "workflow": workflow.name,
        "order": order,
        "state": "running",
        "reason": "",
        "changed": writes.now,
        "events": max(SCHEMA, row.events if row else 0),
    }
    if row is None or (row.state, row.reason) != ("running", ""):
        writes.event(SessionStateChanged(state="running"))
    if row is not None:
        connection.execute(update(t.session).values(**values))
        return BranchId(row.branch_id)
    made = {"id": 1, "name": name, "uid": uid, "epoch": 0, "created": writes.now}
    connection.execute(insert(t.session).values(**made, branch_id=FIRST_BRANCH, **values))
    return FIRST_BRANCH


def recover(
    folder: Path, connection: Connection, writes: Writes, software: Mapping[str, str]
) -> int:
    """Take over a session: what was running is ready again; returns the new epoch."""
    row = connection.execute(select(t.session)).one()
    connection.execute(
        update(t.task)
        .where(t.task.c.state == "running")
        .values(state="ready", due=0.0, attempt=t.task.c.attempt - 1)  # it was not its doing
    )
    # Sessions of an earlier version that took the oldest first had the ranks the other way round.
    place = t.task.c.rank % SPAN
    connection.execute(
        update(t.task)
        .where(place != t.task.c.subject_id)
        .values(rank=t.task.c.rank - place + t.task.c.subject_id)
    )
    # What waited for the same work in another branch is not held by a gate.
    gates = select(t.revision.c.id).where(t.revision.c.kind == "trigger")
    connection.execute(
        update(t.task)
        .where(t.task.c.state == "held", t.task.c.revision_id.not_in(gates))
        .values(state="ready", reason="")
    )
    connection.execute(
        update(t.counter)
        .where(t.counter.c.running != 0)
        .values(ready=t.counter.c.ready + t.counter.c.running, running=0)
    )
    connection.execute(
        update(t.counter)
        .where(t.counter.c.held != 0, t.counter.c.revision_id.not_in(gates))
        .values(ready=t.counter.c.ready + t.counter.c.held, held=0)
    )
    _put_right(connection, writes)
    epoch, host = int(row.epoch) + 1, socket.gethostname()
    holder = f"{os.getpid()}@{host}"
    connection.execute(update(t.session).values(epoch=epoch, holder=holder))
    connection.execute(
        t.epoch.insert().values(
            id=epoch,
            started=writes.now,
            holder=holder,
            software=json.dumps(software),
            host=host,
            folder=str(folder),
        )
    )
    writes.event(
        EpochStarted(
            epoch=epoch,
            host=host,
            folder=str(folder),
            holder=holder,
            who=person_here(),
            workflow=row.workflow,
            order=row.order,
            events=SCHEMA,
        )
    )
    return epoch


def _put_right(connection: Connection, writes: Writes) -> None:
    """Let steps be what they are when nobody runs the session: a crash could not say so."""
    active = (
        select(t.member.c.revision_id)
        .join(t.branch, t.branch.c.id == t.member.c.branch_id)
        .where(t.branch.c.state == "active")
    )
    left = select(t.revision).where(t.revision.c.id.in_(active))
    for revision in connection.execute(left).all():
        if revision.state in LEFT:
            state = LEFT[revision.state]
            writes.update(t.revision, revision.id, state=state)
            said = StepStateChanged(state=state, reason=revision.reason)
            writes.event(said, step_id=revision.step_id)
        if revision.waiting:
            writes.update(t.revision, revision.id, waiting=0)
            writes.event(SourceWaiting(waiting=0), step_id=revision.step_id)


def step_state(
    connection: Connection,
    step: PlannedStep,
    order: Order,
    heard: tuple[Heard | None, Heard | None] = (None, None),
    made: tuple[int, int] = (0, 0),
) -> StepState:
    """What decisions need to know of a step, from the store.

    `heard` is what opens it and what closes it, `made` what it has made for those that listen.
    """
    row = connection.execute(select(t.revision).where(t.revision.c.id == step.id)).one()
    chosen = select(t.counter).where(t.counter.c.revision_id == step.id)
    counts = connection.execute(chosen).one()
    return StepState(
        id=step.id,
        depth=step.depth,
        kind=step.kind,
        need=step.need,
        lane=step.lane,
        feeding=tuple(dict.fromkeys(f.step for feeds in step.feeds.values() for f in feeds)),
        state=row.state if row.state in ("paused", "waiting") else "waiting",
        stored=counts.ready,
        order=order,
        backfilling=row.backfill is not None,
        awaited=None if step.sample is None else len(step.sample),
        opens=heard[0],
        closes=heard[1],
        made_items=made[0],
        made_size=made[1],
        **_waiting(connection, step, counts.held),
    )


def _waiting(connection: Connection, step: PlannedStep, held: int) -> dict[str, Any]:
    """What waits at a step, and what it has been told: as far as its kind has such."""
    size, items = connection.execute(
        select(func.coalesce(func.sum(t.arrival.c.size), 0), func.count()).where(
            t.arrival.c.revision_id == step.id, t.arrival.c.task_id.is_(None)
        )
    ).one()
    protocol = step.protocol
    if isinstance(protocol, BatchProtocol):
        waits = {"waiting_size": int(size), "waiting_items": int(items)}
        return {**waits, "full": protocol.batch_size(), "told": _told(connection, step)}
    if step.protocol.groups:
        return {"waiting_items": int(items)}
    if isinstance(protocol, TriggerProtocol):
        return _at_gate(connection, step, protocol)
    return {"withheld": held}


def _at_gate(
    connection: Connection, step: PlannedStep, protocol: TriggerProtocol[Any]
) -> dict[str, Any]:
    """What a trigger holds and has let through, by parts of its stream."""
    arrival, task = t.arrival.c, t.task.c
    counted = (arrival.lot, func.count(), func.sum(arrival.size), func.min(arrival.came))
    held = (
        select(*counted)
        .join(
            t.task,
            (task.revision_id == arrival.revision_id) & (task.subject_id == arrival.subject_id),
        )
        .where(arrival.revision_id == step.id, task.state == "held")
        .group_by(arrival.lot)
    )
    passed = (
        select(*counted)
        .where(arrival.revision_id == step.id, arrival.went.is_not(None))
        .group_by(arrival.lot)
    )
    lots: dict[str, Lot] = {}
    for lot, items, size, first in connection.execute(held):
        lots[lot] = Lot(items, int(size), first=first)
    for lot, items, size, _ in connection.execute(passed):
        there = lots.setdefault(lot, Lot())
        there.passed_items, there.passed_size = items, int(size)
    return {
        "waiting_items": sum(lot.items for lot in lots.values()),
        "waiting_size": sum(lot.size for lot in lots.values()),
        "lots": lots,
        "unasked": set(lots),
        "shuts": protocol.shuts(),
        "draws": protocol.draws,
        "timed": protocol.timed(),
        "closed_for": step.closed,
        "unopened": protocol.draws and protocol.opened_by() is not None and step.gate == "held",
    }


def _told(connection: Connection, step: PlannedStep) -> bool:
    """Whether the last batch of a step knew that nothing more would come."""
    chosen = (
        select(t.task.c.inputs)
        .join(t.subject, t.subject.c.id == t.task.c.subject_id)
        .where(t.task.c.revision_id == step.id, t.task.c.state != "failed")
        .order_by(t.subject.c.number.desc())
        .limit(1)
    )
    inputs = connection.execute(chosen).scalar()
    return inputs is None or bool(json.loads(inputs)["final"])
