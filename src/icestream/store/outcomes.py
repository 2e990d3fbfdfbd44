"""What a branch makes of each exposure: done, rejected or failed, and why."""

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from sqlalchemy import select

from icestream.model import ExposureState
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.current import current
from icestream.store.open import Store
from icestream.store.records import WorkflowRecord

__all__ = ["BranchOutcomes", "JudgedStep", "Outcome", "outcome"]

K = TypeVar("K", bound=Hashable)

Outcome = tuple[ExposureState, list[str]]
"""State of an exposure, and the reasons for it."""

_LIVE = frozenset({"ready", "running", "held"})
_GATHERING = ("batch", "group")
_EVIDENCE = "evidence"
"""Input of a trigger that is looked at, and not held."""


class _Task(Protocol):
    """A task of one exposure."""

    @property
    def state(self) -> str: ...
    @property
    def passed(self) -> bool: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedStep(Generic[K]):
    """A step that has one task for every exposure."""

    key: K
    """What its tasks are found by."""
    name: str
    holds: bool = False
    """A trigger or a sampler."""
    agrees: bool = False
    """A consensus."""
    feeds: bool = False
    """Whether its results come to other steps that are judged."""
    above: tuple[K, ...] = ()
    """Of a trigger: the steps from which comes what it holds."""


def outcome(steps: Sequence[JudgedStep[K]], tasks: Mapping[K, _Task]) -> Outcome:
    """State of an exposure with these tasks, and the reasons for it."""
    failed, rejected, left_out, live = [], [], [], False
    arrived = True
    for step in steps:
        task = tasks.get(step.key)
        if not step.feeds and (task is None or task.state != "done" or not task.passed):
            arrived = False
        if task is None or task.state in _LIVE:
            live = True
        elif task.state == "failed":
            failed.append(f"{step.name}: {task.reason}")
        elif task.state == "done" and not task.passed:
            rejected.append(f"{step.name}: {task.reason or 'rejected'}")
        elif task.state == "skipped" and step.holds:
            if _reached(step, tasks):
                left_out.append(f"{step.name}: {task.reason}")
        elif task.state == "skipped" and step.agrees:
            rejected.append(f"{step.name}: {task.reason}")
    if live:
        return "going", []
    if arrived:
        return "done", []  # whatever was lost on the way: a candidate of a consensus, say
    if failed:
        return "failed", failed
    # What a trigger or a sampler leaves out is not bad: no more is to be done with it.
    return ("rejected", rejected) if rejected else ("done", left_out)


def _reached(step: JudgedStep[K], tasks: Mapping[K, _Task]) -> bool:
    """Whether an exposure has come to a trigger: it is what holds it back, and no earlier step."""
    above = [tasks.get(key) for key in step.above]
    return all(task is not None and task.state == "done" and task.passed for task in above)


class BranchOutcomes:
    """What a branch that is not adopted makes of exposures; of the adopted one it is recorded."""

    def __init__(self, store: Store, branch: str) -> None:
        self._store = store
        self._branch = branch
        self._steps = _judged(queries.workflow(store, branch=branch))
        (record,) = (one for one in queries.branches(store) if one.name == branch)
        self._state = record.state
        self._sample = self._in_sample() if record.sample is not None else None

    def of(
        self, subjects: Iterable[int]
    ) -> dict[int, tuple[ExposureState | Literal[""], list[str]]]:
        """State and reasons of each exposure; no state, and why, where it has none there."""
        subjects = list(subjects)
        tasks: dict[int, dict[str, Any]] = {subject: {} for subject in subjects}
        with self._store.read() as connection:
            ours = current(connection, self._branch)
            chosen = (
                select(
                    t.task.c.subject_id, ours.c.name, t.task.c.state, t.task.c.passed,
                    t.task.c.reason,
                )
                .join(ours, ours.c.revision_id == t.task.c.revision_id)
                .where(t.task.c.subject_id.in_(subjects))
            )  # fmt: skip
            for row in connection.execute(chosen):
                tasks[row.subject_id][row.name] = row
        return {subject: self._said(subject, tasks[subject]) for subject in subjects}

    def _said(
        self, subject: int, tasks: Mapping[str, Any]
    ) -> tuple[ExposureState | Literal[""], list[str]]:
        if self._sample is not None and subject not in self._sample:
            return "", [f"not in the sample that the branch {self._branch} is for"]
        state, reasons = outcome(self._steps, tasks)
        if state == "going" and self._state != "active":
            return "", [f"the branch {self._branch} is {self._state}: it did not come to an end"]
        return state, reasons

    def _in_sample(self) -> frozenset[int]:
        with self._store.read() as connection:
            chosen = select(t.branch.c.sample).where(t.branch.c.name == self._branch)
            return frozenset(json.loads(connection.execute(chosen).scalar_one()))


def _judged(graph: WorkflowRecord) -> list[JudgedStep[str]]:
    """The steps of a branch that have one task for every exposure, sources first."""
    gathered: set[str] = set()
    judged = []
    fed = [step for step in graph.steps if step.kind != "monitor"]
    for step in sorted(fed, key=lambda one: one.depth):
        into = [link for link in graph.links if link.step == step.name]
        if step.kind in _GATHERING or any(link.source in gathered for link in into):
            gathered.add(step.name)
            continue
        judged.append((step, into))
    names = {step.name for step, _ in judged}
    feeding = {link.source for link in graph.links if link.step in names}
    return [
        JudgedStep(
            key=step.name,
            name=step.name,
            holds=step.kind == "trigger",
            agrees=step.kind == "consensus",
            feeds=step.name in feeding,
            above=tuple(link.source for link in into if link.port != _EVIDENCE),
        )
        for step, into in judged
    ]
