"""What to do next: pure decisions over a small state, with no clock, store or process.

`decide` takes one event and returns actions; the coordinator performs them, and what comes of
them returns as events. The state holds what runs and a window of what is ready, never the
session: a hundred thousand waiting tasks are one number.
"""

import heapq
from collections.abc import Iterator

from icestream.engine.decisions.actions import (
    Action,
    AskGate,
    CancelLease,
    ChangeStep,
    FormBatch,
    Refill,
    Start,
)
from icestream.engine.decisions.events import (
    Asked,
    Backfilling,
    BatchFormed,
    Event,
    LeaseEnded,
    Refilled,
    StreamEnded,
    TasksReady,
    Trouble,
)
from icestream.engine.decisions.ready import Ready
from icestream.engine.decisions.state import WINDOW, RunningLease, State, StepState

__all__ = ["ATTEMPTS", "FAILURES", "backoff", "decide"]

FAILURES = 10
"""Unexpected failures in a row at which a step is paused."""
ATTEMPTS = 3
"""Attempts of a task that fails for a reason that may pass."""
_FUSED_SECONDS = 0.02
_FUSED_MOST = 16


def backoff(attempt: int) -> float:
    """Seconds to wait after `attempt` attempts have failed."""
    return float(min(60.0, 0.5 * 4.0 ** (attempt - 1)))


def decide(state: State, event: Event, now: float) -> list[Action]:
    """Take in one event, and say what is to be done.

    Parameters
    ----------
    state
        Changed in place.
    event
        What happened.
    now
        Seconds since the epoch.
    """
    actions = list(_take_in(state, event))
    _wake(state, now)
    if state.session == "running":
        # A monitor that nothing feeds is done when all others are: it is looked at last.
        for step in sorted(state.steps.values(), key=lambda s: (_is_alone(s), s.depth)):
            actions += _follow(state, step)
        for step in sorted(state.steps.values(), key=lambda s: -s.depth):
            actions += _start(state, step)
        if _is_stuck(state):
            state.session = "draining"
    return actions


def _is_stuck(state: State) -> bool:
    """Whether nothing is left that can be done while the steps that were given up are paused."""
    steps = state.steps.values()
    if state.leases or not any(step.given_up for step in steps):
        return False
    return all(_can_do_nothing(step) for step in steps)


def _can_do_nothing(step: StepState) -> bool:
    if step.held or step.kind == "source":
        return step.given_up or step.state == "done"
    return not (step.live or step.backfilling or step.asking)


def _is_alone(step: StepState) -> bool:
    return step.kind == "monitor" and not step.feeding


def _take_in(state: State, event: Event) -> Iterator[Action]:
    match event:
        case TasksReady():
            _ready(state, event)
        case LeaseEnded():
            yield from _ended(state, event)
        case StreamEnded():
            state.steps[event.step].closed = event.closed
        case Refilled():
            step = state.steps[event.step]
            ready = len(step.window) + step.stored
            step.refilling = False
            step.window = [(-task.rank, task.id, task) for task in event.tasks]
            heapq.heapify(step.window)
            step.stored = max(0, ready - len(step.window)) if len(event.tasks) >= WINDOW else 0
        case Backfilling():
            state.steps[event.step].backfilling = event.active
        case BatchFormed():
            step = state.steps[event.step]
            step.asking = False
            step.told = event.final if event.formed else True
        case Asked():
            yield from _asked(state, event)
        case Trouble():
            if event.reason and state.session == "running":
                state.session = "held"
            elif not event.reason and state.session == "held":
                state.session = "running"


def _ready(state: State, event: TasksReady) -> None:
    for task, number in event.withdrawn:
        if not _forget_later(state, task, number):
            state.steps[number].withdraw(task)
    for task_ in event.tasks:
        state.steps[task_.step].push(task_)
    for number, size in event.arrived:
        step = state.steps[number]
        step.waiting_size += size
        step.waiting_items += 1
        step.told = False
    for number, size in event.left:
        step = state.steps[number]
        step.waiting_size -= size
        step.waiting_items -= 1


def _forget_later(state: State, task: int, number: int) -> bool:
    """Forget a task that waits for another attempt; False when it does not."""
    left = [entry for entry in state.later if entry[1] != task]
    if len(left) == len(state.later):
        return False
    heapq.heapify(left)
    state.later = left
    state.steps[number].later -= 1
    return True


def _ended(state: State, event: LeaseEnded) -> Iterator[Action]:
    lease = state.leases.pop(event.lease, None)
    if lease is None:
        return  # of an earlier epoch, or ended already
    step = state.steps[lease.step]
    state.slots += 1
    state.free.give_back(lease.need, lease.gpus)
    step.running -= len(lease.tasks)
    tasks = {task.id: task for task in lease.tasks}
    for number, when in event.again:
        task = tasks[number]
        retry = Ready(task.rank, task.id, task.step, when, task.attempt + 1)
        heapq.heappush(state.later, (when, task.id, retry))
        step.later += 1
    for number in event.returned:
        step.push(tasks[number])
    if event.done:
        step.mean = event.seconds if not step.mean else 0.8 * step.mean + 0.2 * event.seconds
    if event.done or event.refused:
        step.in_a_row = 0
    step.in_a_row += len(event.failed)
    if step.kind == "batch" and (event.failed or event.refused):
        # What comes next goes on from its state: nothing is left out, so nothing goes on.
        step.told = False
        yield _change(step, "paused", event.reason, alarm=True)
    elif step.state == "draining" and not step.running:
        yield _change(step, "paused", "stopped")
    elif step.in_a_row >= FAILURES and not step.held:
        said = f"{step.in_a_row} failures in a row; the last: {event.reason}"
        step.in_a_row = 0
        yield _change(step, "paused", said, alarm=True)


def _asked(state: State, event: Asked) -> Iterator[Action]:
    if not event.steps:
        yield from _asked_of_session(state, event.verb)
        return
    for number in event.steps:
        step = state.steps[number]
        if event.verb == "resume":
            if step.held:
                yield _change(step, "running" if step.live else "waiting")
        elif event.verb == "stop" and step.running:
            yield _change(step, "draining", event.reason)
        elif step.state != "done":
            yield _change(step, "paused", event.reason)
        if event.verb == "abort":
            yield from (CancelLease(name) for name in _leases_of(state, number))


def _asked_of_session(state: State, verb: str) -> Iterator[Action]:
    if verb == "pause" and state.session == "running":
        state.session = "paused"
    elif verb == "resume" and state.session == "paused":
        state.session = "running"
    elif verb in ("stop", "abort"):
        state.session = "draining"
        if verb == "abort":
            yield from (CancelLease(name) for name in state.leases)


def _leases_of(state: State, step: int) -> list[str]:
    return [name for name, lease in state.leases.items() if lease.step == step]


def _wake(state: State, now: float) -> None:
    """Tasks whose time for another attempt has come are ready again."""
    while state.later and state.later[0][0] <= now:
        task = heapq.heappop(state.later)[2]
        step = state.steps[task.step]
        step.later -= 1
        step.push(task)


def _follow(state: State, step: StepState) -> Iterator[Action]:
    """Move a step on: waiting, running, done; form its batch, ask its gate."""
    feeding = [state.steps[number] for number in step.feeding]
    closed = all(source.state == "done" for source in feeding)
    if step.held:
        return
    busy = step.live > 0 or step.backfilling or step.waiting_items > 0
    if step.kind == "batch":
        yield from _batch(step, closed)
        busy = busy or step.asking
    elif step.kind == "trigger":
        yield from _gate(step, closed)
        busy = busy or step.asking
    elif step.kind == "source":
        busy = busy or not step.closed
    elif _is_alone(step):
        others = (s for s in state.steps.values() if s.feeding or s.kind != "monitor")
        busy = any(other.state != "done" for other in others)
    if busy:
        if step.state in ("waiting", "done"):
            yield _change(step, "running")
    elif closed and step.state != "done":
        yield _change(step, "done")


def _batch(step: StepState, closed: bool) -> Iterator[Action]:
    if step.live or step.asking or step.backfilling:
        return
    final = closed and (step.waiting_items > 0 or not step.told)
    if final or (step.waiting_items and step.waiting_size >= step.full):
        step.asking = True
        yield FormBatch(step.id, final=final)


def _gate(step: StepState, closed: bool) -> Iterator[Action]:
    asked = (step.waiting_items, closed)
    if step.waiting_items and not step.asking and not step.backfilling and asked != step.asked:
        step.asked = asked
        yield AskGate(step.id, step.waiting_items, step.waiting_size, closed)


def _start(state: State, step: StepState) -> Iterator[Action]:
    """Start as many of a step's tasks as fit, the best first."""
    if step.held:
        return
    while step.window and state.slots > 0 and state.free.fits(step.need):
        tasks = [step.pop()]
        for _ in range(_fused(state, step)):
            if tasks[-1].attempt or step.window[0][2].attempt:
                break  # what has failed before runs alone: it may take its lease down with it
            tasks.append(step.pop())
        gpus = state.free.take(step.need)
        state.slots -= 1
        state.counted += 1
        lease = f"{state.mark}{state.counted};"
        state.leases[lease] = RunningLease(step.id, tuple(tasks), gpus, step.need)
        step.running += len(tasks)
        yield Start(lease, step.id, tuple(tasks), gpus)
    if step.stored and not step.refilling and len(step.window) < 32:
        step.refilling = True
        yield Refill(step.id)


def _fused(state: State, step: StepState) -> int:
    """How many more tasks go into a lease: tiny ones share it, but leave work for every slot."""
    if not 0 < step.mean < _FUSED_SECONDS:
        return 0
    many = min(_FUSED_MOST, int(_FUSED_SECONDS / step.mean))
    return max(0, min(many, len(step.window) // max(state.slots, 1) + 1, len(step.window)) - 1)


def _change(step: StepState, state: str, reason: str = "", *, alarm: bool = False) -> ChangeStep:
    step.state = state
    step.given_up = alarm
    return ChangeStep(step.id, state, reason, alarm)
