"""Which tasks start: those that fit, the best first."""

import pytest

from icestream.engine.decisions.actions import Refill, Start
from icestream.engine.decisions.ready import Ready
from icestream.engine.decisions.starts import start
from icestream.engine.decisions.state import Free, State, StepState
from icestream.engine.executors.contract import Fusing
from icestream.protocol import Resources

ONE = Resources(cores=1, memory=0)


def made(tasks: int, *, stored: int = 0, mean: float = 0.0) -> tuple[State, StepState]:
    step = StepState(2, 1, "item", ONE, (1,), "running", stored=stored, mean=mean)
    step.window = [(-n, n, Ready(n, n, 2)) for n in range(tasks, 0, -1)]
    return State({2: step}, Free(4, 2**40), 4, mark="m:", fusing=Fusing(0.02, 16)), step


def test_the_best_start_first_as_long_as_there_is_room() -> None:
    state, step = made(6)
    started = [a for a in start(state, step) if isinstance(a, Start)]
    assert [one.tasks[0].id for one in started] == [6, 5, 4, 3]
    assert (state.free.cores, state.slots, len(step.window)) == (0, 0, 2)
    assert len({one.lease for one in started}) == 4


@pytest.mark.parametrize("held", ["paused", "draining", "failed"])
def test_nothing_of_a_step_that_is_held_starts(held: str) -> None:
    state, step = made(3, stored=10)
    step.state = held
    assert list(start(state, step)) == []


def test_a_window_that_runs_low_is_filled_from_the_store() -> None:
    state, step = made(5, stored=10)
    assert [a for a in start(state, step) if isinstance(a, Refill)] == [Refill(2)]
    assert [a for a in start(state, step) if isinstance(a, Refill)] == []  # it is on its way


@pytest.mark.parametrize(
    ("fusing", "leases"),
    [
        (Fusing(0.02, 16), [10, 10, 10, 9]),
        (Fusing(0.02, 4), [4, 4, 4, 4]),
        (Fusing(0.005, 16), [5, 5, 5, 5]),
        (Fusing(0.001, 16), [1, 1, 1, 1]),
        (Fusing(), [1, 1, 1, 1]),
    ],
)
def test_tiny_tasks_share_a_lease_as_the_executor_says_and_every_slot_gets_work(
    fusing: Fusing, leases: list[int]
) -> None:
    state, step = made(40, mean=0.001)
    state.fusing = fusing
    started = [a for a in start(state, step) if isinstance(a, Start)]
    assert [len(one.tasks) for one in started] == leases
