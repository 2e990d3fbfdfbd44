"""Recording what happened: how endings and discoveries become rows.

Files are renamed into place first, then one transaction writes everything that follows. Until it
is committed nothing has happened, and what is left in place is overwritten by the next attempt.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy import select

from icestream.engine.executors.contract import Ending
from icestream.engine.graph.joins import Row
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.verdicts import Judged, judged, verdict_of
from icestream.model import Exposure, map_paths, pictures_of, task_key, to_document, type_name
from icestream.protocol import Discovery, SourceProtocol
from icestream.store import tables as t

__all__ = [
    "KEEP",
    "TaskOut",
    "publish",
    "record_discovery",
    "record_done",
    "record_failed",
    "record_ready",
]


KEEP = object()
"""State of a discovery that is not to be written: more of the same discovery follows."""


@dataclass(frozen=True, slots=True)
class TaskOut:
    """A task that is out, as it was when it started."""

    id: int
    step: int
    revision: int
    exposure: int
    name: str
    """Of the exposure or batch."""
    key: str
    sources: tuple[tuple[str, int], ...]
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
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)


def record_done(cascade: Cascade, out: TaskOut, ending: Ending, epoch: int) -> bool:
    """Record the result of a task; False when the task had been withdrawn or revised."""
    step = cascade.plan.steps[out.step]
    number = _result(cascade, out, ending, epoch)
    row = _row(cascade, step, out)
    if row is None:
        return False
    word = Judged()
    if step.kind == "selection":
        word = verdict_of(ending.types, ending.document)
        word = judged(cascade.connection, step.id, out.exposure, word)
    cascade.writes.count(step.revision_id, seconds=ending.seconds)
    values = {"result_id": number, "passed": word.passed, "reason": word.reason}
    cascade.change(step, row, "done", **values, details="")
    return True


def record_failed(cascade: Cascade, out: TaskOut, reason: str, details: str) -> bool:
    """Record that a task failed for good; False when it had been withdrawn or revised."""
    step = cascade.plan.steps[out.step]
    row = _row(cascade, step, out)
    if row is None:
        return False
    cascade.change(step, row, "failed", reason=reason, details=details, passed=False)
    return True


def record_ready(cascade: Cascade, out: TaskOut, due: float, reason: str) -> bool:
    """Record that a task is to be tried again; False when it need not be after all."""
    step = cascade.plan.steps[out.step]
    row = _row(cascade, step, out)
    if row is None:
        return False
    cascade.writes.update(t.task, out.id, state="ready", due=due, reason=reason)
    cascade.writes.count(step.revision_id, running=-1, ready=1)
    return True


def _row(cascade: Cascade, step: PlannedStep, out: TaskOut) -> Row | None:
    """The task's present row, when it is still the one that was started."""
    if out.revision != step.revision_id:
        # Its step was revised while it ran. What it made is kept by its key, and its own
        # revision may return, so it is left ready there: it will find its result then.
        cascade.writes.update(t.task, out.id, state="ready")
        cascade.writes.count(out.revision, running=-1, ready=1)
        return None
    row = cascade.rows(out.exposure).get(step.id)
    return row if row is not None and row.id == out.id and row.state == "running" else None


def _result(cascade: Cascade, out: TaskOut, ending: Ending, epoch: int) -> int:
    """Insert a result with all that belongs to it, unless its key has one; its number."""
    chosen = select(t.result.c.id).where(t.result.c.key == out.key)
    known = cascade.connection.execute(chosen).scalar()
    if known is not None:
        return int(known)
    writes = cascade.writes
    number = writes.insert(
        t.result,
        key=out.key,
        step_id=out.step,
        revision_id=out.revision,
        exposure_id=out.exposure,
        document=ending.document,
        types=ending.types,
        pictures=ending.pictures,
        checkpoint=ending.checkpoint,
        epoch=epoch,
        attempt=out.attempt,
        started=ending.started,
        seconds=ending.seconds,
        host=ending.host,
    )
    for port, source in out.sources:
        writes.insert(t.input_, result_id=number, port=port, source_id=source)
    for _, final, size in ending.files:
        writes.insert(t.file, result_id=number, path=final, size=size)
    where = {
        "step_id": out.step,
        "revision_id": out.revision,
        "exposure_id": out.exposure,
        "result_id": number,
    }
    for name, value in ending.qualities.items():
        writes.insert(t.quality, **where, name=name, value=value)
    if ending.particles >= 0:
        writes.insert(t.part, **where, rows=ending.particles, port=ending.particles_port)
    cascade.remember(number, ending.document)
    return number


def record_discovery(
    cascade: Cascade, step: PlannedStep, found: Discovery, session: Path, epoch: int
) -> list[str]:
    """Take in what a source found; returns the names of exposures that changed after that."""
    protocol = step.protocol
    if not isinstance(protocol, SourceProtocol):
        raise TypeError(f"step {step.name!r} is no source")
    names = [_name(item) for item in found.items] + [one.exposure for one in found.refused]
    numbers = _exposures(cascade, names, found.items)
    cascade.load(numbers.values())
    keys = {_name(item): _key(step, item) for item in found.items}
    known = _known(cascade, keys.values())
    changed = []
    for item in found.items:
        name = _name(item)
        row = cascade.rows(numbers[name]).get(step.id)
        if row is not None and row.state == "done":
            if row.key != keys[name]:
                changed.append(name)
            continue
        number = known.get(keys[name])
        if number is None:
            made = {"key": keys[name], **_made(step, item, session)}
            number = _take(cascade, step, numbers[name], made, epoch)
        known[keys[name]] = number
        _arrived(cascade, step, numbers[name], row, (keys[name], number))
    for one in found.refused:
        reason = f"{one.path.name}: {one.reason}"
        row = cascade.rows(numbers[one.exposure]).get(step.id)
        if row is None:
            cascade.add(step, Row(0, step.id, numbers[one.exposure], "failed", reason=reason))
        elif row.state == "failed" and row.reason != reason:
            cascade.change(step, row, "failed", reason=reason)
    if found.state is not KEEP:
        cascade.writes.update(t.step, step.id, cursor=json.dumps(found.state))
    return changed


def _key(step: PlannedStep, item: Any) -> str:
    """Key of a discovered item: what it is outside, and the parameters it was read with."""
    protocol: Any = step.protocol
    inputs = {"item": protocol.key(item)}
    return task_key(protocol.name, protocol.version, step.deciding, inputs)


def _name(item: Any) -> str:
    return str(item.exposure)


def _exposures(cascade: Cascade, names: list[str], items: Iterable[Any]) -> dict[str, int]:
    """Numbers of exposures by name; new ones are inserted."""
    chosen = select(t.exposure.c.name, t.exposure.c.id).where(t.exposure.c.name.in_(names))
    numbers = {name: int(number) for name, number in cascade.connection.execute(chosen)}
    details = {_name(item): to_document(shot) for item in items for shot in _shots(item)}
    for name in names:
        if name not in numbers:
            numbers[name] = cascade.writes.insert(
                t.exposure,
                name=name,
                state="going",
                found=cascade.writes.now,
                details=json.dumps(details.get(name, {})),
            )
            cascade.writes.event("exposure.found", exposure_id=numbers[name])
    return numbers


def _shots(item: Any) -> Iterable[Exposure]:
    """What an item says of the shot itself."""
    values = (getattr(item, field.name) for field in fields(item))
    return [value for value in values if isinstance(value, Exposure)]


def _known(cascade: Cascade, keys: Iterable[str]) -> dict[str, int]:
    chosen = select(t.result.c.key, t.result.c.id).where(t.result.c.key.in_(list(keys)))
    return {key: int(number) for key, number in cascade.connection.execute(chosen)}


def _made(step: PlannedStep, item: Any, session: Path) -> dict[str, str]:
    """A discovered item as the columns of a result: its document, what it is, its pictures."""

    def relative(path: Path) -> Path:
        return path.relative_to(session) if path.is_relative_to(session) else path

    port = type(step.protocol).outputs()[0].name
    final = map_paths(item, relative)
    pictures = [(port, str(p), mark.title, mark.description) for p, mark in pictures_of(final)]
    return {
        "document": json.dumps({port: to_document(final)}),
        "types": json.dumps({port: type_name(type(item))}),
        "pictures": json.dumps(pictures),
    }


def _take(
    cascade: Cascade, step: PlannedStep, exposure: int, made: dict[str, str], epoch: int
) -> int:
    """Insert the result that stands for a discovered item, given by some of its columns."""
    number = cascade.writes.insert(
        t.result,
        **made,
        step_id=step.id,
        revision_id=step.revision_id,
        exposure_id=exposure,
        epoch=epoch,
        attempt=1,
        started=cascade.writes.now,
        seconds=0.0,
        host="",
    )
    cascade.remember(number, made["document"])
    return number


def _arrived(
    cascade: Cascade, step: PlannedStep, exposure: int, row: Row | None, made: tuple[str, int]
) -> None:
    key, number = made
    word = judged(cascade.connection, step.id, exposure, Judged())
    if row is None:
        row = Row(0, step.id, exposure, "done", word.passed, key, number, word.reason)
        cascade.add(step, row)
    else:
        values = {"result_id": number, "passed": word.passed, "reason": word.reason}
        cascade.change(step, row, "done", key=key, **values)
