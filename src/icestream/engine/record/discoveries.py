"""Recording what sources found: exposures, the items that stand for them, and what was refused."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from icestream.engine.graph.joins import Row
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.results import results_of
from icestream.engine.record.subjects import named_subjects
from icestream.engine.record.verdicts import Judged, weighed, words_on
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
from icestream.protocol import Discovery, Refusal, SourceProtocol
from icestream.shown import printable
from icestream.store import tables as t
from icestream.store.events import ExposureFound

__all__ = ["KEEP", "changed_after", "record_discovery"]

KEEP = object()
"""State of a discovery that is not to be written: more of the same discovery follows."""


def record_discovery(
    cascade: Cascade, step: PlannedStep, discovery: Discovery, session: Path, epoch: int
) -> list[str]:
    """Take in what a source found; returns the names of exposures that changed after that."""
    protocol = step.protocol
    if not isinstance(protocol, SourceProtocol):
        raise TypeError(f"step {step.name!r} is no source")
    discovery = _with_names(discovery)
    names = [_name(item) for item in discovery.items] + [
        refusal.exposure for refusal in discovery.refused
    ]
    numbers = _exposures(cascade, names, discovery.items)
    if step.sample is not None:
        discovery = _of_sample(discovery, {name for name in names if step.takes(numbers[name])})
    cascade.load(numbers.values())
    changed = _take_items(cascade, step, discovery.items, numbers, session, epoch)
    for refusal in discovery.refused:
        name = printable(refusal.path.name, lines=False)
        _refuse(cascade, step, numbers[refusal.exposure], f"{name}: {refusal.reason}")
    if discovery.state is not KEEP:
        cascade.writes.update(t.revision, step.id, cursor=json.dumps(discovery.state))
    return changed


def _with_names(discovery: Discovery) -> Discovery:
    """A discovery whose exposures have names that can be seen and kept: others are refused.

    Files are called after their exposure, and what stands in a name would be in tables and on
    terminals of others.
    """
    names = {_name(item): printable(_name(item), lines=False) for item in discovery.items}
    items = [item for item in discovery.items if names[_name(item)] == _name(item)]
    refused = [
        replace(
            refusal,
            exposure=printable(refusal.exposure, lines=False),
            reason=printable(refusal.reason, lines=False),
        )
        for refusal in discovery.refused
    ]
    why = "its name has characters that cannot be seen: give it another, of letters and digits"
    refused += [Refusal(Path(to), why, to) for name, to in names.items() if name != to]
    return replace(discovery, items=items, refused=refused)


def _take_items(
    cascade: Cascade,
    step: PlannedStep,
    items: Sequence[Any],
    numbers: Mapping[str, SubjectId],
    session: Path,
    epoch: int,
) -> list[str]:
    """Take in items of a source; returns the names of those that were taken in as something else.

    Those that came before and are what they were are passed over.
    """
    keys = {_name(item): _key(step, item) for item in items}
    known = results_of(cascade.connection, keys.values())
    words = words_on(cascade.connection, step.step, numbers.values())
    changed = []
    for item in items:
        name = _name(item)
        subject, key = numbers[name], keys[name]
        row = cascade.rows(subject).get(step.id)
        if row is not None and row.state == "done":
            if row.key != key:
                changed.append(name)
            continue
        if key not in known:
            made = {"key": key, **_made(step, item, session)}
            known[key] = _insert_result(cascade, step, subject, made, epoch)
        word = weighed(words.get(subject), Judged())
        if row is None:
            row = Row(TaskId(0), step.id, subject, "done", word.passed, key, reason=word.reason)
            row.result = known[key]
            cascade.add(step, row)
        else:
            values = {"result_id": known[key], "passed": word.passed, "reason": word.reason}
            cascade.change(step, row, "done", key=key, **values)
    return changed


def _refuse(cascade: Cascade, step: PlannedStep, subject: SubjectId, reason: str) -> None:
    """Record that a source cannot take in an exposure."""
    row = cascade.rows(subject).get(step.id)
    if row is None:
        cascade.add(step, Row(TaskId(0), step.id, subject, "failed", reason=reason))
    elif row.state == "failed" and row.reason != reason:
        cascade.change(step, row, "failed", reason=reason)


def _key(step: PlannedStep, item: Any) -> str:
    """Key of a discovered item: what it is outside, and the parameters it was read with."""
    protocol: Any = step.protocol
    inputs = {"item": protocol.key(item)}
    return task_key(protocol.name, protocol.version, step.deciding, inputs)


def _name(item: Any) -> str:
    return str(item.exposure)


def _of_sample(discovery: Discovery, names: set[str]) -> Discovery:
    """What a source of a branch for a sample found, of that sample."""
    return replace(
        discovery,
        items=[item for item in discovery.items if _name(item) in names],
        refused=[refusal for refusal in discovery.refused if refusal.exposure in names],
    )


def _exposures(cascade: Cascade, names: list[str], items: Iterable[Any]) -> dict[str, SubjectId]:
    """Numbers of exposures by name; new ones are inserted."""
    numbers, new = named_subjects(cascade.connection, cascade.writes, "exposure", "", names)
    details = {_name(item): to_document(shot) for item in items for shot in _shots(item)}
    called = {subject: name for name, subject in numbers.items()}
    for subject in new:
        cascade.writes.insert(
            t.exposure,
            id=subject,
            state="going",
            found=cascade.writes.now,
            details=json.dumps(details.get(called[subject], {})),
        )
        cascade.writes.event(ExposureFound(), subject_id=subject)
    return numbers


def _shots(item: Any) -> Iterable[Exposure]:
    """What an item says of the shot itself."""
    values = (getattr(item, field.name) for field in fields(item))
    return [value for value in values if isinstance(value, Exposure)]


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


def _insert_result(
    cascade: Cascade, step: PlannedStep, exposure: SubjectId, made: dict[str, str], epoch: int
) -> ResultId:
    """Insert the result that stands for a discovered item, given by some of its columns."""
    result = cascade.writes.insert(
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
    cascade.memory.documents.remember(result, made["document"])
    return ResultId(result)


def changed_after(names: Sequence[str]) -> list[Alert]:
    """The alert for exposures that changed on disk after they were taken in, if there are any."""
    if not names:
        return []
    said = f"{', '.join(names[:3])}{' ...' if len(names) > 3 else ''}"
    message = f"{said} changed on disk after it was taken in; the first is kept"
    return [Alert(key="exposure.changed", level="warning", message=message, exposure=names[0])]
