"""Changes of a session's workflow: to parameters, and what any change would cost."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from icestream.engine.graph.plan import Plan, PlannedStep, bind, parameters_of
from icestream.engine.graph.workflow import Workflow
from icestream.engine.record import branches
from icestream.engine.record.workflows import adopted_branch, branch_called, workflow_of
from icestream.model import BranchId
from icestream.protocol import Registry
from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import Counts
from icestream.store.writing import Numbers, Writes

__all__ = [
    "Preview",
    "PreviewStep",
    "change_at_rest",
    "changed_steps",
    "preview",
    "with_parameters",
]


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
    """What a change of a workflow would make run again."""

    steps: tuple[PreviewStep, ...]
    removed: tuple[str, ...] = ()
    """Steps that would be taken out; what they made stays."""

    @property
    def tasks(self) -> int:
        """Tasks that would run again, in all steps."""
        return sum(step.tasks for step in self.steps)

    @property
    def seconds(self) -> float:
        """Estimated time of them all on one worker."""
        return sum(step.seconds for step in self.steps)


def with_parameters(
    workflow: Workflow, registry: Registry, step: str, changes: Mapping[str, Any]
) -> Workflow:
    """The workflow with some parameters of a step changed; what is a default is not said.

    Raises
    ------
    LookupError
        If there is no such step.
    pydantic.ValidationError
        If the parameters are not valid, with all that is wrong.
    """
    old = workflow.step(step)
    protocol = registry.get(old.protocol)
    changed = {**old.parameters, **changes}
    _, parameters = parameters_of(protocol, changed)
    defaults = protocol.parameters_type()().model_dump(mode="json")
    said = {key: value for key, value in changed.items() if parameters[key] != defaults.get(key)}
    new = replace(old, parameters=said)
    return replace(
        workflow, steps=tuple(new if step_ is old else step_ for step_ in workflow.steps)
    )


def change_at_rest(
    store: Store, registry: Registry, step: str, changes: Mapping[str, Any], who: str
) -> list[PlannedStep]:
    """Change parameters of a session that nobody runs; its lock must be held. Those that changed.

    Raises
    ------
    LookupError
        If there is no such step, or the session has not been started.
    pydantic.ValidationError
        If the parameters are not valid, with all that is wrong.
    """
    with store.write() as connection:
        branch = _adopted(connection, store)
        before = branches.plan_of(connection, registry)
        workflow = with_parameters(workflow_of(connection, branch), registry, step, changes)
        writes = Writes(Numbers(connection), time.time())
        branches.enter_workflow(
            connection, writes, branches.Entered(branch, workflow, who), registry
        )
        writes.flush(connection)
        after = branches.plan_of(connection, registry)
    return changed_steps(before, after)


def changed_steps(before: Plan, after: Plan, branch: str | None = None) -> list[PlannedStep]:
    """The steps of a branch, by default the adopted one, that are not what they were before."""
    members = set(after.branches[branch or after.adopted].values())
    return [
        step
        for step in after.by_depth()
        if step.id in members and not _is_same(before.steps.get(step.id), step)
    ]


def _is_same(old: PlannedStep | None, new: PlannedStep) -> bool:
    return old is not None and old.parameters == new.parameters


def preview(
    store: Store, registry: Registry, workflow: Workflow, branch: str | None = None
) -> Preview:
    """Say what bringing a branch to a workflow would make run again, without changing anything.

    Raises
    ------
    InvalidWorkflow
        If the workflow cannot run, with everything that is wrong.
    """
    new = bind(workflow, registry)
    with store.read() as connection:
        id_ = branch_called(connection, branch) if branch else _adopted(connection, store)
        old = bind(workflow_of(connection, id_), registry)
        members = _members(connection, id_)
        revisions = branches.find_revisions(connection, new)
        reached = {
            name: member.counts.done - member.counts.rejected for name, member in members.items()
        }
        rerun: set[str] = set()
        steps = []
        for step in new.values():
            row = revisions[step.name].revision
            current = members.get(step.name)
            if row is not None and current is not None and row.id == current.id:
                continue
            again = _is_other(old.get(step.name), step) or _made_from(new, step, rerun)
            ended = _ended(current, step, reached)
            reached.setdefault(step.name, ended)
            made = max(_done(connection, row), _done(connection, revisions[step.name].equal))
            kept = min(ended, made) if again else ended
            if step.protocol.brings or step.protocol.watches or step.protocol.holds:
                again = False
            if again or step.protocol.brings:
                # It costs nothing to find the same again, but it is made anew.
                rerun.add(step.name)
            tasks = ended - kept if again else 0
            mean = current.counts.mean_seconds if current is not None else 0.0
            steps.append(PreviewStep(name=step.name, tasks=tasks, kept=kept, seconds=tasks * mean))
    return Preview(steps=tuple(steps), removed=tuple(name for name in old if name not in new))


@dataclass(frozen=True, slots=True)
class _Member:
    """A revision of the branch, and how far it is."""

    id: int
    counts: Counts


def _adopted(connection: Connection, store: Store) -> BranchId:
    branch = adopted_branch(connection)
    if branch is None:
        raise LookupError(f"the session in {store.folder} has not been started yet")
    return branch


def _members(connection: Connection, branch: BranchId) -> dict[str, _Member]:
    names = [column.name for column in t.counter.columns if column.name != "revision_id"]
    chosen = (
        select(t.step.c.name.label("step"), t.counter)
        .join(t.member, t.member.c.step_id == t.step.c.id)
        .join(t.counter, t.counter.c.revision_id == t.member.c.revision_id)
        .where(t.member.c.branch_id == branch)
    )
    return {
        row.step: _Member(row.revision_id, Counts(**{name: getattr(row, name) for name in names}))
        for row in connection.execute(chosen)
    }


def _ended(current: _Member | None, step: PlannedStep, reached: Mapping[str, int]) -> int:
    """Tasks that the step has done, or would have if it had been there.

    `reached` has how many items went on past each of the steps before it.
    """
    if step.protocol.watches:
        return 0
    if current is not None:
        return current.counts.done
    feeding = [reached[output.step] for sources in step.inputs.values() for output in sources]
    return min(feeding, default=0)


def _done(connection: Connection, revision: Any) -> int:
    """Tasks that a revision has done; none where it would be new."""
    if revision is None:
        return 0
    chosen = select(t.counter.c.done).where(t.counter.c.revision_id == revision.id)
    return int(connection.execute(chosen).scalar() or 0)


def _is_other(old: PlannedStep | None, new: PlannedStep) -> bool:
    """Whether a step itself is another: what feeds it may be."""
    if old is None:
        return True
    same = old.protocol.name == new.protocol.name and old.protocol.version == new.protocol.version
    return not (same and old.deciding == new.deciding and old.inputs == new.inputs)


def _made_from(steps: Mapping[str, PlannedStep], step: PlannedStep, rerun: set[str]) -> bool:
    """Whether the items that come into a step are made by steps that run again.

    What a selection lets through is what it was before: only the items' makers count.
    """
    for sources in step.inputs.values():
        for output in sources:
            source, port = steps[output.step], output.port
            while source.passes:
                origin = source.inputs[port][0]
                source, port = steps[origin.step], origin.port
            if source.name in rerun:
                return True
    return step.protocol.accumulates
