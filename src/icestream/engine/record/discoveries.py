"""Recording what sources found: exposures, the items that stand for them, and what was refused."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from icestream.engine.graph.joins import Row
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.subjects import named_subjects
from icestream.engine.record.verdicts import Judged, judged
from icestream.model import (
    Alert,
    Exposure,
    ResultId,
    SubjectId,
    TaskId,
    map_paths,
    pictures_of,
    task_key,
    to_document,
    type_name,
)
from icestream.protocol import Discovery, SourceProtocol
from icestream.store import tables as t
from icestream.store.events import ExposureFound

__all__ = ["KEEP", "changed_after", "record_discovery"]

KEEP = object()
"""State of a discovery that is not to be written: more of the same discovery follows."""


def record_discovery(
    cascade: Cascade, step: PlannedStep, found: Discovery, session: Path, epoch: int
) -> list[str]:
    """Take in what a source found; returns the names of exposures that changed after that."""
    protocol = step.protocol
    if not isinstance(protocol, SourceProtocol):
        raise TypeError(f"step {step.name!r} is no source")
    names = [_name(item) for item in found.items] + [one.exposure for one in found.refused]
    numbers = _exposures(cascade, names, found.items)
    if step.sample is not None:
        found = _of_sample(found, {name for name in names if step.takes(numbers[name])})
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
        _arrived(cascade, step, numbers[name], row, keys[name], number)
    for one in found.refused:
        reason = f"{one.path.name}: {one.reason}"
        row = cascade.rows(numbers[one.exposure]).get(step.id)
        if row is None:
            cascade.add(
                step, Row(TaskId(0), step.id, numbers[one.exposure], "failed", reason=reason)
            )
        elif row.state == "failed" and row.reason != reason:
            cascade.change(step, row, "failed", reason=reason)
    if found.state is not KEEP:
        cascade.writes.update(t.revision, step.id, cursor=json.dumps(found.state))
    return changed


def _key(step: PlannedStep, item: Any) -> str:
    """Key of a discovered item: what it is outside, and the parameters it was read with."""
    protocol: Any = step.protocol
    inputs = {"item": protocol.key(item)}
    return task_key(protocol.name, protocol.version, step.deciding, inputs)


def _name(item: Any) -> str:
    return str(item.exposure)


def _of_sample(found: Discovery, names: set[str]) -> Discovery:
    """What a source of a branch for a sample found, of that sample."""
    return replace(
        found,
        items=[item for item in found.items if _name(item) in names],
        refused=[one for one in found.refused if one.exposure in names],
    )


def _exposures(cascade: Cascade, names: list[str], items: Iterable[Any]) -> dict[str, SubjectId]:
    """Numbers of exposures by name; new ones are inserted."""
    numbers, new = named_subjects(cascade.connection, cascade.writes, "exposure", "", names)
    details = {_name(item): to_document(shot) for item in items for shot in _shots(item)}
    called = {number: name for name, number in numbers.items()}
    for number in new:
        cascade.writes.insert(
            t.exposure,
            id=number,
            state="going",
            found=cascade.writes.now,
            details=json.dumps(details.get(called[number], {})),
        )
        cascade.writes.event(ExposureFound(), subject_id=number)
    return numbers


def _shots(item: Any) -> Iterable[Exposure]:
    """What an item says of the shot itself."""
    values = (getattr(item, field.name) for field in fields(item))
    return [value for value in values if isinstance(value, Exposure)]


def _known(cascade: Cascade, keys: Iterable[str]) -> dict[str, ResultId]:
    chosen = select(t.result.c.key, t.result.c.id).where(t.result.c.key.in_(list(keys)))
    return {key: ResultId(int(number)) for key, number in cascade.connection.execute(chosen)}


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
    cascade: Cascade, step: PlannedStep, exposure: SubjectId, made: dict[str, str], epoch: int
) -> ResultId:
    """Insert the result that stands for a discovered item, given by some of its columns."""
    number = cascade.writes.insert(
        t.result,
        **made,
        step_id=step.step,
        revision_id=step.id,
        subject_id=exposure,
        epoch=epoch,
        attempt=1,
        started=cascade.writes.now,
        seconds=0.0,
        host="",
    )
    cascade.memory.documents.remember(number, made["document"])
    return ResultId(number)


def _arrived(
    cascade: Cascade,
    step: PlannedStep,
    exposure: SubjectId,
    row: Row | None,
    key: str,
    number: ResultId,
) -> None:
    """An exposure has come to its source, with the result that stands for it."""
    word = judged(cascade.connection, step.step, exposure, Judged())
    if row is None:
        row = Row(TaskId(0), step.id, exposure, "done", word.passed, key, number, word.reason)
        cascade.add(step, row)
    else:
        values = {"result_id": number, "passed": word.passed, "reason": word.reason}
        cascade.change(step, row, "done", key=key, **values)


def changed_after(names: Sequence[str]) -> list[Alert]:
    """The alert for exposures that changed on disk after they were taken in, if there are any."""
    if not names:
        return []
    said = f"{', '.join(names[:3])}{' ...' if len(names) > 3 else ''}"
    message = f"{said} changed on disk after it was taken in; the first is kept"
    return [Alert(key="exposure.changed", level="warning", message=message, exposure=names[0])]
