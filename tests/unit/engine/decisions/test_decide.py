"""Decisions as tables of cases: a state, an event, and the actions that follow."""

import dataclasses
from typing import Any

import pytest

from icestream.engine.decisions.actions import (
    Action,
    AskGate,
    CancelLease,
    ChangeStep,
    FormBatch,
    Refill,
    Start,
)
from icestream.engine.decisions.changes import FAILURES, backoff
from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import (
    Asked,
    AtGate,
    Backfilling,
    BatchFormed,
    LeaseEnded,
    Refilled,
    StreamEnded,
    TasksReady,
    Tick,
    Trouble,
)
from icestream.engine.decisions.ready import Ready, rank_of
from icestream.engine.decisions.state import WINDOW, Free, State, StepState
from icestream.engine.executors.contract import Fusing
from icestream.protocol import Resources

ONE = Resources(cores=1, memory=1)


def step(number: int, kind: str = "item", **values: object) -> StepState:
    given = {"state": "running", "need": ONE, **values}
    feeding = tuple(range(max(1, number - 1), number)) if number > 1 else ()
    return StepState(
        id=number,
        depth=number - 1,
        kind=kind,
        **({"feeding": feeding} | given),  # type: ignore[arg-type]
    )


def state(*steps: StepState, cores: int = 2, slots: int = 2, memory: int = 100) -> State:
    given = {s.id: s for s in steps}
    return State(given, Free(cores, memory), slots, mark="m", fusing=Fusing(0.02, 16))


def ready(number: int, exposure: int, task: int = 0) -> Ready:
    return Ready(rank_of(number - 1, exposure), task or exposure, number)


def started(actions: list[Action]) -> list[int]:
    return [task.id for action in actions if isinstance(action, Start) for task in action.tasks]


def changed(actions: list[Action]) -> list[tuple[int, str]]:
    return [(c.step, c.state) for c in actions if isinstance(c, ChangeStep)]


def source() -> StepState:
    return step(1, "source")


# -- what starts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "expected"), [("newest", [5, 4]), ("oldest", [3, 4]), ("both", [5, 3])]
)
def test_exposures_start_in_the_order_of_the_session(order: Any, expected: list[int]) -> None:
    s = state(source(), step(2, order=order))
    tasks = tuple(ready(2, exposure) for exposure in (4, 3, 5))
    assert started(decide(s, TasksReady(tasks), 0.0)) == expected


def test_the_deepest_step_starts_first() -> None:
    s = state(source(), step(2), step(3), cores=1, slots=1)
    tasks = (ready(2, 9, task=1), ready(3, 1, task=2))
    assert started(decide(s, TasksReady(tasks), 0.0)) == [2]


@pytest.mark.parametrize(
    ("free", "need", "count"),
    [
        (Free(4, 100), Resources(cores=1, memory=1), 3),
        (Free(4, 100), Resources(cores=2, memory=1), 2),
        (Free(4, 100), Resources(cores=1, memory=50), 2),
        (Free(4, 100, gpus=2), Resources(cores=1, memory=1, gpus=1), 2),
        (Free(4, 100), Resources(cores=1, memory=1, gpus=1), 0),
        (Free(4, 100, tokens={"relion": 1}), Resources(cores=1, memory=1, tokens=("relion",)), 1),
        (Free(0, 100), Resources(cores=1, memory=1), 0),
    ],
    ids=["slots", "cores", "memory", "gpus", "no gpu", "tokens", "nothing free"],
)
def test_no_more_starts_than_there_is_room_for(free: Free, need: Resources, count: int) -> None:
    s = state(source(), step(2, need=need), slots=3)
    s.free = free
    actions = decide(s, TasksReady(tuple(ready(2, e) for e in range(1, 9))), 0.0)
    assert len(started(actions)) == count


def test_gpus_are_counted_and_come_back() -> None:
    s = state(source(), step(2, need=Resources(cores=1, memory=1, gpus=1)))
    s.free.gpus = 2
    actions = decide(s, TasksReady((ready(2, 1), ready(2, 2), ready(2, 3))), 0.0)
    starts = [c for c in actions if isinstance(c, Start)]
    assert (len(starts), s.free.gpus) == (2, 0)
    actions = decide(s, LeaseEnded(starts[1].lease, done=(starts[1].tasks[0].id,)), 1.0)
    assert (len(started(actions)), s.free.gpus) == (1, 0)


def test_tiny_tasks_share_a_lease_but_every_slot_gets_one() -> None:
    s = state(source(), step(2, mean=0.001))
    actions = decide(s, TasksReady(tuple(ready(2, e) for e in range(1, 9))), 0.0)
    starts = [c for c in actions if isinstance(c, Start)]
    assert len(starts) == 2
    assert all(len(c.tasks) > 1 for c in starts)


def test_a_task_that_failed_before_has_its_lease_to_itself() -> None:
    s = state(source(), step(2, mean=0.001))
    tasks = tuple(dataclasses.replace(ready(2, e), attempt=1) for e in range(1, 9))
    actions = decide(s, TasksReady(tasks), 0.0)
    assert [len(c.tasks) for c in actions if isinstance(c, Start)] == [1, 1]


def test_long_tasks_do_not_share_a_lease() -> None:
    s = state(source(), step(2, mean=2.0))
    actions = decide(s, TasksReady(tuple(ready(2, e) for e in range(1, 9))), 0.0)
    assert [len(c.tasks) for c in actions if isinstance(c, Start)] == [1, 1]


# -- the window ----------------------------------------------------------------------------------


def test_memory_holds_a_window_and_the_best_tasks_are_in_it() -> None:
    s = state(source(), step(2), cores=0)
    decide(s, TasksReady(tuple(ready(2, e) for e in range(1, WINDOW + 101))), 0.0)
    assert len(s.steps[2].window) == WINDOW
    assert s.steps[2].stored == 100
    assert min(entry[1] for entry in s.steps[2].window) == 101  # the newest are kept


def test_a_window_that_runs_low_is_refilled_once() -> None:
    s = state(source(), step(2, stored=500), cores=0)
    assert Refill(2) in decide(s, Tick(), 0.0)
    assert Refill(2) not in decide(s, Tick(), 0.0)
    decide(s, Refilled(2, tuple(ready(2, e) for e in range(1, WINDOW + 1))), 0.0)
    assert (len(s.steps[2].window), s.steps[2].stored) == (WINDOW, 500 - WINDOW)


def test_a_refill_that_finds_less_than_a_window_has_found_all() -> None:
    s = state(source(), step(2, stored=500), cores=0)
    decide(s, Refilled(2, (ready(2, 1),)), 0.0)
    assert (len(s.steps[2].window), s.steps[2].stored) == (1, 0)


def test_a_withdrawn_task_does_not_start() -> None:
    s = state(source(), step(2), cores=0)
    decide(s, TasksReady((ready(2, 1), ready(2, 2))), 0.0)
    s.free.cores = 2
    assert started(decide(s, TasksReady(withdrawn=((2, 2),)), 0.0)) == [1]


# -- what ended ----------------------------------------------------------------------------------


def running(s: State, count: int = 1) -> list[Start]:
    actions = decide(s, TasksReady(tuple(ready(2, e) for e in range(1, count + 1))), 0.0)
    return [c for c in actions if isinstance(c, Start)]


def test_another_attempt_waits_for_its_time() -> None:
    s = state(source(), step(2))
    (start,) = running(s)
    assert started(decide(s, LeaseEnded(start.lease, again=((1, 5.0),)), 1.0)) == []
    assert s.steps[2].live == 1
    assert started(decide(s, Tick(), 4.9)) == []
    assert started(decide(s, Tick(), 5.0)) == [1]


def test_a_task_that_waits_for_another_attempt_can_be_withdrawn() -> None:
    """And enabled anew: it is there once, and none of those in the store is forgotten for it."""
    s = state(source(), step(2))
    (start,) = running(s)
    decide(s, LeaseEnded(start.lease, again=((1, 5.0),)), 1.0)
    s.free.cores, s.steps[2].stored, s.steps[2].refilling = 0, 300, True
    decide(s, TasksReady(withdrawn=((1, 2),)), 1.0)
    assert (s.steps[2].later, s.steps[2].stored, s.later) == (0, 300, [])
    decide(s, TasksReady((ready(2, 1),)), 1.0)
    decide(s, Tick(), 9.0)
    assert s.steps[2].live == 301


def test_attempts_wait_longer_and_longer() -> None:
    assert [backoff(n) for n in (1, 2, 3)] == [0.5, 2.0, 8.0]
    assert backoff(50) == 60.0


def test_what_was_cancelled_is_ready_at_once() -> None:
    s = state(source(), step(2))
    (start,) = running(s)
    assert started(decide(s, LeaseEnded(start.lease, returned=(1,)), 1.0)) == [1]


def test_a_lease_of_an_earlier_epoch_changes_nothing() -> None:
    s = state(source(), step(2))
    running(s)
    before = dataclasses.replace(s.free)
    assert decide(s, LeaseEnded("old;", done=(1,)), 1.0) == []
    assert s.free == before


@pytest.mark.parametrize(
    ("ending", "paused"),
    [("failed", True), ("refused", False), ("done", False)],
)
def test_only_unexpected_failures_in_a_row_pause_a_step(ending: str, paused: bool) -> None:
    s = state(source(), step(2), cores=1, slots=1)
    changes = []
    starts = running(s, FAILURES)
    for _ in range(FAILURES):
        ids = tuple(task.id for task in starts[-1].tasks)
        actions = decide(s, LeaseEnded(starts[-1].lease, **{ending: ids}, reason="x"), 1.0)  # type: ignore[arg-type]
        changes += [c for c in actions if isinstance(c, ChangeStep)]
        starts += [c for c in actions if isinstance(c, Start)]
    assert [(c.state, c.alarm) for c in changes if c.state == "paused"] == (
        [("paused", True)] if paused else []
    )


@pytest.mark.parametrize("ending", ["failed", "refused"])
@pytest.mark.parametrize("before", ["running", "draining", "paused"])
def test_one_failed_batch_pauses_its_step_until_it_is_resumed(ending: str, before: str) -> None:
    """Its items have come back, and so has the word that nothing more comes."""
    s = state(source(), step(2, "batch", full=3, told=True))
    s.steps[1].state, s.steps[1].closed = "done", True
    (start,) = running(s)
    s.steps[2].state = before
    decide(s, TasksReady(arrived=((2, 1),) * 2), 1.0)
    actions = decide(s, LeaseEnded(start.lease, **{ending: (1,)}, reason="x"), 1.0)  # type: ignore[arg-type]
    assert actions == [ChangeStep(2, "paused", "x", alarm=True)]
    s.session = "running"  # in the next run: nothing else could be done in this one
    actions = decide(s, Asked("resume", (2,)), 2.0)
    assert FormBatch(2, final=True) in actions
    assert s.steps[2].state == "running"


def test_a_failed_batch_without_items_is_formed_again_too() -> None:
    s = state(source(), step(2, "batch", full=3, told=True))
    s.steps[1].state, s.steps[1].closed = "done", True
    (start,) = running(s)
    decide(s, LeaseEnded(start.lease, failed=(1,), reason="x"), 1.0)
    s.session = "running"  # in the next run: nothing else could be done in this one
    assert FormBatch(2, final=True) in decide(s, Asked("resume", (2,)), 2.0)


@pytest.mark.parametrize(
    ("second", "third", "session"),
    [
        ({"given_up": True}, {}, "draining"),
        ({"given_up": True}, {"stored": 3, "state": "paused"}, "running"),
        ({"given_up": True}, {"state": "waiting", "backfilling": True}, "running"),
        ({"given_up": True}, {"withheld": 2}, "draining"),
        ({}, {}, "running"),
    ],
    ids=[
        "stuck",
        "a person holds the other",
        "another has work",
        "the other waits for it",
        "a person holds it",
    ],
)
def test_a_session_ends_when_only_steps_that_were_given_up_have_work(
    second: dict[str, object], third: dict[str, object], session: str
) -> None:
    s = state(
        source(),
        step(2, state="paused", stored=5, **second),  # type: ignore[arg-type]
        step(3, **{"state": "waiting", **third}),  # type: ignore[arg-type]
    )
    decide(s, Tick(), 0.0)
    assert s.session == "running"  # the source may bring more
    decide(s, StreamEnded(1), 0.0)
    assert s.session == session


def test_a_success_among_failures_starts_the_count_anew() -> None:
    s = state(source(), step(2, in_a_row=FAILURES - 1), cores=1, slots=1)
    (start,) = running(s)
    decide(s, LeaseEnded(start.lease, done=(1,)), 1.0)
    assert s.steps[2].in_a_row == 0


# -- streams that close --------------------------------------------------------------------------


def test_a_step_is_done_when_its_streams_are_closed_and_its_tasks_ended() -> None:
    s = state(source(), step(2), step(3))
    (start,) = running(s)
    assert changed(decide(s, StreamEnded(1), 1.0)) == [(1, "done")]
    actions = decide(s, LeaseEnded(start.lease, done=(1,)), 1.0)
    assert changed(actions) == [(2, "done"), (3, "done")]
    assert s.finished


@pytest.mark.parametrize(
    "values",
    [{"stored": 1}, {"running": 1}, {"later": 1}, {"backfilling": True}],
    ids=["stored", "running", "waiting for another attempt", "backfilling"],
)
def test_a_step_with_something_left_is_not_done(values: dict[str, object]) -> None:
    s = state(step(1, "source", state="done", closed=True), step(2, **values), cores=0)
    decide(s, Tick(), 0.0)
    assert s.steps[2].state == "running"
    assert not s.finished


def test_a_done_step_runs_again_when_something_comes() -> None:
    s = state(step(1, "source", closed=True, state="done"), step(2, state="done"))
    assert (2, "running") in changed(decide(s, TasksReady((ready(2, 1),)), 0.0))


def test_a_monitor_of_the_machine_is_done_when_all_others_are() -> None:
    machine = step(3, "monitor", feeding=())
    s = state(step(1, "source"), step(2), machine)
    decide(s, Tick(), 0.0)
    assert s.steps[3].state == "running"
    decide(s, StreamEnded(1), 0.0)
    decide(s, Tick(), 0.0)
    assert s.finished


# -- batches and triggers ------------------------------------------------------------------------


def batch(**values: object) -> StepState:
    return step(2, "batch", full=10, **values)


def test_a_batch_is_formed_when_it_is_full_and_one_at_a_time() -> None:
    s = state(source(), batch())
    assert not decide(s, TasksReady(arrived=((2, 9),)), 0.0)
    assert decide(s, TasksReady(arrived=((2, 1),)), 0.0) == [FormBatch(2, final=False)]
    assert decide(s, TasksReady(arrived=((2, 20),)), 0.0) == []
    decide(s, TasksReady((ready(2, 1),), left=((2, 9), (2, 1))), 0.0)
    actions = decide(s, BatchFormed(2, formed=True, final=False), 0.0)
    assert not any(isinstance(c, FormBatch) for c in actions)  # the first still runs
    assert (s.steps[2].waiting_items, s.steps[2].waiting_size) == (1, 20)


def test_an_empty_item_comes_and_goes_like_any_other() -> None:
    """A micrograph without particles has the size 0; it must not wait for ever."""
    s = state(source(), batch())
    decide(s, TasksReady(arrived=((2, 0), (2, 10))), 0.0)
    decide(s, TasksReady((ready(2, 1),), left=((2, 0), (2, 10))), 0.0)
    assert (s.steps[2].waiting_items, s.steps[2].waiting_size) == (0, 0)


def test_the_rest_makes_a_last_batch_when_the_stream_closes() -> None:
    s = state(source(), batch())
    decide(s, TasksReady(arrived=((2, 3),)), 0.0)
    assert FormBatch(2, final=True) in decide(s, StreamEnded(1), 0.0)


def test_a_batch_protocol_is_told_that_nothing_more_comes() -> None:
    s = state(step(1, "source", state="done", closed=True), batch(told=False))
    assert decide(s, Tick(), 0.0) == [FormBatch(2, final=True)]
    decide(s, BatchFormed(2, formed=False, final=True), 0.0)
    assert s.steps[2].state == "done"


def test_a_gate_is_asked_when_something_comes_and_when_nothing_more_will() -> None:
    s = state(source(), step(2, "trigger"))
    come = TasksReady(gates=(AtGate(2, "", 1, 7, when=5.0),))
    assert decide(s, come, 0.0) == [AskGate(2, 1, 7, closed=False, first=5.0)]
    assert decide(s, Tick(), 0.0) == []
    assert AskGate(2, 1, 7, closed=True, first=5.0) in decide(s, StreamEnded(1), 0.0)


def test_a_step_that_backfills_forms_no_batch() -> None:
    s = state(source(), batch(backfilling=True))
    assert not decide(s, TasksReady(arrived=((2, 50),)), 0.0)
    assert decide(s, Backfilling(2, active=False), 0.0) == [FormBatch(2, final=False)]


# -- what people ask -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "expected", "cancelled"),
    [("pause", "paused", 0), ("stop", "draining", 0), ("abort", "paused", 1)],
)
def test_a_step_is_held(verb: str, expected: str, cancelled: int) -> None:
    s = state(source(), step(2))
    running(s)
    actions = decide(s, Asked(verb, (2,), "by ann"), 0.0)
    assert changed(actions) == [(2, expected)]
    assert sum(isinstance(c, CancelLease) for c in actions) == cancelled
    assert started(decide(s, TasksReady((ready(2, 7),)), 0.0)) == []
    decide(s, Asked("resume", (2,)), 0.0)
    assert s.steps[2].state == "running"


def test_a_stopped_step_is_paused_when_its_tasks_have_ended() -> None:
    s = state(source(), step(2))
    (start,) = running(s)
    decide(s, Asked("stop", (2,)), 0.0)
    assert (2, "paused") in changed(decide(s, LeaseEnded(start.lease, done=(1,)), 0.0))


@pytest.mark.parametrize(
    ("verb", "finished"), [("pause", False), ("stop", False), ("abort", False)]
)
def test_a_session_is_held_and_ends_when_its_leases_have(verb: str, finished: bool) -> None:
    s = state(source(), step(2))
    (start,) = running(s)
    actions = decide(s, Asked(verb), 0.0)
    assert s.finished is finished
    assert any(isinstance(c, CancelLease) for c in actions) is (verb == "abort")
    assert started(decide(s, TasksReady((ready(2, 7),)), 0.0)) == []
    decide(s, LeaseEnded(start.lease, returned=(1,)), 0.0)
    assert s.finished is (verb != "pause")


def test_trouble_holds_everything_until_it_is_over() -> None:
    s = state(source(), step(2))
    decide(s, Trouble("the disk is full"), 0.0)
    assert started(decide(s, TasksReady((ready(2, 1),)), 0.0)) == []
    assert started(decide(s, Trouble(), 0.0)) == [1]


def test_trouble_does_not_undo_a_pause() -> None:
    s = state(source(), step(2))
    decide(s, Asked("pause"), 0.0)
    decide(s, Trouble("the disk is full"), 0.0)
    decide(s, Trouble(), 0.0)
    assert s.session == "paused"
