"""Recording what happened: how endings and discoveries become rows.

Files are renamed into place first, then one transaction writes everything that follows. Until it
is committed nothing has happened, and what is left in place is overwritten by the next attempt.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, update

from icestream.engine.decisions.changes import ATTEMPTS, backoff
from icestream.engine.decisions.events import LeaseEnded
from icestream.engine.executors.contract import BLAMELESS, CANCELLED, Ended, Ending
from icestream.engine.graph.joins import Row
from icestream.engine.machine.clock import steady
from icestream.engine.machine.home import make_below
from icestream.engine.record.batches import free_batch
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.results import results_of
from icestream.engine.record.verdicts import Judged, judged, verdict_of
from icestream.model import (
    ResultId,
    RevisionId,
    StepId,
    SubjectId,
    TaskId,
)
from icestream.store import tables as t

__all__ = [
    "TaskOut",
    "publish",
    "publish_all",
    "record_done",
    "record_failed",
    "record_lease",
    "record_ready",
]


_SILENT = "silent"
"""Outcome of a call whose worker did not answer any more, whoever is to blame for that."""
_SILENCES = 20
"""How often that may happen to a task before it counts as an attempt: it may be its own doing."""


@dataclass(frozen=True, slots=True)
class TaskOut:
    """A task that is out, as it was when it started."""

    id: TaskId
    step: StepId
    revision: RevisionId
    subject: SubjectId
    name: str
    """Of the subject."""
    key: str
    sources: tuple[tuple[str, ResultId], ...]
    """(port, result) of all that went in."""
    attempt: int
    scratch: str


def publish(session: Path, out: TaskOut, ending: Ending) -> None:
    """Rename the files of an attempt into place; does nothing that was done before."""
    scratch = Path(out.scratch)
    for name, final, _ in ending.files:
        source, target = scratch / name, session / final
        try:
            source.replace(target)
        except FileNotFoundError:
            if not source.exists():
                if target.exists():
                    continue  # renamed before the store failed us
                raise
            make_below(session, target.parent)
            source.replace(target)


def publish_all(
    session: Path, ended: Iterable[Ended], leases: Mapping[str, Mapping[int, TaskOut]]
) -> None:
    """Rename the files of leases into place."""
    for lease in ended:
        for ending in lease.endings:
            publish(session, leases[lease.lease][ending.task], ending)


def record_lease(
    cascade: Cascade, lease: Ended, tasks: Mapping[int, TaskOut], epoch: int
) -> LeaseEnded:
    """Record what became of a lease and each of its tasks."""
    groups: dict[str, list[Any]] = defaultdict(list)
    told = {ending_.task: ending_ for ending_ in lease.endings}
    there = results_of(cascade.connection, (out.key for out in tasks.values()))
    seconds, reason = 0.0, ""
    for task, out in tasks.items():
        ending = told.get(task) or _lost(task, lease)
        outcome = _outcome(cascade, out, ending)
        if outcome == "done":
            record_done(cascade, out, ending, epoch, there)
            groups["done"].append(task)
            seconds += ending.seconds
        elif outcome in ("again", _SILENT):
            tried = outcome == "again"
            times = out.attempt if tried else cascade.memory.silent[task]
            due = steady() + backoff(times)
            if record_ready(cascade, out, due, ending.reason, tried=tried):
                groups["again"].append((task, due))
        elif outcome in ("storage", CANCELLED):
            if record_ready(cascade, out, 0.0, ending.reason, tried=False):
                groups["returned"].append(task)
        elif record_failed(cascade, out, ending.reason, ending.details):
            groups["refused" if outcome == "item" else "failed"].append(task)
            reason = ending.reason
            step = cascade.plan.steps[out.revision]
            if step.protocol.accumulates:
                free_batch(cascade, step, out.id)
                reason = f"{out.name} failed: {reason}; its items wait for another try"
        cascade.release(out.key)
    mean = seconds / max(1, len(groups["done"]))
    by_outcome = {name: tuple(tasks_) for name, tasks_ in groups.items()}
    return LeaseEnded(lease.lease, **by_outcome, seconds=mean, reason=reason)


def _outcome(cascade: Cascade, out: TaskOut, ending: Ending) -> str:
    """What an attempt comes to, with those before it."""
    outcome = ending.outcome
    if outcome == _SILENT:
        cascade.memory.silent[out.id] += 1
        if cascade.memory.silent[out.id] > _SILENCES:
            outcome = "again"
    if outcome == "unread" and out.attempt >= ATTEMPTS:
        # One that many tasks read is no matter of their items: the step is to be paused for it.
        before = cascade.memory.unread.get(out.revision)
        cascade.memory.unread[out.revision] = ending.away
        return "defect" if before == ending.away else "item"
    if outcome == "again" and out.attempt >= ATTEMPTS:
        outcome = "defect"
    return "again" if outcome == "unread" else outcome


def record_done(
    cascade: Cascade, out: TaskOut, ending: Ending, epoch: int, there: dict[str, ResultId]
) -> bool:
    """Record the result of a task; False when the task had been withdrawn or revised."""
    if out.key in cascade.memory.remade:
        result = _put_back(cascade, out, ending, epoch)
    else:
        result = there.get(out.key) or _insert_result(cascade, out, ending, epoch)
    there[out.key] = result
    row = _row(cascade, out)
    if row is None:
        ours = (t.task.c.id == out.id, t.task.c.state != "done")
        # What it makes next has to leave the files of this alone.
        cascade.connection.execute(update(t.task).where(*ours).values(result_id=result))
        return False
    step = cascade.plan.steps[out.revision]
    word = Judged()
    if step.protocol.judges:
        word = verdict_of(ending.types, ending.document)
        word = judged(cascade.connection, step.step, out.subject, word)
    cascade.writes.count(step.id, seconds=ending.seconds)
    if ending.cpu is not None:
        cascade.writes.count(step.id, cpu=ending.cpu, metered=1)
    if ending.memory is not None:
        cascade.writes.reach(step.id, ending.memory)
    made = cascade.corrections.of(step, out.subject, out.key, result)
    values = {"result_id": made.result, "passed": word.passed, "reason": word.reason}
    cascade.change(step, row, "done", corrected=made.key, **values, details="")
    return True


def record_failed(cascade: Cascade, out: TaskOut, reason: str, details: str) -> bool:
    """Record that a task failed for good.

    False when it had been withdrawn or revised, or when it was to make a result again.
    """
    row = _row(cascade, out)
    if row is None:
        return False
    step = cascade.plan.steps[out.revision]
    if out.key in cascade.memory.remade:
        # Files of its result are lost; what was made from it is not to be given up for that.
        cascade.change(step, row, "done", details=details)
        cascade.applied.remade[out.key] = f"{step.name} failed for {out.name}: {reason}"
        return False
    cascade.change(step, row, "failed", reason=reason, details=details, passed=False)
    return True


def record_ready(
    cascade: Cascade, out: TaskOut, due: float, reason: str, *, tried: bool = True
) -> bool:
    """Record that a task is to be done again; False when it need not be after all.

    Where it was not `tried`, what ended it was none of its doing, and counts as no attempt.
    """
    if _row(cascade, out) is None:
        return False
    attempt = out.attempt if tried else out.attempt - 1
    values = {"due": due, "reason": reason, "attempt": attempt}
    cascade.writes.update(t.task, out.id, state="ready", **values)
    cascade.writes.count(out.revision, running=-1, ready=1)
    return True


def _row(cascade: Cascade, out: TaskOut) -> Row | None:
    """The task's present row, when it is still the one that was started."""
    if out.revision not in cascade.plan.steps:
        # Its step was revised, or its branch is gone. What it made is kept by its key, and its
        # revision may return, so it is left ready there: it will find its result then.
        ours = (t.task.c.id == out.id, t.task.c.state == "running")
        left = cascade.connection.execute(update(t.task).where(*ours).values(state="ready"))
        if left.rowcount:  # not when it was taken back before
            cascade.writes.count(out.revision, running=-1, ready=1)
        return None
    row = cascade.rows(out.subject).get(out.revision)
    if row is None or (row.id, row.key, row.state) != (out.id, out.key, "running"):
        return None  # it was taken back, or what goes into it has changed meanwhile
    return row


def _insert_result(cascade: Cascade, out: TaskOut, ending: Ending, epoch: int) -> ResultId:
    """Insert a result with all that belongs to it; its number."""
    writes = cascade.writes
    result = writes.insert(
        t.result,
        key=out.key,
        step_id=out.step,
        revision_id=out.revision,
        subject_id=out.subject,
        document=ending.document,
        types=ending.types,
        pictures=ending.pictures,
        checkpoint=ending.checkpoint,
        epoch=epoch,
        attempt=out.attempt,
        started=ending.started,
        seconds=ending.seconds,
        cpu=ending.cpu,
        memory=ending.memory,
        host=ending.host,
    )
    for port, source in out.sources:
        writes.insert(t.input_, result_id=result, port=port, source_id=source)
    for _, final, size in ending.files:
        said = ending.hashes.get(final, "")
        writes.insert(t.file, result_id=result, path=final, size=size, hash=said)
    where = {
        "step_id": out.step,
        "revision_id": out.revision,
        "subject_id": out.subject,
        "result_id": result,
    }
    for name, value in ending.qualities.items():
        writes.insert(t.quality, **where, name=name, value=value)
    if ending.particles >= 0:
        writes.insert(t.part, **where, rows=ending.particles, port=ending.particles_port)
    cascade.memory.documents.remember(result, ending.document)
    return ResultId(result)


def _put_back(cascade: Cascade, out: TaskOut, ending: Ending, epoch: int) -> ResultId:
    """Let a result that was made again stand in the place of itself; its number.

    What was measured and the rows of its particles are what they were: the same work on the same
    input is the same result.
    """
    result = cascade.memory.remade[out.key]
    cascade.connection.execute(delete(t.file).where(t.file.c.result_id == result))
    for _, final, size in ending.files:
        said = ending.hashes.get(final, "")
        cascade.writes.insert(t.file, result_id=result, path=final, size=size, hash=said)
    cascade.writes.update(
        t.result,
        result,
        document=ending.document,
        types=ending.types,
        pictures=ending.pictures,
        epoch=epoch,
        attempt=out.attempt,
        started=ending.started,
        seconds=ending.seconds,
        cpu=ending.cpu,
        memory=ending.memory,
        host=ending.host,
    )
    cascade.memory.documents.remember(result, ending.document)
    cascade.applied.remade[out.key] = ""
    return result


def _lost(task: int, lease: Ended) -> Ending:
    """The ending of a call that has none: its worker died, or it was cancelled."""
    outcome = CANCELLED if lease.lost in BLAMELESS else _SILENT if lease.blameless else "again"
    return Ending(task=task, outcome=outcome, reason=lease.lost or "the worker did not say")
