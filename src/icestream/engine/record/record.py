"""The record: the session's store as the coordinator writes it.

Every public method is one transaction. What it changed is returned as events for `decide`, after
the transaction is committed; when it fails, nothing has happened and the same call can be made
again.
"""

import contextlib
import json
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from icestream.engine.decisions.actions import Start
from icestream.engine.decisions.changes import ATTEMPTS, backoff
from icestream.engine.decisions.events import (
    Backfilling,
    BatchFormed,
    Event,
    LeaseEnded,
    Reconciled,
    Refilled,
    TasksReady,
)
from icestream.engine.decisions.ready import Ready
from icestream.engine.decisions.state import WINDOW, StateView, StepState
from icestream.engine.executors.contract import BLAMELESS, CANCELLED, Ended, Ending, Lease
from icestream.engine.graph.plan import Plan, PlannedStep
from icestream.engine.graph.workflow import Workflow
from icestream.engine.messages import Discovered
from icestream.engine.record import endings as commit
from icestream.engine.record import opening
from icestream.engine.record.alerts import Alerts
from icestream.engine.record.batches import form_batch, free_batch
from icestream.engine.record.cascade import Applied, Cascade
from icestream.engine.record.documents import Documents
from icestream.engine.record.endings import TaskOut
from icestream.engine.record.leases import Dispatch, prepare
from icestream.engine.record.software import software_of
from icestream.model import Alert
from icestream.protocol import Registry
from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.writing import Numbers, Writes

__all__ = ["Record"]

_PAGE = 500
_STATES = 2
"""States of a batch step that are kept; older ones are removed."""


class Record:
    """Reads and writes one session for its coordinator."""

    def __init__(self, store: Store, order: str, timeout: float) -> None:
        self.store = store
        self.folder = store.folder
        self.order = order
        self.timeout = timeout
        self.alerts = Alerts()
        self.documents = Documents()
        self.plan: Plan = Plan("", {})
        self.epoch = 0
        self.new_results: set[int] = set()
        """Steps with results since somebody last emptied this."""
        self.leases: dict[str, dict[int, TaskOut]] = {}
        """Tasks that are out, by lease."""
        self.loose = 0
        """Particles since somebody last made segments and set this to 0."""
        self._checkpoints: dict[int, list[str]] = {}
        self._numbers: Numbers

    def open(self, workflow: Workflow, registry: Registry) -> dict[int, StepState]:
        """Take the session over: enter the workflow, put right what a crash left."""
        now = time.time()
        with self.store.write() as connection:
            self._numbers = Numbers(connection)
            writes = Writes(self._numbers, now)
            self.plan = opening.enter_workflow(connection, writes, workflow, registry)
            opening.enter_session(connection, self.folder, workflow, self.order, now)
            software = software_of(registry, {step.protocol for step in workflow.steps})
            self.epoch = opening.recover(connection, software, now)
            self.alerts.load(connection)
            writes = Writes(self._numbers, now)
            writes.event("session.started", json.dumps({"epoch": self.epoch}))
            writes.flush(connection)
            return {
                number: opening.step_state(connection, step)
                for number, step in self.plan.steps.items()
            }

    def cursors(self) -> dict[int, Any]:
        """Where each source stands."""
        chosen = select(t.step.c.id, t.step.c.cursor).where(t.step.c.kind == "source")
        with self.store.read() as connection:
            return {int(number): json.loads(text) for number, text in connection.execute(chosen)}

    def reconcile(self, state: StateView) -> Reconciled:
        """What the store says, after something could not be recorded."""
        with self.store.read() as connection:
            steps = [opening.step_state(connection, self.plan.steps[one]) for one in state.steps]
            self.alerts.held.clear()
            self.alerts.load(connection)
        lost = tuple(name for name in state.leases if name not in self.leases)
        return Reconciled(lost, tuple(steps))

    # -- what happened -------------------------------------------------------------------------

    def take_in(self, ended: Sequence[Ended], found: Sequence[Discovered]) -> list[Event]:
        """Record leases that ended and items that were found, and all that follows."""
        ended = [lease for lease in ended if lease.lease in self.leases]
        for lease in ended:
            outs = self.leases[lease.lease]
            for ending in lease.endings:
                commit.publish(self.folder, outs[ending.task], ending)
        events: list[Event] = []
        with self.cascade() as cascade:
            cascade.load(
                out.exposure for lease in ended for out in self.leases[lease.lease].values()
            )
            events += [self._lease_ended(cascade, lease) for lease in ended]
            for one in found:
                self._found(cascade, one)
        for lease in ended:
            self._forget(lease)
        # New tasks first: a step whose last task has ended must not look as if nothing followed.
        return [*self.follow_up(cascade.applied), *events]

    def _lease_ended(self, cascade: Cascade, lease: Ended) -> Event:
        groups: dict[str, list[Any]] = defaultdict(list)
        endings = {one.task: one for one in lease.endings}
        seconds, reason = 0.0, ""
        for task, out in self.leases[lease.lease].items():
            ending = endings.get(task) or _lost(task, lease)
            outcome = ending.outcome
            if outcome == "again" and out.attempt >= ATTEMPTS:
                outcome = "defect"
            if outcome == "done":
                commit.record_done(cascade, out, ending, self.epoch)
                groups["done"].append(task)
                seconds += ending.seconds
            elif outcome == "again":
                due = cascade.writes.now + backoff(out.attempt)
                if commit.record_ready(cascade, out, due, ending.reason):
                    groups["again"].append((task, due))
            elif outcome in ("storage", CANCELLED):
                if commit.record_ready(cascade, out, 0.0, ending.reason):
                    groups["returned"].append(task)
            elif commit.record_failed(cascade, out, ending.reason, ending.details):
                groups["refused" if outcome == "item" else "failed"].append(task)
                reason = ending.reason
                step = self.plan.steps[out.step]
                if step.kind == "batch":
                    free_batch(cascade, step, task)
                    reason = f"{out.name} failed: {reason}; its items wait for another try"
        mean = seconds / max(1, len(groups["done"]))
        tasks = {name: tuple(found) for name, found in groups.items()}
        return LeaseEnded(lease.lease, **tasks, seconds=mean, reason=reason)

    def _found(self, cascade: Cascade, one: Discovered) -> None:
        step = self.plan.steps[one.step]
        if one.revision != step.revision_id:
            return
        changed = commit.record_discovery(cascade, step, one.found, self.folder, self.epoch)
        self.alerts.clear(cascade.writes, one.step, "source.failed")
        alerts = list(one.found.alerts)
        if changed:
            said = f"{', '.join(changed[:3])}{' ...' if len(changed) > 3 else ''}"
            alerts.append(
                Alert(
                    key="exposure.changed",
                    level="warning",
                    message=f"{said} changed on disk after it was taken in; the first is kept",
                    exposure=changed[0],
                )
            )
        self.alerts.report(cascade.writes, one.step, alerts, last=one.found.closed)

    def _forget(self, lease: Ended) -> None:
        """Sweep the scratch of a lease, and states of batches that nothing goes on from."""
        outs = self.leases.pop(lease.lease, {})
        for out in outs.values():
            shutil.rmtree(out.scratch, ignore_errors=True)
        for ending in lease.endings:
            self.loose += max(0, ending.particles)
            if ending.checkpoint:
                kept = self._checkpoints.setdefault(outs[ending.task].revision, [])
                kept.append(ending.checkpoint)
                while len(kept) > _STATES:
                    (self.folder / kept.pop(0)).unlink(missing_ok=True)

    # -- what is to be done --------------------------------------------------------------------

    def start(self, starts: Sequence[Start]) -> list[Lease]:
        """Mark tasks as running, and make the leases that run them."""
        dispatch = Dispatch(self.plan, self.folder, self.documents, self.epoch, self.timeout)
        with self.transaction() as (connection, writes):
            leases, outs = prepare(dispatch, connection, writes, starts)
        for lease, of_lease in zip(leases, outs, strict=True):
            self.leases[lease.id] = {out.id: out for out in of_lease}
        return leases

    def refill(self, number: int, later: set[int]) -> Refilled:
        """The best ready tasks of a step, but those that wait for another attempt."""
        task = t.task.c
        chosen = (
            select(task.rank, task.id, task.step_id, task.due, task.attempt)
            .where(task.revision_id == self.plan.steps[number].revision_id, task.state == "ready")
            .order_by(task.rank.desc())
            .limit(WINDOW + len(later))
        )
        with self.store.read() as connection:
            found = [Ready(*row) for row in connection.execute(chosen) if row.id not in later]
        return Refilled(number, tuple(found[:WINDOW]))

    def form_batch(self, number: int, *, final: bool) -> list[Event]:
        """Make a batch of what has arrived at a step."""
        with self.cascade() as cascade:
            formed = form_batch(cascade, self.plan.steps[number], final=final)
        return [*self.follow_up(cascade.applied), BatchFormed(number, formed, final)]

    def set_gate(self, number: int, gate: str) -> list[Event]:
        """Open a trigger's gate, or shut it for good: all that is held is looked at again."""
        with self.transaction() as (_, writes):
            writes.update(t.step, number, gate=gate, backfill=0)
            writes.event("step.gate", json.dumps({"gate": gate}), step_id=number)
        self.plan.steps[number].gate = gate
        return [Backfilling(number, True)]

    def backfill(self, number: int) -> list[Event]:
        """Look at the next page of exposures that were there before a step was changed."""
        step = self.plan.steps[number]
        with self.cascade() as cascade:
            connection = cascade.connection
            after = connection.execute(
                select(t.step.c.backfill).where(t.step.c.id == number)
            ).scalar()
            page: list[int] = []
            if after is not None and step.kind not in ("source", "monitor"):
                page = self._page(connection, step, int(after))
            cascade.load(page)
            for one in page:
                cascade.look_again(number, one)
            going_on = len(page) >= _PAGE
            last = abs(page[-1]) if going_on else None
            cascade.writes.update(t.step, number, backfill=last)
        events = self.follow_up(cascade.applied)
        return events if going_on else [*events, Backfilling(number, False)]

    def _page(self, connection: Connection, step: PlannedStep, after: int) -> list[int]:
        if self.plan.snapshots_feed(step):
            feeding = {feed.step for feeds in step.sources.values() for feed in feeds}
            chosen = (
                select(t.task.c.exposure_id)
                .distinct()
                .where(
                    t.task.c.revision_id.in_([self.plan.steps[one].revision_id for one in feeding]),
                    t.task.c.exposure_id < -after,
                )
                .order_by(t.task.c.exposure_id.desc())
            )
        else:
            column = t.exposure.c.id
            chosen = select(column).where(column > after).order_by(column)
        return [int(row[0]) for row in connection.execute(chosen.limit(_PAGE))]

    def change_step(self, number: int, state: str, reason: str, *, alarm: bool) -> None:
        """Record a step's state, and raise or clear the alert that belongs to it."""
        name = self.plan.steps[number].name
        with self.transaction() as (_, writes):
            writes.update(t.step, number, state=state, reason=reason)
            said = json.dumps({"state": state, "reason": reason})
            writes.event("step.state", said, step_id=number)
            if alarm:
                message = (
                    f"{name} is paused: {reason}. Mend what is wrong, or change a parameter "
                    f"(icestream set), then: icestream resume {self.folder} {name}"
                )
                alert = Alert(key="step.paused", level="critical", message=message)
                self.alerts.raise_(writes, number, alert)
            elif state not in ("paused", "draining"):
                self.alerts.clear(writes, number, "step.paused")

    def change_session(self, state: str, reason: str = "") -> None:
        """Record the session's state."""
        with self.transaction() as (connection, writes):
            connection.execute(
                update(t.session).values(state=state, reason=reason, changed=writes.now)
            )
            writes.event("session.state", json.dumps({"state": state, "reason": reason}))

    def leave(self, state: str, reason: str = "") -> None:
        """Record how the session is left: what ran waits for whoever takes it up again."""
        with self.store.read() as connection:
            chosen = select(t.step.c.id, t.step.c.state, t.step.c.reason)
            rows = connection.execute(chosen.where(t.step.c.state.in_(opening.LEFT))).all()
        for row in rows:
            self.change_step(row.id, opening.LEFT[row.state], row.reason, alarm=False)
        self.change_session(state, reason)

    # -- the way it is done --------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[tuple[Connection, Writes]]:
        """One transaction; what is gathered in its `Writes` is written at its end."""
        with self.store.write() as connection:
            writes = Writes(self._numbers, time.time())
            yield connection, writes
            writes.flush(connection)

    @contextlib.contextmanager
    def cascade(self) -> Iterator[Cascade]:
        """A transaction at whose end all that follows from it is done too."""
        with self.transaction() as (connection, writes):
            cascade = Cascade(self.plan, connection, writes, self.order, self.documents)
            yield cascade
            cascade.follow()

    def follow_up(self, applied: Applied) -> list[Event]:
        """Events of what a transaction that has been committed changed."""
        self.new_results |= applied.new_results
        arrived, left = (
            tuple((step, size) for step, sizes in moved.items() for size in sizes)
            for moved in (applied.arrived, applied.left)
        )
        if not (applied.ready or applied.withdrawn or arrived or left):
            return []
        return [TasksReady(tuple(applied.ready), tuple(applied.withdrawn.items()), arrived, left)]


def _lost(task: int, lease: Ended) -> Ending:
    """The ending of a call that has none: its worker died, or it was cancelled."""
    outcome = CANCELLED if lease.lost in BLAMELESS else "again"
    return Ending(task=task, outcome=outcome, reason=lease.lost or "the worker did not say")
