"""Changes of a session's workflow: to parameters, and what any change would cost."""

import json
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, case, func, insert, select

from icestream.engine.graph.plan import Plan, PlannedStep, bind, parameters_of
from icestream.engine.graph.workflow import Workflow
from icestream.engine.record import branches
from icestream.engine.record.light import JudgedItems
from icestream.engine.record.redrawn import redrawn
from icestream.engine.record.turned import Turned, turned
from icestream.engine.record.workflows import adopted_branch, branch_called, workflow_of
from icestream.model import BranchId
from icestream.protocol import Parameters, Registry, known_types, named_files, names_files
from icestream.store import tables as t
from icestream.store.costs import Cost, costs_of
from icestream.store.events import RequestAnswered
from icestream.store.open import Store
from icestream.store.records import Counts
from icestream.store.standing import Reruns, reruns
from icestream.store.writing import Numbers, Writes

__all__ = [
    "Preview",
    "PreviewStep",
    "base_workflow",
    "change_at_rest",
    "changed_steps",
    "changed_workflow",
    "preview",
    "preview_selection",
    "said_of",
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
    """Estimated core seconds of the tasks, from those that ran before: how long each took, times
    the cores that it holds."""
    bytes: float = 0.0
    """Estimated room that the results take, from those that are there."""
    measured: int = 0
    """Tasks of the step that have run, in any revision; 0: nobody knows how long one takes."""
    gathers: bool = False
    """It takes many exposures at once; how often with those of a sample, nobody knows before."""
    each: float = 0.0
    """Of one task, likewise."""
    watches: bool = False
    """It makes nothing, as a monitor: what it says follows from the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a change of a workflow would make run again."""

    steps: tuple[PreviewStep, ...]
    removed: tuple[str, ...] = ()
    """Steps that would be taken out; what they made stays."""
    selections: tuple[Turned, ...] = ()
    """Exposures gained and lost at each selection and sampler that is changed itself."""
    sample: int | None = None
    """How many exposures it would be for; None: for all."""

    @property
    def exposures(self) -> int:
        """Exposures at the step where most would run again."""
        return max((step.tasks for step in self.steps), default=0)

    @property
    def bytes(self) -> float:
        """Estimated room that the results of all steps take."""
        return sum(step.bytes for step in self.steps)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Steps that would run, and of which nobody knows how long that takes."""
        return tuple(
            step.name for step in self.steps if (step.tasks or step.gathers) and not step.measured
        )

    @property
    def tasks(self) -> int:
        """Tasks that would run again, in all steps."""
        return sum(step.tasks for step in self.steps)

    @property
    def seconds(self) -> float:
        """Estimated core seconds of them all."""
        return sum(step.seconds for step in self.steps)


def with_parameters(
    workflow: Workflow,
    registry: Registry,
    step: str,
    changes: Mapping[str, Any],
    within: Sequence[str] | None = None,
) -> Workflow:
    """The workflow with some parameters of a step changed; what is a default is not said.

    Whoever names other files for a step says below which folders these are: `within`. Of a step
    that reads fewer than before nothing is said anew.

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
    said_by = {key: who for key, who in old.said_by.items() if key in said and key not in changes}
    new = replace(old, parameters=said, said_by=said_by)
    model = protocol.parameters_type()
    if within is None and any(names_files(model, name) for name in changes):
        new = replace(new, within=None)
    elif within is not None and not _are_among(model, said, old.parameters):
        new = replace(new, within=tuple(within))
    return replace(
        workflow, steps=tuple(new if step_ is old else step_ for step_ in workflow.steps)
    )


def _are_among(
    model: type[Parameters], values: Mapping[str, Any], before: Mapping[str, Any]
) -> bool:
    """Whether all files that values name were named before."""
    return set(named_files(model, values)) <= set(named_files(model, before))


def base_workflow(connection: Connection, branch: str) -> Workflow:
    """The workflow of a branch that another is to begin from.

    Raises
    ------
    LookupError
        If there is no such branch, or it was dropped.
    """
    origin = branch_called(connection, branch)
    rows = connection.execute(select(t.branch.c.id, t.branch.c.name, t.branch.c.state)).all()
    if any(row.id == origin and row.state == "dropped" for row in rows):
        there = ", ".join(row.name for row in rows if row.state != "dropped")
        raise LookupError(f"branch {branch!r} was dropped; a branch can begin from {there}")
    return workflow_of(connection, origin)


def changed_workflow(
    base: Workflow,
    registry: Registry,
    *,
    changes: Mapping[str, Mapping[str, Any]],
    document: Mapping[str, Any] | None = None,
    within: Sequence[str] | None = None,
) -> Workflow:
    """What a branch is to have: `base`, or the workflow of a document, with parameters changed.

    Raises
    ------
    LookupError
        If there is no such step.
    InvalidWorkflow
        If the document is none of a workflow.
    pydantic.ValidationError
        If the parameters are not valid, with all that is wrong.
    """
    workflow = base if document is None else Workflow.from_document(dict(document))
    for step, values in changes.items():
        workflow = with_parameters(workflow, registry, step, values, within)
    return workflow


def change_at_rest(
    store: Store,
    registry: Registry,
    step: str,
    changes: Mapping[str, Any],
    who: str,
    why: str = "",
) -> list[PlannedStep]:
    """Change parameters of a session that nobody runs; its lock must be held. Those that changed.

    It is kept among the requests, as what is asked of a session that runs.

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
        changed = changed_steps(before, after)
        document = {"step": step, "changes": dict(changes)} | ({"why": why} if why else {})
        answer = said_of(changed)
        token = uuid.uuid4().hex
        connection.execute(
            insert(t.request).values(
                token=token,
                time=writes.now,
                verb="set",
                document=json.dumps(document),
                who=who,
                state="done",
                answer=answer,
            )
        )
        writes.event(
            RequestAnswered(verb="set", verdict="done", answer=answer, token=token, who=who)
        )
        writes.flush(connection)
    return changed


def said_of(changed: Sequence[PlannedStep]) -> str:
    """What a change did, in words: ``ctf is at revision 2, pick is at revision 3``."""
    said = ", ".join(f"{step.name} is at revision {step.number}" for step in changed)
    return said or "nothing has changed"


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
    store: Store,
    registry: Registry,
    workflow: Workflow,
    branch: str | None = None,
    *,
    sample: Collection[str] | None = None,
) -> Preview:
    """Say what bringing a branch to a workflow would make run again, without changing anything.

    Where it is for a `sample` of exposures, by their names, only these count.

    Raises
    ------
    InvalidWorkflow
        If the workflow cannot run, with everything that is wrong.
    """
    new = bind(workflow, registry)
    waiting = Reruns() if branch else reruns(store)
    with store.read() as connection:
        id_ = branch_called(connection, branch) if branch else _adopted(connection, store)
        old = bind(workflow_of(connection, id_), registry)
        members = _members(connection, id_, waiting)
        chosen = None
        if sample is not None:
            chosen = _numbers(connection, sample)
            members = _of_sample(connection, members, chosen)
        revisions = branches.find_revisions(connection, new)
        reached = {name: member.ended - member.counts.rejected for name, member in members.items()}
        costs = costs_of(connection, new)
        rerun: set[str] = set()
        steps: list[PreviewStep] = []
        selections: dict[str, Turned] = {}
        for step in new.values():
            row = revisions[step.name].revision
            current = members.get(step.name)
            if row is not None and current is not None and row.id == current.id:
                continue
            fed_anew = _made_from(new, step, rerun)
            again = _is_other(old.get(step.name), step) or fed_anew
            ended = _ended(current, step, reached)
            reached.setdefault(step.name, ended)
            through = _turned_before(new, step, selections)
            total, stays = ended, 0 if again else ended
            if through is not None and step.domain.kind == "exposure":
                total += len(through.gained) - len(through.lost)
                stays = 0 if again else ended - len(through.lost)
            found = revisions[step.name]
            made = max(_done(connection, each, chosen) for each in (row, found.equal))
            kept = min(total, max(made, stays))
            runs = not (step.protocol.brings or step.protocol.watches or step.protocol.holds)
            if (again and runs) or step.protocol.brings:
                # It costs nothing to find the same again, but it is made anew.
                rerun.add(step.name)
            if again and not fed_anew and current is not None and step.protocol.judges:
                known = known_types(type(each.protocol) for each in new.values())
                selections[step.name] = turned(store, step, current.stands, known)
            if again and not fed_anew and current is not None and step.protocol.draws:
                stands = {name: member.stands for name, member in members.items()}
                if (sample_ := redrawn(store, new, step, stands, chosen)) is not None:
                    selections[step.name] = sample_
            if made and step.domain.kind == "batch" and not _fed_more(step, steps):
                total = kept = made  # how many batches there are follows from how they came
            tasks = total - kept if runs else 0
            gathers = chosen is not None and step.kind == "batch"
            cost = costs.get(step.name, Cost())
            steps.append(_priced(step, (tasks, kept), current, cost, gathers=gathers))
    return Preview(
        sample=None if chosen is None else len(chosen),
        steps=tuple(steps),
        removed=tuple(name for name in old if name not in new),
        selections=tuple(selections.values()),
    )


def preview_selection(
    store: Store,
    registry: Registry,
    workflow: Workflow,
    name: str,
    branch: str | None = None,
    *,
    kept: JudgedItems | None = None,
) -> Turned:
    """Which exposures a selection would gain and lose with the parameters that a workflow has.

    It is judged on what it has judged now, and nothing is said of costs. What it has judged is
    `kept` for the next look, which is faster then.

    Raises
    ------
    InvalidWorkflow
        If the workflow cannot run, with everything that is wrong.
    LookupError
        If the branch has no such selection.
    """
    new = bind(workflow, registry)
    waiting = Reruns() if branch else reruns(store)
    with store.read() as connection:
        id_ = branch_called(connection, branch) if branch else _adopted(connection, store)
        current = _members(connection, id_, waiting).get(name)
    if current is None or name not in new or not new[name].protocol.judges:
        raise LookupError(f"the session has no selection {name!r}")
    known = known_types(type(step.protocol) for step in new.values())
    return turned(store, new[name], current.stands, known, kept)


def _priced(
    step: PlannedStep,
    counted: tuple[int, int],
    current: "_Member | None",
    cost: Cost,
    *,
    gathers: bool,
) -> PreviewStep:
    """What tasks of a step would cost that run, and those that are kept."""
    tasks, kept = counted
    mean = current.mean if current is not None and current.mean else cost.seconds
    each = mean * step.need.cores
    return PreviewStep(
        name=step.name,
        tasks=tasks,
        kept=kept,
        seconds=tasks * each,
        bytes=tasks * cost.bytes,
        measured=cost.measured,
        gathers=gathers,
        each=each,
        watches=step.protocol.watches,
    )


def _fed_more(step: PlannedStep, before: Sequence[PreviewStep]) -> bool:
    """Whether something that feeds a step has to run, and so brings it more."""
    feeding = {output.step for sources in step.inputs.values() for output in sources}
    return any(earlier.name in feeding and earlier.tasks for earlier in before)


def _turned_before(
    steps: Mapping[str, PlannedStep], step: PlannedStep, selections: Mapping[str, Turned]
) -> Turned | None:
    """The selection or sampler that is changed and decides what comes to a step, where one does."""
    for sources in step.inputs.values():
        for output in sources:
            turned = selections.get(output.step) or _turned_before(
                steps, steps[output.step], selections
            )
            if turned is not None:
                return turned
    return None


@dataclass(frozen=True, slots=True)
class _Member:
    """A revision of the branch, and how far it is."""

    id: int
    counts: Counts
    waiting: int = 0
    """Exposures that have results of before, and none of now."""
    stands: int = 0
    """The revision whose results stand: itself, or the one before while it waits."""
    mean: float = 0.0
    """Seconds that a task takes; 0 before one has run."""

    @property
    def ended(self) -> int:
        return self.counts.done + self.waiting


def _adopted(connection: Connection, store: Store) -> BranchId:
    branch = adopted_branch(connection)
    if branch is None:
        raise LookupError(f"the session in {store.folder} has not been started yet")
    return branch


def _members(connection: Connection, branch: BranchId, waiting: Reruns) -> dict[str, _Member]:
    """Revisions of a branch; what waits to be run again counts as what it was before."""
    more = {step.step: step.waiting for step in waiting.steps}
    standing = waiting.standing.revisions if waiting.standing is not None else ()
    before = (
        select(t.step.c.name, t.revision.c.id)
        .join(t.step, t.step.c.id == t.revision.c.step_id)
        .where(t.revision.c.id.in_(standing))
    )
    stood = {row.name: row.id for row in connection.execute(before) if more.get(row.name)}
    names = [column.name for column in t.counter.columns if column.name != "revision_id"]
    chosen = (
        select(t.step.c.name.label("step"), t.counter)
        .join(t.member, t.member.c.step_id == t.step.c.id)
        .join(t.counter, t.counter.c.revision_id == t.member.c.revision_id)
        .where(t.member.c.branch_id == branch)
    )
    members = {}
    for row in connection.execute(chosen):
        counts = Counts(**{name: getattr(row, name) for name in names})
        members[row.step] = _Member(
            row.revision_id,
            counts,
            more.get(row.step, 0),
            stood.get(row.step, row.revision_id),
            counts.mean_seconds,
        )
    return members


def _numbers(connection: Connection, names: Collection[str]) -> list[int]:
    """Numbers of the exposures that are named."""
    subject = t.subject.c
    chosen = select(subject.id).where(subject.kind == "exposure", subject.name.in_(list(names)))
    return list(connection.execute(chosen).scalars())


def _of_sample(
    connection: Connection, members: Mapping[str, _Member], sample: Sequence[int]
) -> dict[str, _Member]:
    """What revisions have of some exposures only."""
    task = t.task.c
    counted = (
        select(
            task.revision_id,
            func.count().label("done"),
            func.sum(case((task.passed, 0), else_=1)).label("rejected"),
        )
        .where(task.state == "done", task.subject_id.in_(sample))
        .group_by(task.revision_id)
    )
    counts = {row.revision_id: row for row in connection.execute(counted)}
    sampled = {}
    for name, member in members.items():
        row = counts.get(member.stands)
        fewer = Counts(done=row.done, rejected=row.rejected) if row is not None else Counts()
        sampled[name] = replace(member, counts=fewer, waiting=0)
    return sampled


def _ended(current: _Member | None, step: PlannedStep, reached: Mapping[str, int]) -> int:
    """Tasks that the step has done, or would have if it had been there.

    `reached` has how many items went on past each of the steps before it.
    """
    if step.protocol.watches:
        return 0
    if current is not None:
        return current.ended
    feeding = [reached[output.step] for sources in step.inputs.values() for output in sources]
    return min(feeding, default=0)


def _done(connection: Connection, revision: Any, sample: Sequence[int] | None) -> int:
    """Tasks that a revision has done, of all exposures or some; none where it would be new."""
    if revision is None:
        return 0
    chosen = select(t.counter.c.done).where(t.counter.c.revision_id == revision.id)
    if sample is not None:
        task = t.task.c
        chosen = select(func.count()).where(
            task.revision_id == revision.id, task.state == "done", task.subject_id.in_(sample)
        )
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
