"""Which tasks start: those that fit, the best first, and those that are done again last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.engine.decisions.actions import Action, Refill, Start
from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import LeaseEnded, StreamEnded, TasksReady, Tick
from icestream.engine.decisions.ready import Ready
from icestream.engine.decisions.starts import TURN, start
from icestream.engine.decisions.state import Free, RunningLease, State, StepState
from icestream.engine.executors.contract import Fusing
from icestream.engine.graph.plan import Lane
from icestream.model import RevisionId
from icestream.protocol import Resources

ONE = Resources(cores=1, memory=0)


def made(tasks: int, *, stored: int = 0, mean: float = 0.0) -> tuple[State, StepState]:
    step = StepState(2, 1, "item", ONE, (1,), "running", stored=stored, mean=mean)
    step.window = [(n, n, Ready(n, n, 2)) for n in range(1, tasks + 1)]
    return State({2: step}, Free(4, 2**40), 4, mark="m:", fusing=Fusing(0.02, 16)), step


def test_the_best_start_first_as_long_as_there_is_room() -> None:
    state, step = made(6)
    started = [a for a in start(state) if isinstance(a, Start)]
    assert [one.tasks[0].id for one in started] == [6, 5, 4, 3]
    assert (state.free.cores, state.slots, len(step.window)) == (0, 0, 2)
    assert len({one.lease for one in started}) == 4


@pytest.mark.parametrize("held", ["paused", "draining", "failed"])
def test_nothing_of_a_step_that_is_held_starts(held: str) -> None:
    state, step = made(3, stored=10)
    step.state = held
    assert list(start(state)) == []


def test_a_window_that_runs_low_is_filled_from_the_store() -> None:
    state, _ = made(5, stored=10)
    assert [a for a in start(state) if isinstance(a, Refill)] == [Refill(2)]
    assert [a for a in start(state) if isinstance(a, Refill)] == []  # it is on its way


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
    state, _ = made(40, mean=0.001)
    state.fusing = fusing
    started = [a for a in start(state) if isinstance(a, Start)]
    assert [len(one.tasks) for one in started] == leases


# -- lanes -----------------------------------------------------------------------------------------

SOURCE, LIVE, DEEP, AGAIN = 1, 2, 3, 4


def lanes(
    *,
    cores: int = 4,
    slots: int = 0,
    gpus: int = 0,
    live: Resources = ONE,
    again: Resources = ONE,
    is_open: bool = True,
) -> State:
    """A source, two live steps that follow it, and a deep step that is done again."""

    def step(number: int, depth: int, lane: Lane, need: Resources) -> StepState:
        return StepState(number, depth, "item", need, (SOURCE,), "running", lane=lane)

    source = StepState(SOURCE, 0, "source", ONE, state="running", closed=not is_open)
    steps = (
        source,
        step(LIVE, 1, "live", live),
        step(DEEP, 2, "live", live),
        step(AGAIN, 9, "reprocess", again),
    )
    free = Free(cores, 2**40, gpus)
    return State({one.id: one for one in steps}, free, slots or cores, mark="m:")


def tasks(step: int, *numbers: int) -> TasksReady:
    return TasksReady(tuple(Ready(n, 1000 * step + n, step) for n in numbers))


def started(actions: list[Action]) -> list[int]:
    return [action.step for action in actions if isinstance(action, Start)]


def out(state: State, step: int) -> list[str]:
    return [name for name, lease in state.leases.items() if lease.step == step]


def end(state: State, lease: str) -> list[int]:
    """A lease ends well: the steps of which something starts."""
    done = tuple(task.id for task in state.leases[lease].tasks)
    return started(decide(state, LeaseEnded(lease, done=done), 0.0))


def test_what_is_live_starts_before_what_is_done_again_whatever_the_depth() -> None:
    state = lanes(cores=0, slots=4)
    decide(state, tasks(AGAIN, *range(9)), 0.0)
    decide(state, tasks(LIVE, 1, 2), 0.0)
    decide(state, tasks(DEEP, 1), 0.0)
    state.free.cores = 4
    assert started(decide(state, Tick(), 0.0)) == [DEEP, LIVE, LIVE, AGAIN]


@pytest.mark.parametrize(("cores", "runs"), [(1, 1), (2, 1), (3, 2), (4, 3), (8, 6), (16, 12)])
def test_reprocessing_leaves_a_reserve_while_live_tasks_are_expected(cores: int, runs: int) -> None:
    state = lanes(cores=cores)
    assert started(decide(state, tasks(AGAIN, *range(40)), 0.0)) == [AGAIN] * runs
    assert state.free.cores == cores - runs


def test_a_live_task_takes_the_reserve_at_once_and_it_is_not_kept_twice() -> None:
    state = lanes(cores=4)
    decide(state, tasks(AGAIN, *range(40)), 0.0)
    assert started(decide(state, tasks(LIVE, 1), 0.0)) == [LIVE]
    (again, *_) = out(state, AGAIN)
    assert end(state, again) == [AGAIN]  # the live one has its part already
    (live,) = out(state, LIVE)
    assert end(state, live) == []  # for the next one


@pytest.mark.parametrize("slots", [4, 8])
def test_slots_and_gpus_are_kept_too(slots: int) -> None:
    gpu = Resources(cores=1, memory=0, gpus=1)
    state = lanes(cores=100, slots=slots)
    assert len(started(decide(state, tasks(AGAIN, *range(40)), 0.0))) == slots * 3 // 4
    state = lanes(cores=100, gpus=slots, again=gpu)
    assert len(started(decide(state, tasks(AGAIN, *range(40)), 0.0))) == slots * 3 // 4


def test_the_only_gpu_is_not_kept_idle() -> None:
    state = lanes(cores=8, gpus=1, again=Resources(cores=1, memory=0, gpus=1))
    assert started(decide(state, tasks(AGAIN, 1, 2), 0.0)) == [AGAIN]


def test_gpus_that_are_owed_hold_up_nothing_that_needs_none() -> None:
    state = lanes(cores=8, gpus=-1)
    assert len(started(decide(state, tasks(AGAIN, *range(40)), 0.0))) == 6


def test_all_of_the_machine_is_for_reprocessing_when_nothing_live_will_come() -> None:
    state = lanes(cores=4, is_open=False)
    decide(state, Tick(), 0.0)
    decide(state, Tick(), 0.0)
    assert started(decide(state, tasks(AGAIN, *range(40)), 0.0)) == [AGAIN] * 4


@pytest.mark.parametrize("kind", ["paused", "monitor"])
def test_what_is_paused_or_only_looks_is_not_expected(kind: str) -> None:
    state = lanes(cores=4, is_open=False)
    decide(state, Tick(), 0.0)
    decide(state, Tick(), 0.0)
    step = state.steps[DEEP]
    step.state, step.kind = ("paused", "item") if kind == "paused" else ("running", "monitor")
    assert started(decide(state, tasks(AGAIN, *range(40)), 0.0)) == [AGAIN] * 4


def test_reprocessing_starts_nothing_while_a_large_live_task_waits() -> None:
    """Else small ones would take every core that becomes free."""
    state = lanes(cores=4, live=Resources(cores=3, memory=0))
    decide(state, tasks(AGAIN, *range(40)), 0.0)
    assert len(out(state, AGAIN)) == 3
    assert started(decide(state, tasks(LIVE, 1), 0.0)) == []
    first, second, _ = out(state, AGAIN)
    assert end(state, first) == []
    assert end(state, second) == [LIVE]


def test_reprocessing_has_one_lease_where_nothing_runs_and_nothing_live_can() -> None:
    state = lanes(cores=1, live=Resources(cores=3, memory=0))
    decide(state, tasks(LIVE, 1), 0.0)
    assert started(decide(state, tasks(AGAIN, 1, 2), 0.0)) == [AGAIN]


def test_among_many_live_tasks_reprocessing_has_its_turn() -> None:
    state = lanes(cores=1)
    decide(state, tasks(LIVE, *range(100)), 0.0)
    decide(state, tasks(AGAIN, *range(100)), 0.0)
    order = []
    for _ in range(3 * (TURN + 1)):
        (lease,) = state.leases
        order += end(state, lease)
    assert order == 3 * ([LIVE] * TURN + [AGAIN])


def test_without_reprocessing_live_tasks_take_everything() -> None:
    state = lanes(cores=4)
    assert started(decide(state, tasks(LIVE, *range(40)), 0.0)) == [LIVE] * 4
    assert state.passed_by == 0


needs = st.builds(Resources, cores=st.integers(1, 3), memory=st.just(0), gpus=st.integers(0, 1))
moves = st.lists(
    st.tuples(st.sampled_from(["live", "deep", "again", "end", "end", "end"]), st.integers(0, 9)),
    max_size=60,
)


@given(
    cores=st.integers(1, 8),
    gpus=st.integers(0, 2),
    live=needs,
    again=needs,
    moves=moves,
)
def test_whatever_comes_and_ends(
    cores: int, gpus: int, live: Resources, again: Resources, moves: list[tuple[str, int]]
) -> None:
    """Never more than there is; live tasks wait for no more than what runs when they come."""
    state = lanes(cores=cores, gpus=gpus, live=live, again=again)
    live_since = 0  # live leases since the last one of the other lane was out
    coming = 0
    for what, number in moves:
        coming += 1
        if what == "end":
            names = list(state.leases)
            if not names:
                continue
            name = names[number % len(names)]
            event: object = LeaseEnded(name, done=tuple(t.id for t in state.leases[name].tasks))
        else:
            step = {"live": LIVE, "deep": DEEP, "again": AGAIN}[what]
            event = TasksReady((Ready(number, coming, step),))
        idle = not [one for one in state.leases if one != getattr(event, "lease", "")]
        alone = not out(state, AGAIN)
        order = started(decide(state, event, 0.0))  # type: ignore[arg-type]
        held = [lease.need for lease in state.leases.values()]
        assert sum(need.cores for need in held) <= cores
        assert sum(need.gpus for need in held) <= gpus
        assert len(held) <= cores
        waits = any(state.steps[one].window for one in (LIVE, DEEP))
        if AGAIN in order and waits:
            # Its turn, or nothing else ran and what waits could not start.
            assert order.count(AGAIN) == 1
            assert idle or (alone and live_since >= TURN)
        live_since = live_since + len(order) - order.count(AGAIN) if not out(state, AGAIN) else 0


@given(cores=st.integers(1, 8), again=st.integers(1, 3), many=st.integers(1, 30))
def test_reprocessing_comes_to_its_end_when_nothing_live_runs(
    cores: int, again: int, many: int
) -> None:
    """Also while the source is open, and live tasks may come at any time."""
    need = Resources(cores=min(again, cores), memory=0)
    state = lanes(cores=cores, again=need)
    decide(state, tasks(AGAIN, *range(many)), 0.0)
    for _ in range(many):
        if not state.leases:
            break
        end(state, next(iter(state.leases)))
    assert not state.leases
    assert state.steps[AGAIN].live == 0


@given(cores=st.integers(1, 8), many=st.integers(1, 5))
def test_reprocessing_is_not_starved_by_live_tasks_that_never_end(cores: int, many: int) -> None:
    state = lanes(cores=cores)
    decide(state, tasks(AGAIN, *range(many)), 0.0)
    coming = 100
    for _ in range(cores + (many + 1) * (TURN + cores + 1)):
        coming += 2
        decide(state, tasks(LIVE, coming, coming + 1), 0.0)
        end(state, next(iter(state.leases)))
    assert state.steps[AGAIN].live == 0


def test_what_runs_for_a_step_that_is_gone_is_not_live() -> None:
    state = lanes(cores=4)
    state.leases["m:gone;"] = RunningLease(RevisionId(99), (), ONE)
    state.slots, state.free.cores = state.slots - 1, state.free.cores - 1
    decide(state, tasks(AGAIN, *range(9)), 0.0)
    assert len(state.leases) == 3  # one core is still kept


def test_the_end_of_the_stream_frees_the_reserve() -> None:
    state = lanes(cores=4)
    decide(state, tasks(AGAIN, *range(40)), 0.0)
    actions = decide(state, StreamEnded(SOURCE), 0.0) + decide(state, Tick(), 0.0)
    assert started(actions) == [AGAIN]
