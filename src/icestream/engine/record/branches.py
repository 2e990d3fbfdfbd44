"""Branches: named sets of revisions, entered into the store, and the plan that they make together.

Whatever changes a workflow (a parameter, a protocol, a link, a step that comes or goes) is the same
thing here: a branch is brought to a workflow. Steps whose fingerprint another branch has, or had,
take that revision, and with it every task and result.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from icestream.engine.graph.plan import (
    Feed,
    Plan,
    PlannedStep,
    bind,
    fingerprint_of,
    works_of,
)
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, Output, Workflow
from icestream.engine.record.workflows import adopted_branch, branch_called, inputs_of, workflow_of
from icestream.model import BranchId, BranchState, RevisionId, StepId, SubjectId, content_key
from icestream.protocol import Registry
from icestream.store import tables as t
from icestream.store.current import FIRST_BRANCH
from icestream.store.events import (
    BranchAdopted,
    BranchCreated,
    BranchDropped,
    Event,
    StepAdded,
    StepRemoved,
    StepRevised,
)
from icestream.store.writing import Writes

__all__ = [
    "Entered",
    "FoundRevision",
    "adopt_branch",
    "create_branch",
    "drop_branch",
    "enter_all",
    "enter_workflow",
    "find_revisions",
    "plan_of",
]


def create_branch(  # noqa: PLR0913 - what a branch is, is said by name
    connection: Connection,
    writes: Writes,
    workflow: Workflow,
    *,
    name: str,
    who: str,
    sample: Sequence[SubjectId] | None = None,
    base: str = "",
) -> BranchId:
    """Insert a branch, for all exposures or a sample; `enter_workflow` gives it its revisions.

    `base` is the name of the branch that it is made from.

    Raises
    ------
    LookupError
        If there is a branch of this name.
    """
    same = select(t.branch.c.state).where(t.branch.c.name == name)
    state = connection.execute(same).scalar()
    if state is not None:
        raise LookupError(f"there is a branch {name!r} already ({state}); choose another name")
    branch = BranchId(
        1 + connection.execute(select(func.coalesce(func.max(t.branch.c.id), 0))).scalar_one()
    )
    connection.execute(
        insert(t.branch).values(
            id=branch,
            name=name,
            workflow=workflow.name,
            state="active",
            sample=None if sample is None else json.dumps(sorted(sample)),
            created=writes.now,
            who=who,
        )
    )
    count = None if sample is None else len(sample)
    writes.event(BranchCreated(branch=name, who=who, sample=count, base=base))
    return branch


@dataclass(frozen=True, slots=True)
class Entered:
    """A workflow that a branch is to have, and who wants it."""

    branch: BranchId
    workflow: Workflow
    who: str = ""


def enter_workflow(
    connection: Connection, writes: Writes, entered: Entered, registry: Registry
) -> None:
    """Bring a branch to a workflow: its steps get the revisions of their fingerprints.

    Raises
    ------
    InvalidWorkflow
        If it cannot run, with everything that is wrong.
    """
    bound = bind(entered.workflow, registry)
    branch, who = entered.branch, entered.who
    entry = _Entry(connection, writes, branch, who)
    entry.name_all(entered.workflow)
    members: dict[StepId, RevisionId] = {}
    fingerprints: dict[str, str] = {}
    for step in bound.values():
        step_id, revision, fingerprint = entry.enter(step, fingerprints)
        members[step_id], fingerprints[step.name] = revision, fingerprint
    for step_id in entry.members:
        if step_id not in members:
            writes.event(StepRemoved(who=who, branch=entry.called), step_id=step_id)
    writes.flush(connection)
    connection.execute(delete(t.member).where(t.member.c.branch_id == branch))
    rows = [
        {"branch_id": branch, "step_id": step_id, "revision_id": revision}
        for step_id, revision in members.items()
    ]
    connection.execute(insert(t.member), rows)
    named = update(t.branch).where(t.branch.c.id == branch)
    connection.execute(named.values(workflow=entered.workflow.name))


def enter_all(
    connection: Connection,
    writes: Writes,
    adopted: BranchId,
    workflow: Workflow,
    registry: Registry,
) -> None:
    """Bring the adopted branch to `workflow`, and every other active one to what it has.

    Protocols may have another version than when a branch was made: then its steps get revisions
    anew. A branch that cannot run here stays as it is.
    """
    chosen = select(t.branch.c.id).where(t.branch.c.state == "active", t.branch.c.id != adopted)
    others = [BranchId(branch) for branch in connection.execute(chosen).scalars()]
    if connection.execute(select(t.branch.c.id).where(t.branch.c.id == adopted)).scalar() is None:
        create_branch(connection, writes, workflow, name=FIRST_BRANCH, who="")
    enter_workflow(connection, writes, Entered(adopted, workflow), registry)
    for branch in others:
        theirs = workflow_of(connection, branch)
        if not validate(theirs, registry):
            enter_workflow(connection, writes, Entered(branch, theirs), registry)


def adopt_branch(
    connection: Connection, writes: Writes, name: str, who: str
) -> frozenset[RevisionId]:
    """Make a branch the one that people mean, for all exposures; the one before rests.

    Nothing of either is lost: adopting the other again takes it back. Returns the revisions that
    have to look at all that was there.

    Raises
    ------
    LookupError
        If there is no such branch, or it was dropped, or it is adopted already.
    """
    branch, before = _other(connection, name)
    row = connection.execute(select(t.branch).where(t.branch.c.id == branch)).one()
    connection.execute(update(t.session).values(branch_id=branch, workflow=row.workflow))
    _set_state(connection, before, "resting")
    ours = t.branch.c.id == branch
    connection.execute(update(t.branch).where(ours).values(state="active", sample=None))
    looking = _look_again(connection, branch, before)
    called = connection.execute(select(t.branch.c.name).where(t.branch.c.id == before)).scalar_one()
    writes.event(BranchAdopted(branch=name, before=called, who=who))
    return looking


def drop_branch(connection: Connection, writes: Writes, name: str, who: str) -> None:
    """Process a branch no more; what it made stays until somebody cleans it up.

    Raises
    ------
    LookupError
        If there is no such branch, or it was dropped, or it is adopted.
    """
    branch, _ = _other(connection, name)
    _set_state(connection, branch, "dropped")
    writes.event(BranchDropped(branch=name, who=who))


def _other(connection: Connection, name: str) -> tuple[BranchId, BranchId]:
    """A branch that is not adopted, and the one that is."""
    branch, before = branch_called(connection, name), adopted_branch(connection)
    if before is None or branch == before:
        raise LookupError(f"branch {name!r} is the one that is adopted")
    state = connection.execute(select(t.branch.c.state).where(t.branch.c.id == branch)).scalar()
    if state == "dropped":
        raise LookupError(f"branch {name!r} was dropped")
    return branch, before


def _set_state(connection: Connection, branch: BranchId, state: BranchState) -> None:
    connection.execute(update(t.branch).where(t.branch.c.id == branch).values(state=state))


def _look_again(
    connection: Connection, branch: BranchId, before: BranchId
) -> frozenset[RevisionId]:
    """Have all that was there looked at by what only the adopted branch has.

    Where that is nothing, exposures are judged anew all the same: a step may be gone.
    """
    members = t.member.c
    shared = select(members.revision_id).where(members.branch_id == before)
    ours = select(members.revision_id).where(members.branch_id == branch)
    revision = t.revision.c
    own = connection.execute(ours.where(members.revision_id.not_in(shared))).scalars().all()
    judging = (
        select(revision.id)
        .where(revision.id.in_(ours), revision.kind.not_in(["source", "monitor"]))
        .order_by(revision.depth)
        .limit(1)
    )
    looking = own or connection.execute(judging).scalars().all()
    connection.execute(update(t.revision).where(revision.id.in_(looking)).values(backfill=0))
    sources = (revision.id.in_(own), revision.kind == "source")
    connection.execute(update(t.revision).where(*sources).values(cursor="null"))
    return frozenset(RevisionId(subject) for subject in looking)


@dataclass(frozen=True, slots=True)
class FoundRevision:
    """The revision that a step would have in a store."""

    fingerprint: str
    revision: Any = None
    """Its row; None when it would be new."""
    equal: Any = None
    """The row of one that makes the same, fed by an equal step of another name."""


def find_revisions(
    connection: Connection, bound: Mapping[str, PlannedStep]
) -> dict[str, FoundRevision]:
    """The revisions that bound steps would have: those of their fingerprints, where there are."""
    names = {row.name: StepId(row.id) for row in connection.execute(select(t.step))}
    revisions: dict[str, FoundRevision] = {}
    for step in bound.values():
        feeding = {name: revision.fingerprint for name, revision in revisions.items()}
        rows = _revisions(connection, names.get(step.name))
        revisions[step.name] = _find(connection, step, feeding, rows)
    return revisions


class _Entry:
    """Steps of one branch on their way into the store."""

    def __init__(self, connection: Connection, writes: Writes, branch: BranchId, who: str) -> None:
        self._connection = connection
        self._writes = writes
        self._who = who
        named = select(t.branch.c.name).where(t.branch.c.id == branch)
        self.called = str(connection.execute(named).scalar_one())
        rows = connection.execute(select(t.step)).all()
        self.names = {StepId(row.id): row.name for row in rows}
        self._numbers = {name: step for step, name in self.names.items()}
        ours = t.member.c.branch_id == branch
        self.members = {
            StepId(row.step_id): RevisionId(row.revision_id)
            for row in connection.execute(select(t.member).where(ours))
        }
        others = (
            select(t.member.c.revision_id)
            .join(t.branch, t.branch.c.id == t.member.c.branch_id)
            .where(t.branch.c.state == "active", t.branch.c.id != branch)
        )
        self._shared = set(connection.execute(others).scalars())

    def name_all(self, workflow: Workflow) -> None:
        """Number the steps that are new, in the order in which the workflow has them."""
        for step in workflow.steps:
            if step.name not in self._numbers:
                id_ = StepId(self._writes.insert(t.step, name=step.name))
                self._numbers[step.name] = id_

    def enter(
        self, step: PlannedStep, fingerprints: Mapping[str, str]
    ) -> tuple[StepId, RevisionId, str]:
        """Give a step its revision; returns its number, the revision's, and the fingerprint."""
        id_ = self._numbers[step.name]
        before = self.members.get(id_)
        rows = _revisions(self._connection, id_)
        there = _find(self._connection, step, fingerprints, rows)
        held = _held(rows, before)
        if there.revision is None:
            most = max((row.number for row in rows.values()), default=0)
            revision = self._insert(replace(step, step=id_, number=most + 1), there, held)
            self._tell(step, id_, most + 1, new=before is None)
            return id_, revision, there.fingerprint
        revision = RevisionId(there.revision.id)
        anew = revision not in {before, *self._shared}
        changed = self._take_up(step, there.revision, anew=anew, held=held)
        if revision != before or changed:
            self._tell(step, id_, there.revision.number, new=before is None)
        return id_, revision, there.fingerprint

    def _take_up(self, step: PlannedStep, row: Any, *, anew: bool, held: Mapping[str, str]) -> bool:
        """Use a revision that is there; true when what decides how fast it is has changed."""
        values: dict[str, Any] = {}
        written = json.dumps(dict(step.parameters)), json.dumps(dict(step.changed))
        if (row.parameters, row.changed) != written:
            values |= {"parameters": written[0], "changed": written[1]}
        beside = _beside(step)
        if (row.within, row.said_by) != (beside["within"], beside["said_by"]):
            self._writes.update(t.revision, row.id, **beside)
        if values and step.protocol.holds:
            # What was left out may pass now.
            values |= {"backfill": 0} | ({"gate": "held"} if row.gate == "shut" else {})
        if anew:
            values |= {"backfill": 0, "gate": "held", "closed": "", "cursor": "null", **held}
        if values:
            self._writes.update(t.revision, row.id, **values)
        return "changed" in values

    def _insert(
        self, step: PlannedStep, there: FoundRevision, held: Mapping[str, str]
    ) -> RevisionId:
        revision = self._writes.insert(
            t.revision,
            step_id=step.step,
            number=step.number,
            protocol=step.protocol.name,
            kind=step.kind,
            version=step.protocol.version,
            depth=step.depth,
            parameters=json.dumps(dict(step.parameters)),
            changed=json.dumps(dict(step.changed)),
            fingerprint=there.fingerprint,
            created=self._writes.now,
            who=self._who,
            backfill=0,
            **_beside(step),
            **held,
        )
        for port, sources in step.inputs.items():
            for source in sources:
                self._writes.insert(
                    t.link,
                    revision_id=revision,
                    port=port,
                    source_id=self._numbers[source.step],
                    source_port=source.port,
                )
        self._writes.insert(t.counter, revision_id=revision)
        return RevisionId(revision)

    def _tell(self, step: PlannedStep, id_: StepId, revision: int, *, new: bool) -> None:
        said: Event = (
            StepAdded(
                protocol=step.protocol.name,
                revision=revision,
                who=self._who,
                branch=self.called,
            )
            if new
            else StepRevised(
                revision=revision, who=self._who, changed=dict(step.changed), branch=self.called
            )
        )
        self._writes.event(said, step_id=id_)


def _beside(step: PlannedStep) -> dict[str, str | None]:
    """What a revision keeps of a step that decides nothing of what it makes."""
    return {
        "within": None if step.within is None else json.dumps(list(step.within)),
        "said_by": json.dumps(dict(step.said_by)) if step.said_by else None,
    }


def _held(rows: Mapping[str, Any], before: RevisionId | None) -> dict[str, str]:
    """State and reason of the next revision of a step: one that is paused stays so."""
    for row in rows.values():
        if row.id == before and row.state in ("paused", "draining"):
            return {"state": "paused", "reason": row.reason}
    return {"state": "waiting", "reason": ""}


def _revisions(connection: Connection, step: StepId | None) -> dict[str, Any]:
    if step is None:
        return {}
    chosen = select(t.revision).where(t.revision.c.step_id == step)
    return {row.fingerprint: row for row in connection.execute(chosen)}


def _find(
    connection: Connection, step: PlannedStep, feeding: Mapping[str, str], rows: Mapping[str, Any]
) -> FoundRevision:
    """The revision of a step's fingerprint.

    Two steps that are equal have one fingerprint. What is linked to the other of them now is
    another revision all the same, with a fingerprint that says by which names it is fed.
    """
    fingerprint = fingerprint_of(step, feeding)
    row = rows.get(fingerprint)
    if row is None:
        return FoundRevision(fingerprint)
    linked = inputs_of(connection, [RevisionId(row.id)])[RevisionId(row.id)]
    if _sorted(linked) == _sorted(step.inputs):
        return FoundRevision(fingerprint, row)
    named = {port: [str(output) for output in sources] for port, sources in step.inputs.items()}
    fingerprint = content_key([fingerprint, named])
    return FoundRevision(fingerprint, rows.get(fingerprint), row)


def _sorted(inputs: Mapping[str, tuple[Output, ...]]) -> dict[str, tuple[Output, ...]]:
    return {port: sources for port, sources in sorted(inputs.items()) if sources}


def plan_of(connection: Connection, registry: Registry, before: Plan | None = None) -> Plan:
    """All active branches of a session, bound to their protocols, as the store has them.

    Steps that are as they were `before` keep their protocols, with what a source has found out.
    """
    name, adopted = connection.execute(select(t.session.c.workflow, t.session.c.branch_id)).one()
    chosen = select(t.branch).where(t.branch.c.state == "active")
    rows = sorted(connection.execute(chosen), key=lambda row: (row.id != adopted, row.id))
    merged = _Merged(connection, before)
    left_out: dict[str, str] = {}
    branches: dict[str, dict[str, RevisionId]] = {}
    for row in rows:
        workflow = workflow_of(connection, BranchId(row.id))
        try:
            bound = bind(workflow, registry)
        except InvalidWorkflow as error:
            if row.id == adopted:
                raise
            left_out[row.name] = str(error)
            continue
        branches[row.name] = merged.add(row, bound, adopted=row.id == adopted)
    called = next(row.name for row in rows if row.id == adopted)
    return Plan(name, merged.finish(), branches, called, left_out)


class _Merged:
    """The steps of several branches, those in common once."""

    def __init__(self, connection: Connection, before: Plan | None) -> None:
        self._connection = connection
        self._before = before
        self._steps: dict[RevisionId, PlannedStep] = {}
        counted = select(t.revision.c.step_id, func.count()).group_by(t.revision.c.step_id)
        self._revisions = {row[0]: row[1] for row in connection.execute(counted)}

    def add(
        self, branch: Any, bound: Mapping[str, PlannedStep], *, adopted: bool
    ) -> dict[str, RevisionId]:
        """Add a branch; returns its revisions by the names of steps.

        Monitors watch the adopted branch: what they say is about the session.
        """
        chosen = (
            select(t.step.c.name, t.revision)
            .join(t.member, t.member.c.revision_id == t.revision.c.id)
            .join(t.step, t.step.c.id == t.member.c.step_id)
            .where(t.member.c.branch_id == branch.id)
            .order_by(t.step.c.id)
        )
        rows = {row.name: row for row in self._connection.execute(chosen)}
        sample = None if branch.sample is None else frozenset(json.loads(branch.sample))
        members = {
            name: RevisionId(row.id)
            for name, row in rows.items()
            if adopted or not bound[name].protocol.watches
        }
        for name, revision in members.items():
            old = self._steps.get(revision)
            if old is not None:
                self._steps[revision] = replace(old, sample=_union(old.sample, sample))
                continue
            self._steps[revision] = replace(
                bound[name],
                id=revision,
                step=StepId(rows[name].step_id),
                number=rows[name].number,
                fingerprint=rows[name].fingerprint,
                gate=rows[name].gate,
                closed=rows[name].closed,
                feeds=_feeds(bound[name], members),
                branch=BranchId(branch.id),
                adopted=adopted,
                beside="" if adopted else branch.name,
                sample=sample if _takes_exposures(bound[name], bound) else None,
            )
        return members

    def finish(self) -> dict[RevisionId, PlannedStep]:
        """The steps, with all that they feed."""
        consumers: dict[RevisionId, dict[RevisionId, None]] = {
            revision: {} for revision in self._steps
        }
        for step in self._steps.values():
            for feeds in step.feeds.values():
                for feed in feeds:
                    consumers[feed.step][step.id] = None
        works = works_of(self._steps)
        at_work = Counter(works.values())
        return {
            revision: replace(
                step,
                consumers=tuple(consumers[revision]),
                looks_back=self._revisions[step.step] > 1 or at_work[works[revision]] > 1,
                protocol=self._protocol(step),
            )
            for revision, step in self._steps.items()
        }

    def _protocol(self, step: PlannedStep) -> Any:
        old = self._before.steps.get(step.id) if self._before else None
        return old.protocol if old and old.parameters == step.parameters else step.protocol


def _takes_exposures(step: PlannedStep, bound: Mapping[str, PlannedStep]) -> bool:
    """Whether what comes into a step is about exposures: of others there is no sample."""
    feeding = [bound[output.step] for sources in step.inputs.values() for output in sources]
    return all(source.domain.kind == "exposure" for source in feeding)


def _union(
    one: frozenset[SubjectId] | None, other: frozenset[SubjectId] | None
) -> frozenset[SubjectId] | None:
    """What two samples have together; None is all."""
    return None if one is None or other is None else one | other


def _feeds(step: PlannedStep, members: Mapping[str, RevisionId]) -> dict[str, tuple[Feed, ...]]:
    return {
        port: tuple(Feed(members[source.step], source.port) for source in sources)
        for port, sources in step.inputs.items()
    }
