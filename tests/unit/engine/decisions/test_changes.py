"""How events change the state: revisions, gates, shares of the machine, trouble."""

import pytest

from icestream.engine.decisions.actions import (
    Action,
    AskGate,
    CancelLease,
    ChangeStep,
    RestartMonitors,
    SetGate,
    Start,
    StartSource,
)
from icestream.engine.decisions.changes import backoff
from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import (
    Abandoned,
    AtGate,
    Event,
    GateAnswered,
    Granted,
    LeaseEnded,
    LeftPaused,
    OrderChanged,
    Reconciled,
    Reopened,
    Replanned,
    SlotsChanged,
    StepBroken,
    TasksReady,
    Trouble,
)
from icestream.engine.decisions.ready import Ready
from icestream.engine.decisions.state import Free, RunningLease, State, StepState
from icestream.protocol import Resources

ONE = Resources(cores=1, memory=0)


def task(number: int, step: int, attempt: int = 0) -> Ready:
    return Ready(number, number, step, 0.0, attempt)


def made(kind: str, **more: object) -> State:
    """A source that has ended, a step of this kind that it feeds, and a monitor."""
    source = StepState(id=1, depth=0, kind="source", need=ONE, state="done", closed=True)
    values: dict[str, object] = {"state": "running", **more}
    step = StepState(id=2, depth=1, kind=kind, need=ONE, feeding=(1,), **values)  # type: ignore[arg-type]
    watch = StepState(id=3, depth=2, kind="monitor", need=ONE, feeding=(2,))
    return State({1: source, 2: step, 3: watch}, Free(8, 2**40), 8, mark="m:1.")


def revised(fresh: StepState, before: int) -> Replanned:
    """A step is at another revision than `before`, and so is the monitor that it feeds."""
    watch = StepState(id=fresh.id + 1, depth=2, kind="monitor", need=ONE, feeding=(fresh.id,))
    replaced = {fresh.id: before, watch.id: before + 1}
    return Replanned((fresh, watch), (before, before + 1), replaced)


def test_waits_between_attempts_grow_to_a_minute() -> None:
    assert [backoff(n) for n in range(1, 7)] == [0.5, 2.0, 8.0, 32.0, 60.0, 60.0]


@pytest.mark.parametrize(
    ("event", "actions"),
    [
        (GateAnswered(2, ready=False, closed=False), []),
        (GateAnswered(2, ready=True, closed=False), [SetGate(2, "open")]),
        (GateAnswered(2, ready=True, closed=True), [SetGate(2, "open")]),
        (GateAnswered(2, ready=False, closed=True), [SetGate(2, "shut")]),
        (GateAnswered(2, ready=False, closed=False, late=True), []),
    ],
    ids=["not-yet", "ready", "ready-at-the-end", "never", "heard-of-late"],
)
def test_a_gate_opens_when_it_is_ready_and_shuts_when_the_stream_ends(
    event: Event, actions: list[Action]
) -> None:
    state = made("trigger", waiting_items=3, waiting_size=30, asked=(True, True))
    state.steps[2].backfilling = True  # so that it is not over yet
    assert [a for a in decide(state, event, 0.0) if isinstance(a, SetGate)] == actions
    # They are counted off when they have gone on.
    assert (state.steps[2].waiting_items, state.steps[2].waiting_size) == (3, 30)
    decide(state, TasksReady(gates=(AtGate(2, "", -3, -30, 3, 30),)), 0.0)
    assert (state.steps[2].waiting_items, state.steps[2].waiting_size) == (0, 0)


def test_a_gate_is_asked_again_only_when_something_has_changed() -> None:
    state = made("trigger")
    come = TasksReady(gates=(AtGate(2, "", 1, 5, when=7.0),))
    asked = [a for a in decide(state, come, 0.0) if _is(a, AskGate)]
    assert asked == [AskGate(2, 1, 5, closed=True, first=7.0)]
    again = decide(state, GateAnswered(2, ready=False, closed=False), 0.0)
    assert not any(isinstance(a, AskGate) for a in again)
    more = decide(state, come, 0.0)
    assert AskGate(2, 2, 10, closed=True, first=7.0) in more


def _is(action: Action, kind: type) -> bool:
    return isinstance(action, kind)


def test_a_revision_ends_what_runs_and_forgets_what_waits_to_be_tried_again() -> None:
    state = made("item", window=[(-9, 9, task(9, 2))])
    state.leases = {
        "m:1.1;": RunningLease(2, (task(1, 2),), ONE),
        "m:1.2;": RunningLease(3, (task(2, 3),), ONE),
    }
    state.steps[2].running = state.steps[3].running = 1
    state.later = [(5.0, 4, task(4, 2)), (6.0, 5, task(5, 3))]
    fresh = StepState(id=4, depth=1, kind="item", need=ONE, feeding=(1,), backfilling=True)
    actions = decide(state, revised(fresh, 2), 0.0)
    cancelled = [a for a in actions if isinstance(a, CancelLease)]
    assert cancelled == [CancelLease("m:1.1;"), CancelLease("m:1.2;")]
    assert actions.count(RestartMonitors()) == 1
    assert state.later == []
    assert list(state.steps) == [1, 4, 5]
    step = state.steps[4]
    assert step is fresh
    assert (step.running, step.window, step.state) == (0, [], "running")
    decide(state, LeaseEnded("m:1.1;", returned=(1,)), 0.0)  # it ends when all that is past
    assert (state.steps[4].live, state.slots) == (0, 9)


def test_another_order_takes_the_other_end_at_once() -> None:
    state = made("item", window=[(n, n, task(n, 2)) for n in (1, 2, 3)])
    state.steps[2].state, state.free.cores, state.slots = "running", 1, 1
    (start,) = [a for a in decide(state, OrderChanged("oldest"), 0.0) if isinstance(a, Start)]
    assert [one.id for one in start.tasks] == [1]
    assert {step.order for step in state.steps.values()} == {"oldest"}


def test_what_runs_for_a_step_that_stays_goes_on() -> None:
    """Another sample, say: what the store calls ready may be known to be tried again later."""
    state = made("item", window=[(-9, 9, task(9, 2))])
    state.leases = {"m:1.1;": RunningLease(2, (task(1, 2),), ONE)}
    state.steps[2].running, state.steps[2].later, state.steps[2].mean = 1, 1, 7.0
    state.later = [(5.0, 4, task(4, 2)), (6.0, 5, task(5, 3))]
    fresh = StepState(id=2, depth=1, kind="item", need=ONE, feeding=(1,), stored=2)
    actions = decide(state, Replanned((fresh,)), 0.0)
    assert not [a for a in actions if isinstance(a, CancelLease)]
    step = state.steps[2]
    assert step is fresh
    assert (step.running, step.later, step.stored, step.mean) == (1, 1, 1, 7.0)
    assert [entry[1] for entry in state.later] == [4, 5]


def test_a_step_that_returns_before_its_leases_have_ended_counts_them() -> None:
    """A change that is taken back at once: the lease that was cancelled is still out."""
    state = made("item", running=1)
    state.leases = {"m:1.1;": RunningLease(2, (task(1, 2),), ONE)}
    new = StepState(id=4, depth=1, kind="item", need=ONE, feeding=(1,))
    decide(state, revised(new, 2), 0.0)
    back = StepState(id=2, depth=1, kind="item", need=ONE, feeding=(1,), stored=1)
    decide(state, revised(back, 4), 0.0)
    assert back.running == 1
    decide(state, LeaseEnded("m:1.1;", returned=(1,)), 0.0)
    assert (back.running, back.stored, back.live) == (0, 2, 2)


def test_steps_of_a_branch_that_is_adopted_are_live_from_then_on() -> None:
    state = made("item", lane="reprocess")
    decide(state, Replanned((), lanes={2: "live", 3: "reprocess"}), 0.0)
    assert [state.steps[number].lane for number in (1, 2, 3)] == ["live", "live", "reprocess"]


@pytest.mark.parametrize("held", ["paused", "draining"])
def test_a_revision_does_not_resume_a_step(held: str) -> None:
    state = made("item", state=held, given_up=True)
    fresh = StepState(id=4, depth=1, kind="item", need=ONE, feeding=(1,), stored=4)
    decide(state, revised(fresh, 2), 0.0)
    assert (state.steps[4].state, state.steps[4].given_up) == (held, True)


@pytest.mark.parametrize("before", ["running", "done"])
def test_a_revision_of_a_step_begins_anew(before: str) -> None:
    state = made("item", state=before)
    fresh = StepState(id=4, depth=1, kind="item", need=ONE, feeding=(1,))
    actions = decide(state, revised(fresh, 2), 0.0)
    assert ChangeStep(4, "done") in actions  # nothing to do: it says so of itself


def test_tasks_that_wait_for_others_are_counted_as_work_to_come() -> None:
    state = made("item", running=1, state="running")
    state.leases = {"m:1.1;": RunningLease(2, (task(1, 2),), ONE)}
    decide(state, TasksReady(withheld=((2, 1),)), 0.0)
    assert decide(state, LeaseEnded("m:1.1;"), 0.0) == []  # the lease had nothing else in it
    assert (state.steps[2].state, state.steps[2].live) == ("running", 1)
    actions = decide(state, TasksReady(withheld=((2, -1),)), 0.0)
    assert ChangeStep(2, "done") in actions


def test_a_step_of_a_sample_waits_for_no_others() -> None:
    state = made("item", awaited=2, state="running")
    state.steps[1].state, state.steps[1].closed = "running", False
    decide(state, TasksReady(settled=((2, 1),)), 0.0)
    assert state.steps[2].awaited == 1
    actions = decide(state, TasksReady(settled=((2, 1),)), 0.0)
    assert ChangeStep(2, "done") in actions
    assert decide(state, TasksReady(settled=((2, 1),)), 0.0) == []
    assert state.steps[2].awaited == 0


def test_a_source_that_is_revised_or_reopened_looks_anew() -> None:
    state = made("item")
    source = StepState(id=4, depth=0, kind="source", need=ONE)
    step = StepState(id=5, depth=1, kind="item", need=ONE, feeding=(4,))
    watch = StepState(id=6, depth=2, kind="monitor", need=ONE, feeding=(5,))
    replanned = Replanned((source, step, watch), (1, 2, 3), {4: 1, 5: 2, 6: 3})
    assert StartSource(4) in decide(state, replanned, 0.0)
    state = made("item")
    actions = decide(state, Reopened((1,)), 0.0)
    assert StartSource(1) in actions
    assert ChangeStep(1, "running") in actions
    assert state.steps[1].state == "running"


@pytest.mark.parametrize("kind", ["item", "trigger", "batch"])
def test_a_step_whose_author_erred_is_paused_and_people_are_told(kind: str) -> None:
    state = made(kind, window=[(-9, 9, task(9, 2))])
    actions = decide(state, StepBroken(2, "KeyError: 'x'"), 0.0)
    assert actions[0] == ChangeStep(2, "paused", "KeyError: 'x'", alarm=True)
    assert not any(isinstance(a, Start) for a in actions)
    assert state.steps[2].given_up


@pytest.mark.parametrize(("cores", "started"), [(0, 0), (1, 1), (2, 2), (8, 3)], ids=str)
def test_a_share_of_the_machine_is_used_as_soon_as_it_is_granted(cores: int, started: int) -> None:
    state = made("item", window=[(-n, n, task(n, 2)) for n in (1, 2, 3)])
    state.free = Free(0, 0)
    actions = decide(state, Granted({"cores": cores, "memory": 2**30}), 0.0)
    assert sum(isinstance(a, Start) for a in actions) == started
    assert state.free.cores == cores - started


def test_steps_that_an_earlier_run_left_paused_are_given_up_when_nobody_resumes_them() -> None:
    state = made("item", state="paused", stored=3)
    decide(state, LeftPaused((1, 2)), 0.0)
    assert [state.steps[n].given_up for n in (1, 2)] == [False, True]
    assert state.session == "draining"  # nothing else can be done


@pytest.mark.parametrize(("slots", "left"), [(8, 6), (2, 0), (1, -1), (0, -2)])
def test_what_runs_counts_when_the_executors_room_changes(slots: int, left: int) -> None:
    state = made("item")
    state.leases = {name: RunningLease(2, (task(1, 2),), ONE) for name in ("a;", "b;")}
    state.steps[2].running = 2
    assert decide(state, SlotsChanged(slots), 0.0) == []
    assert (state.slots, list(state.leases)) == (left, ["a;", "b;"])
    decide(state, LeaseEnded("a;"), 0.0)
    assert state.slots == left + 1


def test_what_the_store_knows_nothing_of_is_given_back() -> None:
    state = made("item")
    state.session = "held"
    state.free = Free(1, 0)
    state.leases = {name: RunningLease(2, (task(1, 2),), ONE) for name in ("known;", "lost;")}
    fresh = StepState(id=2, depth=1, kind="item", need=ONE, feeding=(1,), stored=2)
    state.later = [(9.0, 7, task(7, 2))]
    assert decide(state, Reconciled(("lost;",), (fresh,)), 0.0) == []
    assert list(state.leases) == ["known;"]
    assert (state.free.cores, state.slots) == (2, 9)
    step = state.steps[2]
    assert (step.running, step.later, step.stored) == (1, 1, 1)


@pytest.mark.parametrize(
    ("before", "reason", "after"),
    [
        ("running", "disk full", "held"),
        ("paused", "disk full", "paused"),
        ("draining", "disk full", "draining"),
        ("held", "", "running"),
        ("paused", "", "paused"),
    ],
)
def test_trouble_holds_a_session_that_runs_and_only_that(
    before: str, reason: str, after: str
) -> None:
    state = made("item", window=[(-9, 9, task(9, 2))])
    state.session = before
    decide(state, Trouble(reason), 0.0)
    assert state.session == after


def test_a_session_that_is_abandoned_has_nothing_left_to_do() -> None:
    state = made("item")
    state.leases = {"m:1.1;": RunningLease(2, (task(1, 2),), ONE)}
    decide(state, Abandoned(), 0.0)
    assert state.finished
