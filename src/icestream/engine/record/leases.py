"""Sending leases: from tasks that were chosen to calls that a worker can run."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, select

from icestream.engine.decisions.actions import Start
from icestream.engine.executors.contract import Call, Lease
from icestream.engine.graph.plan import Lane, Plan, PlannedStep, folder_of
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.endings import TaskOut
from icestream.engine.record.results import results_of
from icestream.model import ResultId, RevisionId, StepId, SubjectId, TaskId, safe_file_name
from icestream.store import tables as t

__all__ = ["KEPT", "SCRATCH", "Dispatch", "Sent", "prepare"]

SCRATCH = ".scratch"
"""Where attempts write, in the session's folder."""
KEPT = ".kept"
"""Beside it: below it are folders that outlive the attempts of a task, by its key."""

_READY = (
    select(
        t.task.c.id, t.task.c.step_id, t.task.c.revision_id, t.task.c.subject_id, t.task.c.key,
        t.task.c.inputs, t.task.c.attempt, t.task.c.result_id, t.subject.c.name,
    )
    .join(t.subject, t.subject.c.id == t.task.c.subject_id)
    .where(t.task.c.id.in_(bindparam("tasks", expanding=True)), t.task.c.state == "ready")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What is needed to make calls."""

    folder: Path
    """The session's."""
    epoch: int
    timeout: float
    """Seconds for one task."""
    out: frozenset[TaskId] = frozenset()
    """Tasks that are out already: what goes into one may have changed since."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A lease, and the tasks in it."""

    lease: Lease
    tasks: tuple[TaskOut, ...]


def prepare(cascade: Cascade, dispatch: Dispatch, starts: Sequence[Start]) -> list[Sent]:
    """Mark tasks as running, and make the leases that run them.

    A task whose result another branch has made meanwhile is done at once; one whose work another
    branch is doing just now waits for it.
    """
    rows = _rows(cascade.connection, starts)
    for task in _known_or_doing(cascade, rows.values()):
        del rows[task]
    results = {result for row in rows.values() for result in _results(row.inputs)}
    documents = cascade.memory.documents.get(cascade.connection, results)
    sent = []
    for start in starts:
        calls: list[Call] = []
        tasks: list[TaskOut] = []
        lane: Lane = "live"
        for ready in start.tasks:
            row = rows.get(ready.id)
            if row is None:
                continue
            step = cascade.plan.steps[RevisionId(row.revision_id)]
            lane = step.lane
            out = _task_out(dispatch, step, row)
            of_task = {source: documents[source] for source in _results(row.inputs)}
            calls.append(_call(cascade, dispatch, step, row, out, of_task))
            tasks.append(out)
            cascade.writes.update(
                t.task, row.id, state="running", epoch=dispatch.epoch, attempt=out.attempt
            )
            cascade.writes.count(row.revision_id, ready=-1, running=1)
        lease = Lease(
            id=start.lease,
            calls=tuple(calls),
            timeout=dispatch.timeout * len(calls),
            lane=lane,
            expected=start.seconds,
        )
        sent.append(Sent(lease, tuple(tasks)))
    return sent


def _rows(connection: Connection, starts: Sequence[Start]) -> dict[int, Any]:
    wanted = [ready.id for start in starts for ready in start.tasks]
    return {row.id: row for row in connection.execute(_READY, {"tasks": wanted})}


def _known_or_doing(cascade: Cascade, rows: Iterable[Any]) -> list[int]:
    """Tasks that need not run: their result is there, or being made by another task."""
    doing = set(cascade.memory.running)
    spared: list[Any] = []
    # A step that does not look back has what was taken back while it ran, and is wanted again.
    looking = [row.key for row in rows if cascade.plan.steps[row.revision_id].looks_back]
    there = results_of(cascade.connection, looking).keys() - cascade.memory.remade.keys()
    waiting = _waiting(cascade, rows)
    for row in rows:
        looks_back = cascade.plan.steps[row.revision_id].looks_back
        if row.id in waiting or row.key in doing or (looks_back and row.key in there):
            spared.append(row)
        elif looks_back:
            doing.add(row.key)
    cascade.load(SubjectId(row.subject_id) for row in spared)
    for row in spared:
        step = cascade.plan.steps[RevisionId(row.revision_id)]
        task = cascade.rows(SubjectId(row.subject_id))[step.id]
        known = cascade.known_results(step, [task])
        if row.id in waiting:
            cascade.withhold(step, task, waiting[row.id], "what it is made of is made again")
        elif task.key in known:
            cascade.use(step, task, known[task.key])
            del cascade.applied.withdrawn[task.id]  # who starts it has taken it already
        else:
            cascade.withhold(step, task)
    return [row.id for row in spared]


def _waiting(cascade: Cascade, rows: Iterable[Any]) -> dict[int, str]:
    """Tasks that are to be made from a result whose files are only being made again: its key."""
    remade = {result: key for key, result in cascade.memory.remade.items()}
    if not remade:
        return {}
    inputs = ((row.id, source) for row in rows for _, source in _sources(row.inputs))
    return {task: remade[source] for task, source in inputs if source in remade}


def _results(inputs: str) -> list[int]:
    content = json.loads(inputs)
    if isinstance(content, dict):
        return [result for result, _ in content["items"]]
    return [entry[2] for entry in content]


def _sources(inputs: str) -> tuple[tuple[str, ResultId], ...]:
    """Lineage: (port, result) of all that goes in."""
    content = json.loads(inputs)
    if isinstance(content, dict):
        sources = [(port, result) for result, port in content["items"]]
        if content.get("previous"):
            sources.append(("previous", content["previous"]))
        return tuple(sources)
    return tuple((entry[0], entry[2]) for entry in content)


def _task_out(dispatch: Dispatch, step: PlannedStep, row: Any) -> TaskOut:
    attempt = row.attempt + 1
    scratch = dispatch.folder / SCRATCH / str(dispatch.epoch) / f"{row.id}.{row.key[:8]}.{attempt}"
    return TaskOut(
        id=TaskId(row.id),
        step=StepId(row.step_id),
        revision=step.id,
        subject=SubjectId(row.subject_id),
        name=row.name,
        key=row.key,
        sources=_sources(row.inputs),
        attempt=attempt,
        scratch=str(scratch),
    )


def _call(
    cascade: Cascade,
    dispatch: Dispatch,
    step: PlannedStep,
    row: Any,
    out: TaskOut,
    documents: Mapping[int, str],
) -> Call:
    remade = cascade.memory.remade.get(row.key)
    folder, name = step.folder, _name(dispatch, row)
    if remade is not None:
        folder, name = _names_of(cascade.connection, remade, row.key)
    return Call(
        task=out.id,
        attempt=out.attempt,
        target=step.target,
        parameters=step.parameters,
        inputs=row.inputs,
        documents=documents,
        kinds=_kinds(cascade.plan, step) if step.many else {},
        session=str(dispatch.folder),
        scratch=out.scratch,
        kept=str(dispatch.folder / KEPT / out.key),
        folder=folder,
        exposure=row.name,
        name=name,
        checkpoint=_checkpoint(cascade.connection, row.inputs) if step.protocol.accumulates else "",
        key=out.key,
        cores=step.need.cores,
        memory=step.need.memory,
        gpus=step.need.gpus,
        programs=step.programs,
        within=step.within,
    )


def _kinds(plan: Plan, step: PlannedStep) -> dict[str, str]:
    """Types of what is linked to inputs that take many links, as those who make it declare."""
    kinds = {}
    for port in step.many:
        for feed in step.feeds.get(port, ()):
            maker, made = plan.maker(feed)
            kind = next(out.item for out in type(maker.protocol).outputs() if out.name == made)
            kinds[f"{plan.steps[feed.step].name}.{made}"] = f"{kind.__module__}:{kind.__qualname__}"
    return kinds


def _name(dispatch: Dispatch, row: Any) -> str:
    """How the files of a task begin; those that it made of other inputs keep theirs."""
    again = row.result_id is not None or TaskId(row.id) in dispatch.out
    name = safe_file_name(row.name)
    return f"{name}.{row.key[:8]}" if again else name


def _names_of(connection: Connection, result: ResultId, key: str) -> tuple[str, str]:
    """Folder and beginning of the names of a result's files, when it was made for the first time.

    What was made from it names them.
    """
    chosen = (
        select(t.step.c.name.label("step"), t.revision.c.number, t.subject.c.name)
        .join(t.result, t.result.c.step_id == t.step.c.id)
        .join(t.revision, t.revision.c.id == t.result.c.revision_id)
        .join(t.subject, t.subject.c.id == t.result.c.subject_id)
        .where(t.result.c.id == result)
    )
    row = connection.execute(chosen).one()
    paths = connection.execute(select(t.file.c.path).where(t.file.c.result_id == result)).scalars()
    name = safe_file_name(row.name)
    longer = f"{name}.{key[:8]}"
    again = any(Path(path).name.startswith(longer) for path in paths)
    return folder_of(row.step, row.number), longer if again else name


def _checkpoint(connection: Connection, inputs: str) -> str:
    previous = json.loads(inputs)["previous"]
    if not previous:
        return ""
    chosen = select(t.result.c.checkpoint).where(t.result.c.id == previous)
    return str(connection.execute(chosen).scalar_one())
