"""Sending leases: from tasks that were chosen to calls that a worker can run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from icestream.engine.decisions.actions import Start
from icestream.engine.executors.contract import Call, Lease
from icestream.engine.graph.plan import Plan
from icestream.engine.record.documents import Documents
from icestream.engine.record.endings import TaskOut
from icestream.engine.record.opening import SCRATCH
from icestream.store import tables as t
from icestream.store.writing import Writes

__all__ = ["Dispatch", "prepare"]


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What is needed to make calls."""

    plan: Plan
    folder: Path
    """The session's."""
    documents: Documents
    epoch: int
    timeout: float
    """Seconds for one task."""


def prepare(
    dispatch: Dispatch, connection: Connection, writes: Writes, starts: Sequence[Start]
) -> tuple[list[Lease], list[list[TaskOut]]]:
    """Mark tasks as running, and make the leases that run them, with their tasks."""
    task = t.task.c
    wanted = [ready.id for start in starts for ready in start.tasks]
    chosen = (
        select(
            task.id, task.step_id, task.revision_id, task.exposure_id, task.key, task.inputs,
            task.attempt, t.exposure.c.name,
        )
        .outerjoin(t.exposure, t.exposure.c.id == task.exposure_id)
        .where(task.id.in_(wanted), task.state == "ready")
    )  # fmt: skip
    rows = {row.id: row for row in connection.execute(chosen)}
    results = {one for row in rows.values() for one in _results(row.inputs)}
    documents = dispatch.documents.get(connection, results)
    leases: list[Lease] = []
    outs: list[list[TaskOut]] = []
    for start in starts:
        calls: list[Call] = []
        of_lease: list[TaskOut] = []
        for ready in start.tasks:
            row = rows.get(ready.id)
            if row is None:
                continue
            call, out = _call(dispatch, connection, row)
            numbers = _results(row.inputs)
            calls.append(_with(call, {number: documents[number] for number in numbers}))
            of_lease.append(out)
            writes.update(
                t.task, row.id, state="running", epoch=dispatch.epoch, attempt=out.attempt
            )
            writes.count(row.revision_id, ready=-1, running=1)
        outs.append(of_lease)
        leases.append(
            Lease(id=start.lease, calls=tuple(calls), timeout=dispatch.timeout * len(calls))
        )
    return leases, outs


def _results(inputs: str) -> list[int]:
    content = json.loads(inputs)
    if isinstance(content, dict):
        return [number for number, _ in content["items"]]
    return [entry[2] for entry in content]


def _sources(inputs: str) -> tuple[tuple[str, int], ...]:
    """Lineage: (port, result) of all that goes in."""
    content = json.loads(inputs)
    if isinstance(content, dict):
        found = [(port, number) for number, port in content["items"]]
        if content["previous"]:
            found.append(("previous", content["previous"]))
        return tuple(found)
    return tuple((entry[0], entry[2]) for entry in content)


def _call(dispatch: Dispatch, connection: Connection, row: Any) -> tuple[dict[str, Any], TaskOut]:
    step = dispatch.plan.steps[row.step_id]
    attempt = row.attempt + 1
    scratch = str(dispatch.folder / SCRATCH / str(dispatch.epoch) / f"{row.id}.{attempt}")
    name = row.name or f"batch_{-row.exposure_id:05d}"
    call = {
        "task": row.id,
        "attempt": attempt,
        "target": step.target,
        "parameters": step.parameters,
        "inputs": row.inputs,
        "session": str(dispatch.folder),
        "scratch": scratch,
        "folder": step.folder,
        "name": name,
        "checkpoint": _checkpoint(connection, row.inputs) if step.kind == "batch" else "",
        "key": row.key,
        "cores": step.need.cores,
        "gpus": step.need.gpus,
    }
    out = TaskOut(
        id=row.id,
        step=row.step_id,
        revision=row.revision_id,
        exposure=row.exposure_id,
        name=name,
        key=row.key,
        sources=_sources(row.inputs),
        attempt=attempt,
        scratch=scratch,
    )
    return call, out


def _checkpoint(connection: Connection, inputs: str) -> str:
    previous = json.loads(inputs)["previous"]
    if not previous:
        return ""
    chosen = select(t.result.c.checkpoint).where(t.result.c.id == previous)
    return str(connection.execute(chosen).scalar_one())


def _with(call: dict[str, Any], documents: dict[int, str]) -> Call:
    return Call(documents=documents, **call)
