"""The state between two events: what is free, what is ready, what is finished."""

import random
from typing import Any

import pytest

from icestream.engine.decisions.ready import ORDERS, Ready
from icestream.engine.decisions.state import WINDOW, Free, RunningLease, State, StepState, kept_of
from icestream.protocol import Resources

# -- what is free ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "fits"),
    [
        (Resources(cores=4, memory=100), True),
        (Resources(cores=5, memory=1), False),
        (Resources(cores=1, memory=101), False),
        (Resources(cores=1, memory=1, gpus=2), True),
        (Resources(cores=1, memory=1, gpus=3), False),
        (Resources(cores=1, memory=1, tokens=("relion",)), True),
        (Resources(cores=1, memory=1, tokens=("matlab",)), False),
        (Resources(cores=1, memory=1, tokens=("ctffind",)), True),
    ],
    ids=["all", "cores", "memory", "gpus", "more gpus", "token", "no token left", "unlimited"],
)
def test_a_task_starts_only_where_everything_fits(need: Resources, fits: bool) -> None:
    free = Free(4, 100, 2, {"relion": 1, "matlab": 0})
    assert free.fits(need) is fits


def test_what_is_taken_is_given_back() -> None:
    free = Free(4, 100, 3, {"relion": 2})
    need = Resources(cores=2, memory=60, gpus=2, tokens=("relion", "ctffind"))
    free.take(need)
    assert free == Free(2, 40, 1, {"relion": 1})
    assert not free.fits(need)
    free.give_back(need)
    assert free == Free(4, 100, 3, {"relion": 2})


def test_gpus_that_are_owed_keep_only_gpu_tasks_from_starting() -> None:
    """They were given to another session while they were in use."""
    free = Free(4, 100, -1)
    assert not free.fits(Resources(cores=1, memory=1, gpus=1))
    assert free.fits(Resources(cores=1, memory=1))
    free.give_back(Resources(cores=1, memory=1, gpus=1))
    assert not free.fits(Resources(cores=1, memory=1, gpus=1))


def test_a_session_that_holds_more_than_its_share_starts_nothing() -> None:
    """Its share shrank while its tasks ran."""
    assert not Free(-2, 100).fits(Resources(cores=1, memory=1))


# -- what is ready ---------------------------------------------------------------------------------


def step(**values: object) -> StepState:
    return StepState(id=2, depth=1, kind="item", need=Resources(), **values)  # type: ignore[arg-type]


def task(number: int) -> Ready:
    return Ready(rank=number, id=number, step=2)


def test_the_best_come_first() -> None:
    made = step()
    for number in (3, 9, 5):
        made.push(task(number))
    assert [made.pop().id for _ in range(3)] == [9, 5, 3]


def test_beyond_the_window_tasks_are_only_counted() -> None:
    made = step()
    for number in range(WINDOW + 10):
        made.push(task(number))
    assert (len(made.window), made.stored, made.live) == (WINDOW, 10, WINDOW + 10)
    assert [made.pop().id for _ in range(WINDOW)] == list(range(WINDOW + 9, 9, -1))


def test_a_task_below_those_in_the_store_does_not_overtake_them() -> None:
    """The store may hold better ones than the one that comes now: a refill will tell."""
    made = step(stored=5)
    made.push(task(7))
    assert (made.window, made.stored) == ([], 6)
    made.window = [(9, 9, task(9))]
    made.push(task(8))
    assert (len(made.window), made.stored) == (1, 7)
    made.push(task(10))
    assert (len(made.window), made.stored) == (2, 7)


@pytest.mark.parametrize(
    ("order", "first"),
    [("newest", [9, 7, 5, 3]), ("oldest", [3, 5, 7, 9]), ("both", [9, 3, 7, 5])],
)
def test_the_order_says_from_which_end_the_next_is_taken(order: Any, first: list[int]) -> None:
    made = step(order=order)
    for number in (3, 9, 5, 7):
        made.push(task(number))
    assert made.next.id == first[0]
    assert [made.pop().id for _ in range(4)] == first


@pytest.mark.parametrize("order", ORDERS)
def test_what_a_window_gives_is_what_the_whole_queue_would_give(order: Any) -> None:
    """Tasks come, start and are withdrawn at random; the store is asked when the window is low."""
    chance = random.Random(7)
    made, ready, turn, fills, most = step(order=order), set[int](), False, 0, 0
    for number in range(6000):
        for new in {number, chance.randrange(6000)} - ready if number % 2000 < 1000 else ():
            ready.add(new)
            made.push(task(new))
        if ready and chance.random() < 0.1:
            gone = chance.choice(sorted(ready))
            ready.discard(gone)
            made.withdraw(gone)
        if ready and chance.random() < 0.7:
            oldest = order == "oldest" or (order == "both" and turn)
            expected = min(ready) if oldest else max(ready)
            assert (made.next.id, made.pop().id) == (expected, expected)
            ready.discard(expected)
            turn = not turn
        assert len(made.window) + made.stored == len(ready)
        most = max(most, made.stored)
        if made.low:
            among, (first, last) = sorted(ready), kept_of(order)
            made.fill([task(one) for one in {*among[:first], *among[len(among) - last :]}])
            fills += 1
    assert fills > 3
    assert most > WINDOW  # the store held more than memory


def test_another_order_begins_from_the_store_unless_all_is_in_memory() -> None:
    made = step()
    for number in range(5):
        made.push(task(number))
    made.turn("oldest")
    assert [made.pop().id for _ in range(5)] == [0, 1, 2, 3, 4]
    for number in range(WINDOW + 10):
        made.push(task(number))
    made.turn("newest")
    assert (made.window, made.stored, made.low) == ([], WINDOW + 10, True)


def test_a_withdrawn_task_is_forgotten_wherever_it_is() -> None:
    made = step(stored=5)
    made.window = [(8, 8, task(8)), (9, 9, task(9))]
    made.withdraw(9)
    assert [entry[1] for entry in made.window] == [8]
    made.withdraw(1)  # one of those in the store
    assert made.stored == 4


@pytest.mark.parametrize("where", ["stored", "later", "running"])
def test_a_task_lives_until_it_ends(where: str) -> None:
    assert step(**{where: 1}).live == 1


@pytest.mark.parametrize(
    ("state", "held"),
    [
        ("waiting", False), ("running", False), ("done", False),
        ("paused", True), ("draining", True), ("failed", True),
    ],
)  # fmt: skip
def test_a_step_is_held_in_these_states(state: str, held: bool) -> None:
    assert step(state=state).held is held


# -- what is finished ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "steps", "leases", "finished"),
    [
        ("running", ("done", "done"), 0, True),
        ("running", ("done", "paused"), 0, False),  # somebody may resume it
        ("paused", ("done", "done"), 0, False),
        ("held", ("done", "done"), 0, False),
        ("draining", ("running", "running"), 1, False),
        ("draining", ("running", "running"), 0, True),
    ],
)
def test_a_session_is_finished_when_nothing_is_left_or_it_has_drained(
    session: str, steps: tuple[str, str], leases: int, finished: bool
) -> None:
    made = State({n: step(state=state) for n, state in enumerate(steps)}, Free(1, 1), 1)
    made.session = session
    made.leases = {str(n): RunningLease(0, (), Resources()) for n in range(leases)}
    assert made.finished is finished
