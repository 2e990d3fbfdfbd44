"""What to do next: pure decisions over a small state, with no clock, store or process.

`decide` takes one event and returns actions; the coordinator performs them, and what comes of
them returns as events. The state holds what runs and a window of what is ready, never the
session: a hundred thousand waiting tasks are one number.
"""

import heapq

from icestream.engine.decisions import flow, starts
from icestream.engine.decisions.actions import Action
from icestream.engine.decisions.changes import take_in
from icestream.engine.decisions.events import Event
from icestream.engine.decisions.state import State, StepState

__all__ = ["decide"]


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
    actions = list(take_in(state, event))
    _wake(state, now)
    if state.session == "running":
        # A monitor that nothing feeds is done when all others are: it is looked at last.
        for step in sorted(state.steps.values(), key=lambda s: (flow.is_alone(s), s.depth)):
            actions += flow.follow(state, step, now)
        actions += starts.start(state)
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
    if step.held or step.brings:
        return step.given_up or step.state == "done"
    # What is withheld waits for another task, which waits in a step that is held.
    return not (step.live > step.withheld or step.backfilling or step.asking)


def _wake(state: State, now: float) -> None:
    """Tasks whose time for another attempt has come are ready again."""
    while state.later and state.later[0][0] <= now:
        task = heapq.heappop(state.later)[2]
        step = state.steps[task.step]
        step.later -= 1
        step.push(task)
