"""Which tasks start now, and how many share a lease.

Steps are in one of two lanes. What is live goes first, the deepest step first. Reprocessing takes
what is left of the machine but a reserve, so that what comes next finds room, and starts nothing
while live tasks wait. It is not forgotten either: it may have one lease where nothing runs, and one
after every few live ones.
"""

from collections.abc import Iterator
from math import ceil

from icestream.engine.decisions.actions import Action, Refill, Start
from icestream.engine.decisions.state import RunningLease, State, StepState

__all__ = ["RESERVE", "TURN", "start"]

RESERVE = 0.25
"""Part of cores, GPUs and slots that reprocessing leaves to live tasks while they are expected."""
TURN = 16
"""Live leases after which reprocessing may have one, although more live ones wait."""


def start(state: State) -> Iterator[Action]:
    """Start as many tasks as fit and their lanes allow, the best first."""
    steps = sorted(state.steps.values(), key=lambda step: -step.depth)
    behind = [step for step in steps if step.lane == "reprocess" and _has_ready(step)]
    alone = bool(behind) and not _leases_of(state, "reprocess")
    if alone and state.passed_by >= TURN:
        yield from _start_one(state, behind)
        alone = not _leases_of(state, "reprocess")
    for step in steps:
        if step.lane == "live":
            before = state.counted
            yield from _start_all(state, step)
            state.passed_by = state.passed_by + state.counted - before if alone else 0
    if behind:
        yield from _reprocess(state, steps, behind)
    for step in steps:
        if step.low and not step.held and not step.refilling:
            step.refilling = True
            yield Refill(step.id)


def _reprocess(state: State, steps: list[StepState], behind: list[StepState]) -> Iterator[Action]:
    """Start what is left to reprocessing once everything live has been looked at."""
    live = [step for step in steps if step.lane == "live" and not step.watches]
    if not state.leases:
        yield from _start_one(state, behind)  # what waits, if anything, cannot start now
    if any(_has_ready(step) for step in live):
        return
    expected = any(not step.held and step.state != "done" for step in live)
    for step in behind:
        while step.window and _fits(state, step):
            if expected and not _leaves_reserve(state, step):
                break
            yield _lease(state, step)


def _has_ready(step: StepState) -> bool:
    return not step.held and bool(step.window or step.stored)


def _leases_of(state: State, lane: str) -> list[RunningLease]:
    """Leases of a lane; what still runs for a step that is gone is nobody's live work."""
    lanes = {revision: step.lane for revision, step in state.steps.items()}
    return [lease for lease in state.leases.values() if lanes.get(lease.step, "reprocess") == lane]


def _leaves_reserve(state: State, step: StepState) -> bool:
    """Whether live tasks have, or find free, their part of the machine if one more starts."""
    out, live = state.leases.values(), _leases_of(state, "live")
    cores = state.free.cores + sum(lease.need.cores for lease in out)
    kept = ceil(RESERVE * cores) - sum(lease.need.cores for lease in live)
    if state.free.cores - step.need.cores < kept:
        return False
    if state.slots - 1 < ceil(RESERVE * (state.slots + len(out))) - len(live):
        return False
    # The only GPU is not kept idle: a live task waits for one other.
    gpus = state.free.gpus + sum(lease.need.gpus for lease in out)
    kept = int(RESERVE * gpus) - sum(lease.need.gpus for lease in live)
    return not step.need.gpus or state.free.gpus - step.need.gpus >= kept


def _start_all(state: State, step: StepState) -> Iterator[Action]:
    """Start as many of a step's tasks as fit."""
    while not step.held and step.window and _fits(state, step):
        yield _lease(state, step)


def _start_one(state: State, steps: list[StepState]) -> Iterator[Action]:
    """Start one lease of the first step of which one fits."""
    for step in steps:
        if step.window and _fits(state, step):
            yield _lease(state, step)
            return


def _fits(state: State, step: StepState) -> bool:
    return state.slots > 0 and state.free.fits(step.need)


def _lease(state: State, step: StepState) -> Start:
    """Take the best tasks of a step for a lease, and what it needs."""
    tasks = [step.pop()]
    for _ in range(_fused(state, step)):
        if tasks[-1].attempt or step.next.attempt:
            break  # what has failed before runs alone: it may take its lease down with it
        tasks.append(step.pop())
    state.free.take(step.need)
    state.slots -= 1
    state.counted += 1
    name = f"{state.mark}{state.counted};"
    state.leases[name] = RunningLease(step.id, tuple(tasks), step.need)
    step.running += len(tasks)
    return Start(name, step.id, tuple(tasks), step.mean * len(tasks))


def _fused(state: State, step: StepState) -> int:
    """How many more tasks go into a lease: tiny ones share it, but leave work for every slot."""
    if not 0 < step.mean < state.fusing.seconds:
        return 0
    many = min(state.fusing.most, int(state.fusing.seconds / step.mean))
    return max(0, min(many, len(step.window) // max(state.slots, 1) + 1, len(step.window)) - 1)
