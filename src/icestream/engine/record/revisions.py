"""Revisions: changing a step's parameters, and what that would cost."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select

from icestream.engine.graph.plan import Plan, PlannedStep, parameters_of
from icestream.engine.record.opening import enter_revision, plan_of
from icestream.protocol import Registry
from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.writing import Numbers, Writes

__all__ = ["Preview", "PreviewStep", "change_at_rest", "change_parameters", "preview", "revise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewStep:
    """What a change would make of one step."""

    name: str
    tasks: int
    """Tasks that would run again."""
    kept: int
    """Tasks whose results would be used as they are."""
    seconds: float
    """Estimated time of the tasks on one worker, from those that ran before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a change of parameters would make run again."""

    step: str
    steps: tuple[PreviewStep, ...]

    @property
    def tasks(self) -> int:
        """Tasks that would run again, in all steps."""
        return sum(step.tasks for step in self.steps)

    @property
    def seconds(self) -> float:
        """Estimated time of them all on one worker."""
        return sum(step.seconds for step in self.steps)


def change_parameters(plan: Plan, name: str, changes: Mapping[str, Any]) -> list[PlannedStep]:
    """The steps as they would be after a change: the step itself and all that depends on it.

    Raises
    ------
    LookupError
        If there is no such step.
    pydantic.ValidationError
        If the parameters are not valid, with all that is wrong.
    """
    step = plan.step(name)
    changed = {**step.changed, **changes}
    protocol, parameters = parameters_of(type(step.protocol), changed)
    defaults = type(step.protocol).parameters_type()().model_dump(mode="json")
    changed = {key: value for key, value in changed.items() if parameters[key] != defaults.get(key)}
    trial = Plan(plan.name, dict(plan.steps))
    trial.steps[step.id] = replace(step, protocol=protocol, parameters=parameters, changed=changed)
    affected = []
    for old in plan.downstream(step):
        new = replace(trial.steps[old.id])
        trial.steps[old.id] = new
        new.fingerprint = trial.fingerprint(new)
        affected.append(new)
    return affected


def revise(
    connection: Connection, writes: Writes, steps: list[PlannedStep], who: str
) -> list[PlannedStep]:
    """Give steps the revision of their new fingerprint; returns those that changed."""
    return [step for step in steps if enter_revision(connection, writes, step, who)]


def change_at_rest(
    store: Store, registry: Registry, step: str, changes: Mapping[str, Any], who: str
) -> list[PlannedStep]:
    """Change parameters of a session that nobody runs; its lock must be held. Those that changed.

    Raises
    ------
    LookupError
        If there is no such step.
    pydantic.ValidationError
        If the parameters are not valid, with all that is wrong.
    """
    steps = change_parameters(plan_of(store, registry), step, changes)
    with store.write() as connection:
        writes = Writes(Numbers(connection), time.time())
        changed = revise(connection, writes, steps, who)
        writes.flush(connection)
    return changed


def preview(store: Store, registry: Registry, step: str, changes: Mapping[str, Any]) -> Preview:
    """Say what a change of parameters would make run again, without changing anything."""
    plan = plan_of(store, registry)
    affected = change_parameters(plan, step, changes)
    rerun: set[int] = set()
    steps = []
    with store.read() as connection:
        for new in affected:
            old = plan.steps[new.id]
            if new.fingerprint == old.fingerprint:
                continue
            counts = _counts(connection, old)
            known = _ended(connection, new)
            again = new.id == plan.step(step).id or _made_from(plan, new, rerun)
            ended = counts.done if old.per_exposure or old.kind == "batch" else 0
            kept = min(ended, known) if again else ended
            if old.kind == "source":
                rerun.add(new.id)  # it costs nothing to find the same again, but it is made anew
                again = False
            if old.kind in ("monitor", "trigger"):
                again = False
            if again:
                rerun.add(new.id)
            ran = counts.done - counts.reused
            mean = counts.seconds / ran if ran > 0 else 0.0
            tasks = ended - kept if again else 0
            steps.append(PreviewStep(name=new.name, tasks=tasks, kept=kept, seconds=tasks * mean))
    return Preview(step=step, steps=tuple(steps))


def _made_from(plan: Plan, step: PlannedStep, rerun: set[int]) -> bool:
    """Whether the items that come into a step are made by steps that run again.

    What a selection lets through is what it was before: only the items' makers count.
    """
    for feeds in step.sources.values():
        for feed in feeds:
            source, port = plan.steps[feed.step], feed.port
            while source.passes:
                origin = source.sources[port][0]
                source, port = plan.steps[origin.step], origin.port
            if source.id in rerun:
                return True
    return step.kind == "batch"


def _counts(connection: Connection, step: PlannedStep) -> Any:
    chosen = select(t.counter).where(t.counter.c.revision_id == step.revision_id)
    return connection.execute(chosen).one()


def _ended(connection: Connection, step: PlannedStep) -> int:
    """Tasks that an earlier revision with the same fingerprint has done."""
    chosen = (
        select(func.coalesce(func.max(t.counter.c.done), 0))
        .join(t.revision, t.revision.c.id == t.counter.c.revision_id)
        .where(t.revision.c.step_id == step.id, t.revision.c.fingerprint == step.fingerprint)
    )
    return int(connection.execute(chosen).scalar_one())
