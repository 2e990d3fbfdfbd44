"""The record: the session's store as the coordinator writes it.

Every public method is one transaction. What it changed is returned as events for `decide`, after
the transaction is committed; when it fails, nothing has happened and the same call can be made
again.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select, update

from icestream.engine.decisions.actions import Start
from icestream.engine.decisions.events import (
    Backfilling,
    BatchFormed,
    Event,
    Reconciled,
    Refilled,
    Replanned,
)
from icestream.engine.decisions.ready import Order, Ready
from icestream.engine.decisions.state import StateView, StepState, kept_of
from icestream.engine.executors.contract import CANCELLED, Ended, Lease
from icestream.engine.graph.plan import Plan, PlannedStep
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.messages import Discovered
from icestream.engine.record import branches, endings, opening, tallies
from icestream.engine.record.alerts import SESSION, Alerts, Reporter, paused
from icestream.engine.record.applied import Applied, Memory
from icestream.engine.record.backfill import PAGE, next_page
from icestream.engine.record.batches import form_batch
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.discoveries import changed_after, record_discovery
from icestream.engine.record.endings import TaskOut
from icestream.engine.record.follow import follow
from icestream.engine.record.groups import close_groups
from icestream.engine.record.leases import KEPT, Dispatch, prepare
from icestream.engine.record.needs import broken_for_want
from icestream.engine.record.opening import check_graph
from icestream.engine.record.software import software_of
from icestream.engine.record.tenure import Tenure
from icestream.model import RevisionId, SessionState, StepStatus, SubjectId, TaskId
from icestream.protocol import Registry
from icestream.store import tables as t
from icestream.store.events import (
    EpochLeft,
    GateMoved,
    SessionStateChanged,
    SourceWaiting,
    StepStateChanged,
)
from icestream.store.open import Store
from icestream.store.writing import Numbers, Writes

__all__ = ["Record"]

_STATES = 2
"""States of a batch step that are kept; older ones are removed."""


class Record:
    """Reads and writes one session for its coordinator."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        order: Order | None,
        timeout: float,
        uid: str | None = None,
    ) -> None:
        self.store = store
        self.uid = uid or opening.uid_of(store)
        self.folder = store.folder
        self.registry = registry
        self.order: Order = order or opening.order_of(store)
        """Which exposure goes first."""
        self.timeout = timeout
        self.gpus: int | None = None
        """How many GPUs a task can hold at most; None: it is not known."""
        self.alerts = Alerts()
        self.memory = Memory()
        self.plan: Plan = Plan("", {})
        self.epoch = 0
        self.new_results: set[RevisionId] = set()
        """Steps with results since somebody last emptied this."""
        self.leases: dict[str, dict[int, TaskOut]] = {}
        """Tasks that are out, by lease."""
        self.given_up: dict[RevisionId, str] = {}
        """Sources that nobody waits for any more, by whom and why."""
        self.loose = 0
        """Particles since somebody last made segments and set this to 0."""
        self.asked: set[str] = set()
        """Tokens of requests that are known to be asked and have no answer yet."""
        self._checkpoints: dict[int, list[str]] = {}
        self._waiting: dict[RevisionId, int] = {}
        """Files that are not whole yet, by source, as the store has it."""
        self.tenure = Tenure(store)
        self._numbers: Numbers

    def open(self, workflow: Workflow) -> dict[RevisionId, StepState]:
        """Take the session over: enter the workflow, put right what a crash left.

        Raises
        ------
        InvalidWorkflow
            If it cannot run, or would link a step that exists in another way, or leave one out.
        """
        now = time.time()
        problems = validate(workflow, self.registry)
        if problems:
            raise InvalidWorkflow(workflow.name, problems)
        self.leases, self.memory = {}, Memory()  # nothing is out
        with self.store.write() as connection:
            self._numbers = Numbers(connection)
            writes = Writes(self._numbers, now)
            check_graph(connection, workflow)
            name = self.folder.name
            adopted = opening.enter_session(
                connection, writes, name, self.uid, workflow, self.order
            )
            branches.enter_all(connection, writes, adopted, workflow, self.registry)
            self.plan = branches.plan_of(connection, self.registry)
            kinds = {step.protocol.name for step in self.plan.steps.values()}
            software = software_of(self.registry, kinds)
            self.epoch = self.tenure.epoch = opening.recover(
                self.folder, connection, writes, software
            )
            self.alerts.load(connection)
            self.alerts.follow(writes, _gone(self.alerts, self.plan))
            # What a sample has settled is known again when all of it was looked at.
            for step in self.plan.steps.values():
                if step.sample is not None:
                    writes.update(t.revision, step.id, backfill=0)
            writes.flush(connection)
            tallies.watch(connection, self.plan, self.memory)
            return {
                revision: _state_of(connection, self.plan, step, self.order, self.memory)
                for revision, step in self.plan.steps.items()
            }

    def cursors(self) -> dict[RevisionId, Any]:
        """Where each source stands."""
        chosen = select(t.revision.c.id, t.revision.c.cursor).where(t.revision.c.kind == "source")
        with self.store.read() as connection:
            rows = connection.execute(chosen.where(t.revision.c.id.in_(list(self.plan.steps))))
            return {RevisionId(revision): json.loads(text) for revision, text in rows}

    def reconcile(self, state: StateView) -> Reconciled:
        """What the store says, after something could not be recorded."""
        with self.store.read() as connection:
            self.memory.made.clear()
            tallies.watch(connection, self.plan, self.memory)
            steps = [
                _state_of(connection, self.plan, step, self.order, self.memory)
                for step in self.plan.steps.values()
            ]
            self.alerts.held.clear()
            self.alerts.load(connection)
        lost = tuple(name for name in state.leases if name not in self.leases)
        return Reconciled(lost, tuple(steps))

    # -- branches ------------------------------------------------------------------------------

    def replan(self, looking: Collection[RevisionId] = ()) -> list[Event]:
        """Take up what was changed in the store's branches, and say what is other than before.

        Steps that are `looking` again at what was there are taken up anew, too.
        """
        before = self.plan
        with self.transaction() as (connection, writes):
            plan = branches.plan_of(connection, self.registry, before)
            for revision in _resampled(before, plan):
                # What it has not taken so far was there before.
                writes.update(t.revision, revision, backfill=0)
            self.alerts.follow(writes, _reporters(before, plan))
            writes.flush(connection)
            tallies.watch(connection, plan, self.memory)
            fresh = tuple(
                _state_of(connection, plan, step, self.order, self.memory)
                for step in plan.steps.values()
                if step.id in looking
                or _differs(before.steps.get(step.id), step)
                or tallies.heard(before, step) != tallies.heard(plan, step)
            )
        self.plan = plan
        for revision in _resampled(before, plan):
            self.memory.settled.pop(revision, None)
        gone = tuple(revision for revision in before.steps if revision not in plan.steps)
        replaced = {
            plan.branches[branch][name]: revision
            for branch, members in before.branches.items()
            for name, revision in members.items()
            if revision in gone and name in plan.branches.get(branch, {})
        }
        lanes = {step.id: step.lane for step in plan.steps.values()}
        moved = any(step.lane != lanes.get(step.id, step.lane) for step in before.steps.values())
        if not (fresh or gone or moved):
            return []
        new = [step for step in plan.steps.values() if step.id not in before.steps]
        made = tallies.made_of(self.memory)
        return [Replanned(fresh, gone, replaced, lanes, made), *broken_for_want(new, self.gpus)]

    def take_back(self) -> list[Event]:
        """Make everything that is out ready again: nobody runs it any more."""
        return self.take_in([Ended(lease, (), CANCELLED) for lease in self.leases], [])

    # -- what happened -------------------------------------------------------------------------

    def take_in(self, ended: Sequence[Ended], discovered: Sequence[Discovered]) -> list[Event]:
        """Record leases that ended and items that were found, and all that follows."""
        ended = [lease for lease in ended if lease.lease in self.leases]
        self.tenure.check_home()
        try:
            endings.publish_all(self.folder, ended, self.leases)
        except OSError as error:
            self.tenure.explain(error)
            raise
        waiting: dict[RevisionId, int] = {}
        with self.cascade() as cascade:
            cascade.load(
                out.subject for lease in ended for out in self.leases[lease.lease].values()
            )
            events: list[Event] = [
                endings.record_lease(cascade, lease, self.leases[lease.lease], self.epoch)
                for lease in ended
            ]
            for discovery in discovered:
                waiting |= self._found(cascade, discovery)
        for lease in ended:
            self._forget(lease)
        self._waiting.update(waiting)
        # New tasks first: a step whose last task has ended must not look as if nothing followed.
        return [*self.follow_up(cascade.applied), *events]

    def _found(self, cascade: Cascade, discovered: Discovered) -> dict[RevisionId, int]:
        """Record what a source found; returns how many files it waits for."""
        step = self.plan.steps.get(discovered.step)
        if step is None:
            return {}  # of a revision that is gone
        waiting = discovered.found.waiting
        if waiting != self._waiting.get(step.id, 0):
            cascade.writes.update(t.revision, step.id, waiting=waiting)
            cascade.writes.event(
                SourceWaiting(waiting=waiting, branch=step.beside), step_id=step.step
            )
        changed = record_discovery(cascade, step, discovered.found, self.folder, self.epoch)
        self.alerts.clear(cascade.writes, Reporter.of(step), "source.failed")
        alerts = [*discovered.found.alerts, *changed_after(changed)]
        self.alerts.report(cascade.writes, Reporter.of(step), alerts, last=discovered.found.closed)
        return {step.id: waiting}

    def _forget(self, lease: Ended) -> None:
        """Sweep the scratch of a lease, and states of batches that nothing goes on from."""
        outs = self.leases.pop(lease.lease, {})
        for out in outs.values():
            self.memory.running.discard(out.key)
            shutil.rmtree(out.scratch, ignore_errors=True)
        for ending in lease.endings:
            if ending.outcome == "done":
                shutil.rmtree(self.folder / KEPT / outs[ending.task].key, ignore_errors=True)
            self.loose += max(0, ending.particles)
            if ending.checkpoint:
                kept = self._checkpoints.setdefault(outs[ending.task].revision, [])
                if ending.checkpoint not in kept:  # one that was made again
                    kept.append(ending.checkpoint)
                while len(kept) > _STATES:
                    (self.folder / kept.pop(0)).unlink(missing_ok=True)

    # -- what is to be done --------------------------------------------------------------------

    def start(self, starts: Sequence[Start]) -> tuple[list[Lease], list[Event]]:
        """Mark tasks as running; the leases that run them, and what follows from those spared."""
        out = frozenset(TaskId(task) for outs in self.leases.values() for task in outs)
        dispatch = Dispatch(self.folder, self.epoch, self.timeout, out)
        with self.cascade() as cascade:
            sent = prepare(cascade, dispatch, starts)
        for lease in sent:
            self.leases[lease.lease.id] = {out.id: out for out in lease.tasks}
            self.memory.running.update(out.key for out in lease.tasks)
        return [lease.lease for lease in sent], self.follow_up(cascade.applied)

    def refill(self, revision: RevisionId, later: set[int]) -> Refilled:
        """The best ready tasks of a step, but those that wait for another attempt."""
        task = t.task.c
        chosen = select(task.rank, task.id, task.revision_id, task.due, task.attempt).where(
            task.revision_id == revision, task.state == "ready"
        )
        tasks: dict[int, Ready] = {}
        with self.store.read() as connection:
            for rank, most in zip(
                (task.rank.asc(), task.rank.desc()), kept_of(self.order), strict=True
            ):
                best = chosen.order_by(rank).limit(most + len(later))
                rows = [row for row in connection.execute(best) if row.id not in later]
                tasks |= {row.id: Ready(*row) for row in rows[:most]}  # nothing where most is 0
        return Refilled(revision, tuple(tasks.values()))

    def gather(self, revision: RevisionId, *, final: bool) -> list[Event]:
        """Make a batch of what has come to a step, or tasks of the groups that are left."""
        step = self.plan.steps[revision]
        with self.cascade() as cascade:
            if step.protocol.groups:
                formed = close_groups(cascade, step)
            else:
                formed = form_batch(cascade, step, final=final)
        return [*self.follow_up(cascade.applied), BatchFormed(revision, formed, final)]

    def set_gate(self, revision: RevisionId, gate: str) -> list[Event]:
        """Open a trigger's gate, or shut it for good: all that is held is looked at again."""
        step = self.plan.steps[revision]
        with self.transaction() as (_, writes):
            writes.update(t.revision, revision, gate=gate, backfill=0)
            writes.event(GateMoved(gate=gate, branch=step.beside), step_id=step.step)
        self.plan = self.plan.with_step(replace(step, gate=gate))
        return [Backfilling(revision, True)]

    def backfill(self, revision: RevisionId) -> list[Event]:
        """Look at the next page of subjects that were there before a step was changed."""
        step = self.plan.steps[revision]
        with self.cascade() as cascade:
            connection = cascade.connection
            chosen = select(t.revision.c.backfill).where(t.revision.c.id == revision)
            after = connection.execute(chosen).scalar()
            page: list[SubjectId] = []
            if after is not None and not (step.protocol.brings or step.protocol.watches):
                page = next_page(connection, self.plan, step, int(after))
            cascade.load(page)
            for subject in page:
                cascade.look_again(revision, subject)
            going_on = len(page) >= PAGE
            cascade.writes.update(t.revision, revision, backfill=page[-1] if going_on else None)
            cascade.writes.flush(connection)  # before what breaks the step asks to look again
        events = self.follow_up(cascade.applied)
        return events if going_on else [*events, Backfilling(revision, False)]

    def change_step(
        self, revision: RevisionId, state: StepStatus, reason: str, *, alarm: bool
    ) -> None:
        """Record a step's state, and raise or clear the alert that belongs to it."""
        step = self.plan.steps[revision]
        with self.transaction() as (_, writes):
            writes.update(t.revision, revision, state=state, reason=reason)
            said = StepStateChanged(state=state, reason=reason, branch=step.beside)
            writes.event(said, step_id=step.step)
            if alarm:
                alert = paused(self.folder, step.name, reason)
                self.alerts.raise_(writes, Reporter.of(step), alert)
            elif state not in ("paused", "draining"):
                self.alerts.clear(writes, Reporter.of(step), "step.paused")

    def change_session(self, state: SessionState, reason: str = "") -> None:
        """Record the session's state."""
        with self.transaction() as (connection, writes):
            connection.execute(
                update(t.session).values(state=state, reason=reason, changed=writes.now)
            )
            writes.event(SessionStateChanged(state=state, reason=reason))

    def leave(self, state: SessionState, reason: str = "") -> None:
        """Record how the session is left: what ran waits for whoever takes it up again."""
        with self.store.read() as connection:
            chosen = select(t.revision.c.id, t.revision.c.state, t.revision.c.reason)
            left = chosen.where(t.revision.c.state.in_(opening.LEFT))
            rows = connection.execute(left.where(t.revision.c.id.in_(list(self.plan.steps)))).all()
        for row in rows:
            self.change_step(row.id, opening.LEFT[row.state], row.reason, alarm=False)
        self.change_session(state, reason)
        with self.transaction() as (_, writes):
            writes.event(EpochLeft(epoch=self.epoch, state=state, reason=reason))

    # -- the way it is done --------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[tuple[Connection, Writes]]:
        """One transaction; what is gathered in its `Writes` is written at its end.

        A `durable` one outlives a power cut, and so does all that was written before.

        Raises
        ------
        NotHere
            If the session's folder or its store is not there any more.
        TakenOver
            If another coordinator has the session; nothing is written then.
        """
        self.tenure.check_home()
        with self.store.write(durable=durable) as connection:
            self.tenure.fence(connection)
            writes = Writes(self._numbers, time.time())
            yield connection, writes
            writes.flush(connection)

    @contextlib.contextmanager
    def cascade(self) -> Iterator[Cascade]:
        """A transaction at whose end all that follows from it is done too."""
        with self.transaction() as (connection, writes):
            cascade = Cascade(self.plan, connection, writes, self.memory)
            yield cascade
            follow(cascade)

    def follow_up(self, applied: Applied) -> list[Event]:
        """Events of what a transaction that has been committed changed."""
        self.new_results |= applied.new_results
        for key, why_not in applied.remade.items():
            self.memory.remade.pop(key, None)
            self.memory.unmade += [why_not] if why_not else []
        for key in applied.released:
            self.memory.twins.pop(key, None)
        for key, twins in applied.twins.items():
            self.memory.twins.setdefault(key, []).extend(twins)
        settled: list[tuple[RevisionId, int]] = []
        for step, subjects in applied.settled.items():
            known = self.memory.settled.setdefault(step, set())
            settled.append((step, len(subjects - known)))
            known |= subjects
        return applied.events(settled, tallies.take(self.memory, applied))


def _state_of(
    connection: Connection, plan: Plan, step: PlannedStep, order: Order, memory: Memory
) -> StepState:
    made = tallies.made_of(memory).get(step.id, (0, 0))
    return opening.step_state(connection, step, order, tallies.heard(plan, step), made)


def _gone(alerts: Alerts, plan: Plan) -> dict[Reporter, None]:
    """Reporters of alerts that hold whose branch rests, or whose step was taken out."""
    known = {SESSION, *(Reporter.of(step) for step in plan.steps.values())}
    return {by: None for by, _ in alerts.held if by not in known}


def _reporters(before: Plan, after: Plan) -> dict[Reporter, Reporter | None]:
    """Who reports from now on what each step of a plan reported; None: nobody."""
    theirs = {Reporter.of(step) for step in after.steps.values()}
    turned: dict[Reporter, Reporter | None] = {}
    for step in before.steps.values():
        by, still = Reporter.of(step), after.steps.get(step.id)
        revised = by if by in theirs else None
        turned[by] = revised if still is None else Reporter.of(still)
    return turned


def _resampled(before: Plan, after: Plan) -> list[RevisionId]:
    """Steps that are for other exposures than before."""
    steps = ((before.steps.get(step.id), step) for step in after.steps.values())
    return [new.id for old, new in steps if old is not None and old.sample != new.sample]


def _differs(old: PlannedStep | None, new: PlannedStep) -> bool:
    """Whether a step has to be taken up anew: it is new, or other parameters or a sample hold."""
    if old is None or old.sample != new.sample:
        return True
    kind = new.protocol
    return old.parameters != new.parameters and (kind.brings or kind.watches or kind.holds)
