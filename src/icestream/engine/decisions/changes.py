"""How each event changes the state, and what has to be done at once because of it."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from icestream.engine.decisions.actions import (
    Action,
    CancelLease,
    ChangeStep,
    Release,
    RestartMonitors,
    SetGate,
    StartSource,
)
from icestream.engine.decisions.events import (
    Abandoned,
    Asked,
    AtGate,
    Backfilling,
    BatchFormed,
    Event,
    GateAnswered,
    Granted,
    LeaseEnded,
    LeftPaused,
    OrderChanged,
    Reconciled,
    Refilled,
    Reopened,
    Replanned,
    SlotsChanged,
    StepBroken,
    StreamEnded,
    TasksReady,
    Tick,
    Trouble,
)
from icestream.engine.decisions.ready import Ready
from icestream.engine.decisions.share import free_of
from icestream.engine.decisions.state import Lot, State, StepState
from icestream.model import RevisionId, StepStatus, TaskId

__all__ = ["ATTEMPTS", "FAILURES", "backoff", "change_step", "take_in"]

FAILURES = 10
"""Unexpected failures in a row at which a step is paused."""
ATTEMPTS = 3
"""Attempts of a task that fails for a reason that may pass."""


def backoff(attempt: int) -> float:
    """Seconds to wait after `attempt` attempts have failed."""
    return float(min(60.0, 0.5 * 4.0 ** (attempt - 1)))


def take_in(state: State, event: Event) -> Iterator[Action]:
    """Change the state as an event says."""
    yield from _TAKERS[type(event)](state, event)


def change_step(
    step: StepState, state: StepStatus, reason: str = "", *, alarm: bool = False
) -> ChangeStep:
    """Give a step another state, and say that it is to be recorded."""
    step.state = state
    step.given_up = alarm
    return ChangeStep(step.id, state, reason, alarm)


def _ready(state: State, event: TasksReady) -> Iterable[Action]:
    for task, revision in event.withdrawn:
        if not _forget_later(state, task, revision):
            state.steps[revision].withdraw(task)
    for task_ in event.tasks:
        state.steps[task_.step].push(task_)
    for revision, size in event.arrived:
        step = state.steps[revision]
        step.waiting_size += size
        step.waiting_items += 1
        step.told = False
    for revision, size in event.left:
        step = state.steps[revision]
        step.waiting_size -= size
        step.waiting_items -= 1
    for revision, change in event.withheld:
        state.steps[revision].withheld += change
    for revision, count in event.settled:
        step = state.steps[revision]
        if step.awaited is not None:
            step.awaited = max(0, step.awaited - count)
    for moved in event.gates:
        _come(state.steps[moved.step], moved)
    for revision, items, size in event.made:
        if (maker := state.steps.get(revision)) is not None:
            maker.made_items += items
            maker.made_size += size
    return ()


def _come(step: StepState, moved: AtGate) -> None:
    """Count what has come to a trigger, and gone on from it."""
    lot = step.lots.setdefault(moved.lot, Lot())
    lot.items += moved.items
    lot.size += moved.size
    lot.passed_items += moved.passed_items
    lot.passed_size += moved.passed_size
    step.waiting_items += moved.items
    step.waiting_size += moved.size
    if lot.items <= 0:
        lot.first = None
    elif moved.items > 0:
        lot.first = moved.when if lot.first is None else lot.first
        step.unasked.add(moved.lot)


def _forget_later(state: State, task: TaskId, revision: RevisionId) -> bool:
    """Forget a task that waits for another attempt; False when it does not."""
    left = [entry for entry in state.later if entry[1] != task]
    if len(left) == len(state.later):
        return False
    heapq.heapify(left)
    state.later = left
    state.steps[revision].later -= 1
    return True


def _ended(state: State, event: LeaseEnded) -> Iterator[Action]:
    lease = state.leases.pop(event.lease, None)
    if lease is None:
        return  # of an earlier epoch, or ended already
    state.slots += 1
    state.free.give_back(lease.need)
    step = state.steps.get(lease.step)
    if step is None:
        return  # of a step that is gone
    step.running -= len(lease.tasks)
    tasks = {task.id: task for task in lease.tasks}
    for id_, when in event.again:
        task = tasks[id_]
        retry = Ready(task.rank, task.id, task.step, when, task.attempt + 1)
        heapq.heappush(state.later, (when, task.id, retry))
        step.later += 1
    for id_ in event.returned:
        step.push(tasks[id_])
    if event.done:
        step.mean = event.seconds if not step.mean else 0.8 * step.mean + 0.2 * event.seconds
    if event.done or event.refused:
        step.in_a_row = 0
    step.in_a_row += len(event.failed)
    if step.accumulates and (event.failed or event.refused):
        # What comes next goes on from its state: nothing is left out, so nothing goes on.
        step.told = False
        yield change_step(step, "paused", event.reason, alarm=True)
    elif step.state == "draining" and not step.running:
        yield change_step(step, "paused", "stopped")
    elif step.in_a_row >= FAILURES and not step.held:
        said = f"{step.in_a_row} failures in a row; the last: {event.reason}"
        step.in_a_row = 0
        yield change_step(step, "paused", said, alarm=True)


def _gate_answered(state: State, event: GateAnswered) -> Iterator[Action]:
    step = state.steps[event.step]
    if event.late or not (event.ready or event.closed):
        return
    if step.draws:
        yield Release(step.id, event.lot, "draw")
    elif event.lot or step.shuts:
        yield Release(step.id, event.lot, "pass" if event.ready else "leave")
    else:
        yield SetGate(step.id, "open" if event.ready else "shut")


def _replanned(state: State, event: Replanned) -> Iterator[Action]:
    """What runs for steps that are gone is ended; sources and monitors begin anew."""
    gone = {revision: state.steps.pop(revision) for revision in event.gone}
    yield from (CancelLease(name) for revision in gone for name in _leases_of(state, revision))
    state.later = [entry for entry in state.later if entry[2].step not in gone]
    heapq.heapify(state.later)
    for fresh in event.fresh:
        same = state.steps.get(fresh.id)
        replaced = event.replaced.get(fresh.id)
        before = same or (gone.get(replaced) if replaced is not None else None)
        if before is not None:
            fresh.state, fresh.given_up = before.state, before.given_up
        _keep_what_runs(state, fresh)  # of one that returns, too, before its leases have ended
        if same is not None:
            fresh.mean = same.mean
        elif fresh.state in ("running", "done"):
            fresh.state = "waiting"
        state.steps[fresh.id] = fresh
        if fresh.brings:
            yield StartSource(fresh.id)
    for revision, lane in event.lanes.items():
        state.steps[revision].lane = lane
    for revision, (items, size) in event.made.items():
        maker = state.steps[revision]
        maker.made_items, maker.made_size = items, size
    yield RestartMonitors()


def _keep_what_runs(state: State, fresh: StepState) -> None:
    """Count what the store calls running or ready, and memory knows more of."""
    fresh.running = sum(len(state.leases[name].tasks) for name in _leases_of(state, fresh.id))
    fresh.later = sum(entry[2].step == fresh.id for entry in state.later)
    fresh.stored = max(0, fresh.stored - fresh.later)


def _reconciled(state: State, event: Reconciled) -> Iterable[Action]:
    """Make the state say what the store says."""
    for name in event.lost:
        lease = state.leases.pop(name)
        state.free.give_back(lease.need)
        state.slots += 1
    for fresh in event.steps:
        old = state.steps[fresh.id]
        _keep_what_runs(state, fresh)
        fresh.closed, fresh.mean, fresh.given_up = old.closed, old.mean, old.given_up
        fresh.awaited = old.awaited
        state.steps[fresh.id] = fresh
    return ()


def _asked(state: State, event: Asked) -> Iterator[Action]:
    if not event.steps:
        yield from _asked_of_session(state, event.verb)
        return
    for revision in event.steps:
        step = state.steps[revision]
        if event.verb == "resume":
            if step.held:
                yield change_step(step, "running" if step.live else "waiting")
        elif event.verb == "stop" and step.running:
            yield change_step(step, "draining", event.reason)
        elif step.state != "done":
            yield change_step(step, "paused", event.reason)
        if event.verb == "abort":
            yield from (CancelLease(name) for name in _leases_of(state, revision))


def _asked_of_session(state: State, verb: str) -> Iterator[Action]:
    if verb == "pause" and state.session == "running":
        state.session = "paused"
    elif verb == "resume" and state.session == "paused":
        state.session = "running"
    elif verb in ("stop", "abort"):
        state.session = "draining"
        if verb == "abort":
            yield from (CancelLease(name) for name in state.leases)


def _leases_of(state: State, step: RevisionId) -> list[str]:
    return [name for name, lease in state.leases.items() if lease.step == step]


def _stream_ended(state: State, event: StreamEnded) -> Iterable[Action]:
    state.steps[event.step].closed = event.closed
    return ()


def _refilled(state: State, event: Refilled) -> Iterable[Action]:
    step = state.steps[event.step]
    step.refilling = False
    step.fill(event.tasks)
    return ()


def _order_changed(state: State, event: OrderChanged) -> Iterable[Action]:
    for step in state.steps.values():
        step.turn(event.order)
    return ()


def _backfilling(state: State, event: Backfilling) -> Iterable[Action]:
    state.steps[event.step].backfilling = event.active
    return ()


def _batch_formed(state: State, event: BatchFormed) -> Iterable[Action]:
    step = state.steps[event.step]
    step.asking = False
    step.told = event.final if event.formed else True
    return ()


def _step_broken(state: State, event: StepBroken) -> Iterator[Action]:
    step = state.steps[event.step]
    step.unasked.update(step.lots)  # to be asked when it is resumed
    yield change_step(step, "paused", event.reason, alarm=True)


def _reopened(state: State, event: Reopened) -> Iterator[Action]:
    for source in event.steps:
        state.steps[source].closed = False
        yield StartSource(source)


def _left_paused(state: State, event: LeftPaused) -> Iterable[Action]:
    for revision in event.steps:
        state.steps[revision].given_up = state.steps[revision].held
    return ()


def _granted(state: State, event: Granted) -> Iterable[Action]:
    # What runs keeps what it has.
    state.free = free_of(event.amounts, state.leases.values())
    return ()


def _slots_changed(state: State, event: SlotsChanged) -> Iterable[Action]:
    state.slots = event.slots - len(state.leases)
    return ()


def _trouble(state: State, event: Trouble) -> Iterable[Action]:
    if event.reason and state.session == "running":
        state.session = "held"
    elif not event.reason and state.session == "held":
        state.session = "running"
    return ()


def _abandoned(state: State, _event: Abandoned) -> Iterable[Action]:
    state.session = "draining"
    state.leases.clear()
    return ()


def _tick(_state: State, _event: Tick) -> Iterable[Action]:
    return ()


_TAKERS: dict[type, Callable[[State, Any], Iterable[Action]]] = {
    TasksReady: _ready,
    LeaseEnded: _ended,
    StreamEnded: _stream_ended,
    Refilled: _refilled,
    Backfilling: _backfilling,
    BatchFormed: _batch_formed,
    GateAnswered: _gate_answered,
    StepBroken: _step_broken,
    Replanned: _replanned,
    Reopened: _reopened,
    LeftPaused: _left_paused,
    Granted: _granted,
    SlotsChanged: _slots_changed,
    Asked: _asked,
    OrderChanged: _order_changed,
    Trouble: _trouble,
    Reconciled: _reconciled,
    Abandoned: _abandoned,
    Tick: _tick,
}
