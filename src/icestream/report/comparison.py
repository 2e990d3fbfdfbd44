"""Two branches of a session side by side: what each made of the exposures that both have."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

from sqlalchemy import Connection, or_, select

from icestream.model import Picks, type_name
from icestream.report.boxes import Boxes, boxes_of
from icestream.report.paired import ERROR, Pair, Paired, paired
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.current import current, number_of
from icestream.store.items import item
from icestream.store.open import Store

__all__ = ["BranchComparison", "ComparedStep", "Sides", "compare"]

_FEW = 400
"""Exposures up to which they are looked up one by one."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Exposures that are on another side than before, by name."""

    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedStep:
    """A step that the two branches have differently."""

    name: str
    of_batches: bool
    """It is of many exposures at once: the newest results are compared."""
    old_revision: int | None
    """None: the older branch has no such step."""
    new_revision: int | None
    both: int
    """Exposures, or groups, of which both have a result."""
    only_old: int
    only_new: int
    identical: bool
    """The results that both have are the same ones."""
    fails: Sides
    """Exposures that failed and are processed now (gained), and the other way around (lost)."""
    fail_both: int
    selects: Sides
    """Exposures that a selection let through in one branch only."""
    particles: tuple[int, int] | None
    """Of the exposures that both have; None where the step makes none."""
    seconds: Paired | None
    """Time that an exposure took, as busy as the machine was then; None where neither ran."""
    qualities: tuple[Paired, ...]
    newest: Mapping[str, tuple[float | None, float | None]]
    """Of a step on many exposures: the qualities of the newest results."""
    boxes: Boxes | None = None
    """Of a step that picks: whether both drew the same, where their results differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchComparison:
    """What two branches made."""

    old: str
    new: str
    sample: int | None
    """Exposures that the smaller of them is for; None: both are for all."""
    steps: tuple[ComparedStep, ...]

    @property
    def asked(self) -> int:
        """Quantities that are compared, of which each could differ by chance."""
        return sum(len(step.qualities) for step in self.steps)


@dataclass(frozen=True, slots=True)
class _Side:
    """A revision of one step, and its tasks by subject."""

    revision: int
    number: int
    kind: str
    depth: int
    tasks: dict[int, Any]
    of_batches: bool


def compare(
    store: Store, old: str | None, new: str, steps: Sequence[str] | None = None
) -> BranchComparison:
    """Compare two branches at the steps that they have differently, or at some of these.

    Parameters
    ----------
    store
        The session's.
    old
        Name of a branch; the adopted one when None.
    new
        Name of the other.
    steps
        Names of the steps to look at; all by default.

    Raises
    ------
    LookupError
        If there is no such branch or step, or both are the same branch.
    """
    old = old or queries.session(store).branch
    if old == new:
        raise LookupError(f"{new} is to be compared with another branch than itself")
    records = {branch.name: branch for branch in queries.branches(store)}
    with store.read() as connection:
        for name in (old, new):
            number_of(connection, name)  # says which there are
        names = {row.name for row in connection.execute(select(t.step.c.name))}
        for step in steps or ():
            if step not in names:
                raise LookupError(
                    f"no step {step!r} in this session; it has {', '.join(sorted(names))}"
                )
        sides = [_revisions(connection, name) for name in (old, new)]
        differ = [
            name
            for name in {**sides[0], **sides[1]}
            if sides[0].get(name) != sides[1].get(name) and (not steps or name in steps)
        ]
        within = _within(connection, [records[old].name, records[new].name])
        found = [
            _compared(
                store, connection, name, *(_side(connection, s.get(name), within) for s in sides)
            )
            for name in differ
        ]
    samples = [records[name].sample for name in (old, new)]
    known = [sample for sample in samples if sample is not None]
    ordered = sorted((one for one in found if one), key=lambda each: each[0])
    return BranchComparison(
        old=old,
        new=new,
        sample=min(known, default=None),
        steps=tuple(step for _, step in ordered),
    )


def _revisions(connection: Connection, branch: str) -> dict[str, int]:
    """Revisions of the steps of a branch that process something, by name."""
    members = current(connection, branch)
    chosen = (
        select(members.c.name, members.c.revision_id)
        .join(t.revision, t.revision.c.id == members.c.revision_id)
        .where(t.revision.c.kind != "monitor")
    )
    return {row.name: row.revision_id for row in connection.execute(chosen)}


def _within(connection: Connection, branches: Sequence[str]) -> list[int] | None:
    """Exposures that both are for, where these are few enough to be named; None: any."""
    chosen = select(t.branch.c.sample).where(t.branch.c.name.in_(branches))
    samples = [set(json.loads(text)) for text in connection.execute(chosen).scalars() if text]
    if not samples:
        return None
    common = set.intersection(*samples)
    return sorted(common) if len(common) <= _FEW else None


def _side(connection: Connection, revision: int | None, within: list[int] | None) -> _Side | None:
    if revision is None:
        return None
    row = connection.execute(select(t.revision).where(t.revision.c.id == revision)).one()
    task = t.task.c
    chosen = (
        select(task.subject_id, task.state, task.passed, task.result_id, task.serial)
        .add_columns(t.subject.c.kind)
        .join(t.subject, t.subject.c.id == task.subject_id)
        .where(task.revision_id == revision, task.state.in_(["done", "failed"]))
    )
    if within is not None:
        ours = (t.subject.c.kind != "exposure", task.subject_id.in_(within))
        chosen = chosen.where(or_(*ours))
    tasks = {one.subject_id: one for one in connection.execute(chosen)}
    of_batches = row.kind == "batch" or any(one.kind == "batch" for one in tasks.values())
    return _Side(revision, row.number, row.kind, row.depth, tasks, of_batches)


def _compared(
    store: Store, connection: Connection, name: str, old: _Side | None, new: _Side | None
) -> tuple[tuple[int, str], ComparedStep] | None:
    """What two revisions of a step made, with its place in the order of the work."""
    some = new or old
    if some is None:
        return None
    olds, news = (side.tasks if side is not None else {} for side in (old, new))
    done = [{s for s, row in tasks.items() if row.state == "done"} for tasks in (olds, news)]
    both = sorted(done[0] & done[1])
    pairs = {subject: (olds[subject], news[subject]) for subject in both}
    changed = {s: pair for s, pair in pairs.items() if pair[0].result_id != pair[1].result_id}
    names = _names(connection, {*olds, *news}) if len(olds) + len(news) else {}
    batches = any(side.of_batches for side in (old, new) if side is not None)
    measured = _measured(connection, old, new, changed) if changed and not batches else {}
    step = ComparedStep(
        name=name,
        of_batches=batches,
        old_revision=None if old is None else old.number,
        new_revision=None if new is None else new.number,
        both=len(both),
        only_old=len(done[0] - news.keys()),
        only_new=len(done[1] - olds.keys()),
        identical=bool(both) and not changed,
        fails=Sides(
            gained=tuple(names[s] for s in sorted((olds.keys() - done[0]) & done[1])),
            lost=tuple(names[s] for s in sorted((news.keys() - done[1]) & done[0])),
        ),
        fail_both=len((olds.keys() - done[0]) & (news.keys() - done[1])),
        selects=_selects(pairs, names),
        particles=None if batches else _particles(connection, pairs),
        seconds=_seconds(connection, changed, names),
        qualities=tuple(_paired(measured, changed, names)),
        newest=_newest(connection, old, new) if batches else {},
        boxes=None if batches else boxes_of(_picked(store, connection, changed)),
    )
    return (some.depth, name), step


def _names(connection: Connection, subjects: set[int]) -> dict[int, str]:
    """Names of subjects, by their numbers."""
    chosen = select(t.subject.c.id, t.subject.c.name)
    if len(subjects) <= _FEW:
        chosen = chosen.where(t.subject.c.id.in_(subjects))
    return {row.id: row.name for row in connection.execute(chosen)}


def _selects(pairs: Mapping[int, tuple[Any, Any]], names: Mapping[int, str]) -> Sides:
    return Sides(
        gained=tuple(names[s] for s, (a, b) in pairs.items() if b.passed and not a.passed),
        lost=tuple(names[s] for s, (a, b) in pairs.items() if a.passed and not b.passed),
    )


def _cut(values: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(values), _FEW):
        yield values[first : first + _FEW]


def _particles(
    connection: Connection, pairs: Mapping[int, tuple[Any, Any]]
) -> tuple[int, int] | None:
    """Particles of accepted exposures on either side."""
    rows: dict[int, int] = {}
    for some in _cut(sorted({task.result_id for pair in pairs.values() for task in pair})):
        chosen = select(t.part.c.result_id, t.part.c.rows).where(t.part.c.result_id.in_(some))
        rows |= {row.result_id: row.rows for row in connection.execute(chosen)}
    if not rows:
        return None
    old, new = (
        sum(rows.get(pair[side].result_id, 0) for pair in pairs.values() if pair[side].passed)
        for side in (0, 1)
    )
    return old, new


def _picked(
    store: Store, connection: Connection, pairs: Mapping[int, tuple[Any, Any]]
) -> Iterator[tuple[Picks, Picks]]:
    """Picks of the exposures of which both have some, and differently."""
    kind = type_name(Picks)
    for some in _cut(sorted(pairs)):
        wanted = {task.result_id for subject in some for task in pairs[subject]}
        columns = (t.result.c.id, t.result.c.document, t.result.c.types)
        picks = {}
        for row in connection.execute(select(*columns).where(t.result.c.id.in_(wanted))):
            ports = [port for port, name in json.loads(row.types).items() if name == kind]
            if ports:
                picks[row.id] = item(store, Picks, json.loads(row.document)[ports[0]])
        for subject in some:
            old, new = (picks.get(task.result_id) for task in pairs[subject])
            if old is not None and new is not None:
                yield old, new


def _seconds(
    connection: Connection, changed: Mapping[int, tuple[Any, Any]], names: Mapping[int, str]
) -> Paired | None:
    """Time that the results took which are not the same."""
    taken: dict[int, float] = {}
    for some in _cut(sorted({task.result_id for pair in changed.values() for task in pair})):
        chosen = select(t.result.c.id, t.result.c.seconds).where(t.result.c.id.in_(some))
        taken |= {row.id: row.seconds for row in connection.execute(chosen)}
    pairs = [
        Pair(names[s], taken[a.result_id], taken[b.result_id])
        for s, (a, b) in changed.items()
        if a.result_id in taken and b.result_id in taken
    ]
    return paired("seconds", pairs) if pairs and any(p.old or p.new for p in pairs) else None


Measured = Mapping[str, tuple[Mapping[int, float], Mapping[int, float]]]
"""By quality: its values by subject, on either side."""


def _measured(
    connection: Connection, old: _Side | None, new: _Side | None, changed: Mapping[int, Any]
) -> Measured:
    found: dict[str, tuple[dict[int, float], dict[int, float]]] = {}
    quality = t.quality.c
    revisions = [side.revision for side in (old, new) if side is not None]
    chosen = select(quality.revision_id, quality.subject_id, quality.name, quality.value).where(
        quality.revision_id.in_(revisions)
    )
    if len(changed) <= _FEW:
        chosen = chosen.where(quality.subject_id.in_(list(changed)))
    for row in connection.execute(chosen.order_by(quality.id)):
        if row.subject_id in changed:
            place = found.setdefault(row.name, ({}, {}))
            place[row.revision_id == revisions[-1]][row.subject_id] = row.value
    return found


def _paired(
    measured: Measured, changed: Mapping[int, Any], names: Mapping[int, str]
) -> Iterator[Paired]:
    """Each quality that both have; one that is the error of another stands with that."""
    for name in sorted(measured):
        olds, news = measured[name]
        errors = measured.get(name + ERROR, ({}, {}))
        pairs = [
            Pair(names[s], olds[s], news[s], errors[0].get(s), errors[1].get(s))
            for s in changed
            if isfinite(olds.get(s, nan)) and isfinite(news.get(s, nan))
        ]
        if pairs:
            yield paired(name, pairs)


def _newest(
    connection: Connection, old: _Side | None, new: _Side | None
) -> dict[str, tuple[float | None, float | None]]:
    """Qualities of the newest result of a step on many exposures, on either side."""
    values: list[dict[str, float]] = []
    for side in (old, new):
        newest = (
            max(side.tasks.values(), key=lambda row: row.serial, default=None) if side else None
        )
        chosen = select(t.quality.c.name, t.quality.c.value)
        ours = t.quality.c.result_id == (newest.result_id if newest is not None else -1)
        values.append({row.name: row.value for row in connection.execute(chosen.where(ours))})
    return {
        name: (values[0].get(name), values[1].get(name))
        for name in sorted({*values[0], *values[1]})
    }
