"""Opening a session: its workflow into the store, and what a crash left behind put right."""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, update

from icestream.engine.decisions.state import StepState
from icestream.engine.graph.plan import Plan, PlannedStep, bind
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, Output, Step, Workflow
from icestream.model import content_key
from icestream.protocol import BatchProtocol, Registry
from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.writing import Writes

__all__ = [
    "LEFT",
    "SCRATCH",
    "enter_revision",
    "enter_session",
    "enter_workflow",
    "mark_of",
    "plan_of",
    "recover",
    "step_state",
    "workflow_of",
]

SCRATCH = ".scratch"
"""Where attempts write, in the session's folder."""
LEFT = {"running": "waiting", "draining": "paused"}
"""What steps are, by what they were, when nobody runs the session any more."""


def mark_of(folder: Path) -> str:
    """Beginning of the names of all leases of a session."""
    return f"{content_key(str(folder))[:12]}:"


def workflow_of(connection: Connection) -> Workflow | None:
    """The workflow that the store has; None for a new session."""
    name = connection.execute(select(t.session.c.workflow)).scalar()
    if name is None:
        return None
    chosen = (
        select(t.step.c.id, t.step.c.name, t.step.c.protocol, t.revision.c.changed)
        .join(t.revision, t.revision.c.id == t.step.c.revision_id)
        .order_by(t.step.c.id)
    )
    rows = connection.execute(chosen).all()
    names = {row.id: row.name for row in rows}
    inputs: dict[int, dict[str, list[Output]]] = {row.id: {} for row in rows}
    for link in connection.execute(select(t.link).order_by(t.link.c.id)):
        source = Output(names[link.source_id], link.source_port)
        inputs[link.step_id].setdefault(link.port, []).append(source)
    steps = tuple(
        Step(
            name=row.name,
            protocol=row.protocol,
            parameters=json.loads(row.changed),
            inputs={port: tuple(sources) for port, sources in inputs[row.id].items()},
        )
        for row in rows
    )
    return Workflow(name=name, steps=steps)


def plan_of(store: Store, registry: Registry) -> Plan:
    """The session's workflow bound to its protocols, as the store has it."""
    with store.read() as connection:
        workflow = workflow_of(connection)
        if workflow is None:
            raise LookupError(f"the session in {store.folder} has not been started yet")
        rows = connection.execute(
            select(t.step, t.revision.c.number).join(
                t.revision, t.revision.c.id == t.step.c.revision_id
            )
        ).all()
    plan = bind(workflow, registry, {row.name: row.id for row in rows})
    for row in rows:
        step = plan.steps[row.id]
        step.revision_id, step.number, step.gate = row.revision_id, row.number, row.gate
    _find_twins(plan)
    return plan


def enter_workflow(
    connection: Connection, writes: Writes, workflow: Workflow, registry: Registry
) -> Plan:
    """Bring the store to `workflow`: new steps are added, changed ones get a new revision.

    Raises
    ------
    InvalidWorkflow
        If it cannot run, or would link a step that exists in another way, or leave one out.
    """
    problems = validate(workflow, registry)
    if problems:
        raise InvalidWorkflow(workflow.name, problems)
    known = {row.name: row for row in connection.execute(select(t.step))}
    numbers = {name: int(row.id) for name, row in known.items()}
    for step in workflow.steps:
        numbers.setdefault(
            step.name, writes.numbers.next("step") if step.name not in numbers else 0
        )
    _check_same_graph(connection, workflow)
    plan = bind(workflow, registry, numbers)
    for bound in plan.by_depth():
        row = known.get(bound.name)
        if row is None:
            _insert_step(writes, bound)
        else:
            bound.revision_id, bound.gate = row.revision_id, row.gate
            enter_revision(connection, writes, bound, who="")
            writes.update(t.step, bound.id, protocol=bound.protocol.name, depth=bound.depth)
    writes.flush(connection)
    _find_twins(plan)
    return plan


def enter_revision(connection: Connection, writes: Writes, step: PlannedStep, who: str) -> bool:
    """Bring a step to the revision of its fingerprint, an earlier one or a new one.

    Returns False when it has it already. Parameters that do not decide what is made are changed
    in the revision itself; True then, where a thread has to begin anew with them.
    """
    chosen = select(t.revision).where(t.revision.c.step_id == step.id)
    rows = {row.fingerprint: row for row in connection.execute(chosen)}
    row = rows.get(step.fingerprint)
    if row is not None:
        step.number = row.number
        written = {
            "parameters": json.dumps(dict(step.parameters)),
            "changed": json.dumps(dict(step.changed)),
        }
        same = (row.parameters, row.changed) == tuple(written.values())
        if not same:
            writes.update(t.revision, row.id, **written)
        if row.id == step.revision_id:
            return not same and step.kind in ("source", "monitor")
        step.revision_id = row.id
    else:
        step.number = 1 + max((old.number for old in rows.values()), default=0)
        _insert_revision(writes, step, who)
    step.gate = "held"
    anew = {"revision_id": step.revision_id, "backfill": 0, "gate": "held", "cursor": "null"}
    writes.update(t.step, step.id, **anew)
    document = json.dumps({"revision": step.number, "who": who, "changed": dict(step.changed)})
    writes.event("step.revised", document, step_id=step.id)
    return True


def _insert_step(writes: Writes, step: PlannedStep) -> None:
    step.number = 1
    writes.insert(
        t.step,
        id=step.id,
        name=step.name,
        protocol=step.protocol.name,
        kind=step.kind,
        depth=step.depth,
        state="waiting",
        revision_id=_insert_revision(writes, step, ""),
        backfill=0,
    )
    for port, feeds in step.sources.items():
        for feed in feeds:
            writes.insert(
                t.link, step_id=step.id, port=port, source_id=feed.step, source_port=feed.port
            )
    writes.event("step.added", step_id=step.id)


def _insert_revision(writes: Writes, step: PlannedStep, who: str) -> int:
    step.revision_id = writes.insert(
        t.revision,
        step_id=step.id,
        number=step.number,
        parameters=json.dumps(dict(step.parameters)),
        changed=json.dumps(dict(step.changed)),
        version=step.protocol.version,
        fingerprint=step.fingerprint,
        created=writes.now,
        who=who,
    )
    writes.insert(t.counter, revision_id=step.revision_id)
    return step.revision_id


def _check_same_graph(connection: Connection, workflow: Workflow) -> None:
    """A session's graph may grow, but what is in it stays as it is."""
    old = workflow_of(connection)
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


def _find_twins(plan: Plan) -> None:
    """Find the steps whose results may exist before their tasks do."""
    for step in plan.steps.values():
        twins = [s for s in plan.steps.values() if s.protocol.name == step.protocol.name]
        step.looks_back = step.number > 1 or len(twins) > 1


def recover(connection: Connection, software: Mapping[str, str], now: float) -> int:
    """Take over a session: what was running is ready again; returns the new epoch."""
    connection.execute(
        update(t.task).where(t.task.c.state == "running").values(state="ready", due=0.0)
    )
    connection.execute(
        update(t.counter)
        .where(t.counter.c.running != 0)
        .values(ready=t.counter.c.ready + t.counter.c.running, running=0)
    )
    for was, left in LEFT.items():
        connection.execute(update(t.step).where(t.step.c.state == was).values(state=left))
    epoch = int(connection.execute(select(t.session.c.epoch)).scalar_one()) + 1
    holder = f"{os.getpid()}@{socket.gethostname()}"
    connection.execute(update(t.session).values(epoch=epoch, holder=holder))
    connection.execute(
        t.epoch.insert().values(id=epoch, started=now, holder=holder, software=json.dumps(software))
    )
    return epoch


def enter_session(
    connection: Connection, folder: Path, workflow: Workflow, order: str, now: float
) -> None:
    """Insert the session's row, or bring it up to date."""
    values: Mapping[str, Any] = {
        "workflow": workflow.name,
        "order": order,
        "state": "running",
        "reason": "",
        "changed": now,
    }
    if connection.execute(select(t.session.c.id)).scalar() is None:
        connection.execute(
            t.session.insert().values(id=1, name=folder.name, epoch=0, created=now, **values)
        )
    else:
        connection.execute(update(t.session).values(**values))


def step_state(connection: Connection, step: PlannedStep) -> StepState:
    """What decisions need to know of a step, from the store."""
    row = connection.execute(select(t.step).where(t.step.c.id == step.id)).one()
    chosen = select(t.counter).where(t.counter.c.revision_id == step.revision_id)
    counts = connection.execute(chosen).one()
    size, items = connection.execute(
        select(func.coalesce(func.sum(t.arrival.c.size), 0), func.count()).where(
            t.arrival.c.revision_id == step.revision_id, t.arrival.c.task_id.is_(None)
        )
    ).one()
    protocol = step.protocol
    fresh = StepState(
        id=step.id,
        depth=step.depth,
        kind=step.kind,
        need=step.need,
        lane=step.lane,
        feeding=tuple(dict.fromkeys(f.step for feeds in step.sources.values() for f in feeds)),
        state=row.state if row.state in ("paused", "waiting") else "waiting",
        stored=counts.ready,
        backfilling=row.backfill is not None,
    )
    if isinstance(protocol, BatchProtocol):
        fresh.full = protocol.batch_size()
        fresh.waiting_size, fresh.waiting_items = int(size), int(items)
        fresh.told = _told(connection, step)
    elif step.kind == "trigger":
        fresh.waiting_items = counts.held
        fresh.waiting_size = int(size) if counts.held else 0
    return fresh


def _told(connection: Connection, step: PlannedStep) -> bool:
    """Whether the last batch of a step knew that nothing more would come."""
    chosen = (
        select(t.task.c.inputs)
        .where(t.task.c.revision_id == step.revision_id, t.task.c.state != "failed")
        .order_by(t.task.c.exposure_id)
        .limit(1)
    )
    inputs = connection.execute(chosen).scalar()
    return inputs is None or bool(json.loads(inputs)["final"])
