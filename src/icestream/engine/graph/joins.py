"""Joining: which inputs of a step are there for one subject."""

from collections.abc import Mapping
from dataclasses import dataclass

from icestream.engine.graph.plan import Feed, Plan, PlannedStep
from icestream.model import ResultId, RevisionId, SubjectId, TaskId, TaskState

__all__ = ["LIVE", "Input", "Joined", "Missing", "Row", "join"]

LIVE = frozenset({"ready", "running", "held"})
"""States in which a task will still change by itself."""


@dataclass(slots=True)
class Row:
    """A task as the store has it, for one subject and one planned step."""

    id: TaskId
    step: RevisionId
    subject: SubjectId
    state: TaskState
    passed: bool = False
    key: str = ""
    result: ResultId | None = None
    reason: str = ""
    corrected: str = ""
    """Key of its result, where a person made that by hand of what the task made."""

    @property
    def made(self) -> str:
        """Key of its result: its own, unless a person has corrected what it made."""
        return self.corrected or self.key


@dataclass(frozen=True, slots=True)
class Input:
    """One item that goes into a task."""

    port: str
    label: str
    """Name of the step that the link comes from; a consensus knows its candidates by it."""
    result: ResultId
    source_port: str
    key: str


@dataclass(frozen=True, slots=True)
class Joined:
    """All inputs are there."""

    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Some input will not come."""

    reason: str


def join(plan: Plan, step: PlannedStep, rows: Mapping[RevisionId, Row]) -> Joined | Missing | None:
    """What `step` can do for the subject whose tasks are `rows` (by step); None: wait."""
    inputs: list[Input] = []
    missing: list[Missing] = []
    for port, feeds in step.feeds.items():
        for feed in feeds:
            reached = _follow(plan, feed, rows)
            if reached is None:
                return None
            if isinstance(reached, Missing):
                if port not in step.many:
                    missing.append(reached)
            else:
                origin, row = reached
                label = plan.steps[feed.step].name
                inputs.append(
                    Input(
                        port,
                        label,
                        row.result or ResultId(0),
                        origin.port,
                        f"{row.made}:{origin.port}",
                    )
                )
    if not missing:
        return Joined(tuple(inputs))
    if step.protocol.agrees:
        least = int(getattr(step.protocol, "minimum", 2))
        if len(inputs) >= least:
            return Joined(tuple(inputs))
        reasons = list(dict.fromkeys(reached.reason for reached in missing))
        if not inputs and len(reasons) == 1:
            return missing[0]  # all come from what is not there: not for lack of candidates
        return Missing(f"{len(inputs)} of the {least} candidates it needs: {'; '.join(reasons)}")
    return missing[0]


def _follow(
    plan: Plan, feed: Feed, rows: Mapping[RevisionId, Row]
) -> tuple[Feed, Row] | Missing | None:
    """Go up through selections and triggers to the step that made the item."""
    row = rows.get(feed.step)
    if row is None or row.state in LIVE:
        return None
    step = plan.steps[feed.step]
    if row.state == "skipped":
        return Missing(row.reason)
    if row.state == "failed":
        return Missing(f"{step.name} failed")
    if not row.passed:
        return Missing(f"rejected by {step.name}" + (f": {row.reason}" if row.reason else ""))
    if step.passes:
        return _follow(plan, step.feeds[feed.port][0], rows)
    return feed, row
