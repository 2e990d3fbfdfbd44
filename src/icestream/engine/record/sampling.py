"""Exposures on which a change is tried: few, and over the whole range of quality."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from sqlalchemy import Connection, select

from icestream.engine.graph.workflow import Workflow
from icestream.model import leading_of, quality_of
from icestream.store import tables as t
from icestream.store.current import current
from icestream.store.open import Store

__all__ = ["ChosenSample", "choose_sample"]

_FAILED = 5
"""One in so many exposures is one that failed, where there are such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenSample:
    """Exposures for a change to be tried on, and how they were chosen."""

    exposures: tuple[str, ...]
    """Their names, in order of arrival."""
    of: int
    """Exposures that were to choose from."""
    step: str = ""
    """The step whose measurements they were ordered by; empty: by their arrival."""
    quality: str = ""
    worst: float = 0.0
    """Value of the worst that was chosen, as it is stored; the highest where nobody knows which way
    is better."""
    best: float = 0.0
    failed: int = 0
    """How many of them failed at a step that is changed."""


def choose_sample(
    store: Store,
    branch: str,
    workflows: tuple[Workflow, Workflow],
    changed: Sequence[str],
    count: int,
) -> ChosenSample:
    """Choose exposures to try a change of a branch on: the first of the workflows is what it has.

    `changed` are the steps that are themselves other in the second one.

    They lie evenly over the ranks of what the step that is changed has measured, the worst and the
    best among them; where it measures nothing, of what the nearest step after it does, or before
    it. The same session gives the same ones. Of those that failed at the step some are taken, too.

    Raises
    ------
    LookupError
        If no exposure has come to what is changed.
    """
    old, new = workflows
    known = {step.name for step in old.steps}
    with store.read() as connection:
        members = current(connection, branch)
        rows = connection.execute(select(members.c.name, members.c.revision_id))
        revisions = {row.name: row.revision_id for row in rows}
        near = [name for name in _nearest(old, new, changed) if name in known]
        at = [name for name in changed if name in known] or near[:1]
        done, failed = _reached(connection, [revisions[name] for name in at])
        if not done and not failed:
            raise LookupError(
                "no exposure has come to what is changed yet; try it later, or for all (--all)"
            )
        ranked_by = ("", "", dict.fromkeys(done, 0.0))
        for name in near:
            quality, values = _measured(connection, revisions[name], set(done))
            if quality:
                ranked_by = name, quality, values
                break
        step, quality, values = ranked_by
        bad = _spread(failed, min(len(failed), count // _FAILED if values else count))
        ordered = sorted(values, key=lambda subject: (values[subject], subject))
        good = _spread(ordered, count - len(bad))
        subject = t.subject.c
        chosen = select(subject.name).where(subject.id.in_([*good, *bad])).order_by(subject.id)
        names = tuple(connection.execute(chosen).scalars())
    first, last = (values[good[0]], values[good[-1]]) if good else (0.0, 0.0)
    up = quality_of(quality).better == "high"
    return ChosenSample(
        exposures=names,
        of=len(values) + len(failed),
        step=step,
        quality=quality,
        worst=first if up else last,
        best=last if up else first,
        failed=len(bad),
    )


def _nearest(old: Workflow, new: Workflow, changed: Sequence[str]) -> Iterator[str]:
    """Steps that may have measured something: those that are changed, what follows, what feeds."""
    yield from changed
    after: dict[str, list[str]] = {}
    before: dict[str, list[str]] = {}
    for workflow in (old, new):
        for step in workflow.steps:
            for sources in step.inputs.values():
                for source in sources:
                    after.setdefault(source.step, []).append(step.name)
                    before.setdefault(step.name, []).append(source.step)
    for links in (after, before):
        seen, front = set(changed), list(changed)
        while front:
            front = [
                n for name in front for n in dict.fromkeys(links.get(name, ())) if n not in seen
            ]
            front = list(dict.fromkeys(front))
            seen.update(front)
            yield from front


def _reached(connection: Connection, revisions: Sequence[int]) -> tuple[list[int], list[int]]:
    """Exposures that any of the revisions has processed, and those that only failed there."""
    task = t.task.c
    chosen = (
        select(task.subject_id, task.state)
        .join(t.subject, t.subject.c.id == task.subject_id)
        .where(
            task.revision_id.in_(revisions),
            task.state.in_(["done", "failed"]),
            t.subject.c.kind == "exposure",
        )
        .order_by(task.subject_id)
    )
    rows = connection.execute(chosen).all()
    done = list(dict.fromkeys(row.subject_id for row in rows if row.state == "done"))
    there = set(done)
    return done, [
        row.subject_id for row in rows if row.state == "failed" and row.subject_id not in there
    ]


def _measured(
    connection: Connection, revision: int, subjects: set[int]
) -> tuple[str, dict[int, float]]:
    """The quality that says most of what a revision measured on exposures, and its values."""
    quality = t.quality.c
    chosen = select(quality.subject_id, quality.name, quality.value).where(
        quality.revision_id == revision
    )
    values: dict[str, dict[int, float]] = {}
    for subject, name, value in connection.execute(chosen):
        if subject in subjects and isfinite(value):
            values.setdefault(name, {})[subject] = value
    name = leading_of(values)
    return name, values.get(name, {})


def _spread(ordered: Sequence[int], count: int) -> list[int]:
    """So many of a list, evenly over it, its first and last among them."""
    if count >= len(ordered):
        return list(ordered)
    if count < 2:
        return [ordered[len(ordered) // 2]] if count == 1 else []
    return [ordered[round(index * (len(ordered) - 1) / (count - 1))] for index in range(count)]
