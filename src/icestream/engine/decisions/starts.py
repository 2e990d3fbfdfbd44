"""Which tasks start now, and how many share a lease."""

from collections.abc import Iterator

from icestream.engine.decisions.actions import Action, Refill, Start
from icestream.engine.decisions.state import RunningLease, State, StepState

__all__ = ["start"]


def start(state: State, step: StepState) -> Iterator[Action]:
    """Start as many of a step's tasks as fit, the best first."""
    if step.held:
        return
    while step.window and state.slots > 0 and state.free.fits(step.need):
        tasks = [step.pop()]
        for _ in range(_fused(state, step)):
            if tasks[-1].attempt or step.window[0][2].attempt:
                break  # what has failed before runs alone: it may take its lease down with it
            tasks.append(step.pop())
        state.free.take(step.need)
        state.slots -= 1
        state.counted += 1
        lease = f"{state.mark}{state.counted};"
        state.leases[lease] = RunningLease(step.id, tuple(tasks), step.need)
        step.running += len(tasks)
        yield Start(lease, step.id, tuple(tasks))
    if step.stored and not step.refilling and len(step.window) < 32:
        step.refilling = True
        yield Refill(step.id)


def _fused(state: State, step: StepState) -> int:
    """How many more tasks go into a lease: tiny ones share it, but leave work for every slot."""
    if not 0 < step.mean < state.fusing.seconds:
        return 0
    many = min(state.fusing.most, int(state.fusing.seconds / step.mean))
    return max(0, min(many, len(step.window) // max(state.slots, 1) + 1, len(step.window)) - 1)
