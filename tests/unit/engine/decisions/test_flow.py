"""Steps move on: from waiting over running to done."""

import dataclasses

import pytest

from icestream.engine.decisions.actions import Action, AskGate, CloseGate, Release, SetGate
from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import (
    AtGate,
    Backfilling,
    GateAnswered,
    Replanned,
    StreamEnded,
    TasksReady,
    Tick,
)
from icestream.engine.decisions.flow import is_alone
from icestream.engine.decisions.state import Free, Heard, State, StepState
from icestream.protocol import Enough, Resources

ONE = Resources(cores=1, memory=0)


@pytest.mark.parametrize(
    ("kind", "feeding", "alone"),
    [("monitor", (), True), ("monitor", (1,), False), ("source", (), False)],
)
def test_only_a_monitor_that_nothing_feeds_is_alone(
    kind: str, feeding: tuple[int, ...], alone: bool
) -> None:
    assert is_alone(StepState(2, 1, kind, ONE, feeding)) is alone


def test_a_monitor_that_nothing_feeds_is_done_when_all_others_are() -> None:
    alone = StepState(1, 0, "monitor", ONE)
    source = StepState(2, 0, "source", ONE)
    state = State({1: alone, 2: source}, Free(1, 0), 1)
    decide(state, Tick(), 0.0)
    assert (alone.state, source.state) == ("running", "running")
    source.closed = True
    decide(state, Tick(), 0.0)
    assert (alone.state, source.state) == ("done", "done")
    assert state.finished


# -- triggers --------------------------------------------------------------------------------------


def trigger(**values: object) -> State:
    """A source that is open, a trigger, and a step that the trigger listens to."""
    source = StepState(1, 0, "source", ONE, state="running")
    gate = StepState(2, 1, "trigger", ONE, (1,), state="running", **values)  # type: ignore[arg-type]
    made = StepState(3, 2, "item", ONE, (2,), state="running")
    return State({1: source, 2: gate, 3: made}, Free(1, 0), 1)


def come(lot: str, items: int = 1) -> TasksReady:
    return TasksReady(gates=(AtGate(2, lot, items, 10 * items, when=5.0),))


def made(items: int, size: int = 0) -> TasksReady:
    return TasksReady(made=((3, items, size),))


def asked(actions: list[Action]) -> list[str]:
    return [action.lot for action in actions if isinstance(action, AskGate)]


def test_a_trigger_is_asked_about_the_part_to_which_something_has_come() -> None:
    state = trigger()
    assert asked(decide(state, come("a"), 0.0)) == ["a"]
    assert asked(decide(state, come("b"), 0.0)) == ["b"]
    assert asked(decide(state, Tick(), 0.0)) == []
    assert asked(decide(state, StreamEnded(1), 0.0)) == ["a", "b"]  # nothing more will come


def test_a_trigger_that_goes_by_the_time_is_asked_every_second() -> None:
    state = trigger(timed=True)
    decide(state, come("a"), 100.0)
    assert asked(decide(state, Tick(), 100.5)) == []
    assert asked(decide(state, Tick(), 101.1)) == ["a"]
    decide(state, TasksReady(gates=(AtGate(2, "a", -1, -10, 1, 10),)), 101.2)
    assert asked(decide(state, Tick(), 109.0)) == []  # nothing is held


@pytest.mark.parametrize(
    ("values", "answer", "expected"),
    [
        ({}, GateAnswered(2, ready=True, closed=False, lot="a"), Release(2, "a", "pass")),
        ({}, GateAnswered(2, ready=False, closed=True, lot="a"), Release(2, "a", "leave")),
        ({"shuts": True}, GateAnswered(2, ready=True, closed=False), Release(2, "", "pass")),
        ({"draws": True}, GateAnswered(2, ready=True, closed=True), Release(2, "", "draw")),
        ({}, GateAnswered(2, ready=True, closed=False), SetGate(2, "open")),
        ({}, GateAnswered(2, ready=False, closed=False, lot="a"), None),
    ],
    ids=["part", "part-at-the-end", "batch", "sample", "all", "not-yet"],
)
def test_what_follows_from_an_answer(
    values: dict[str, object], answer: GateAnswered, expected: Action | None
) -> None:
    found = [a for a in decide(trigger(**values), answer, 0.0) if isinstance(a, Release | SetGate)]
    assert found == ([] if expected is None else [expected])


def test_a_step_closes_a_trigger_and_no_more_so_when_it_has_less() -> None:
    state = trigger(closes=Heard(3, Enough("sel", 50, "particles")))
    assert not decide(state, made(1, 49), 0.0)
    assert decide(state, made(1, 1), 0.0) == [CloseGate(2, "closed by sel: 50 particles are there")]
    decide(state, Backfilling(2, active=False), 0.0)
    assert asked(decide(state, come("a"), 0.0)) == []  # it is not asked while it is closed
    assert decide(state, made(-1, -10), 0.0) == [CloseGate(2, "")]
    assert asked(decide(state, Backfilling(2, active=False), 0.0)) == ["a"]


def test_a_smaller_number_is_what_is_told() -> None:
    state = trigger(closes=Heard(3, Enough("a", 5)), closed_for="closed by a: 7 items are there")
    assert decide(state, made(7), 0.0) == [CloseGate(2, "closed by a: 5 items are there")]


def test_a_trigger_is_not_asked_before_another_step_opens_it() -> None:
    state = trigger(opens=Heard(3, Enough("a", 2)))
    assert asked(decide(state, come("a"), 0.0)) == []
    assert asked(decide(state, made(1), 0.0)) == []
    assert asked(decide(state, made(1), 0.0)) == ["a"]


def test_a_trigger_is_asked_at_the_end_although_nothing_has_opened_it() -> None:
    state = trigger(opens=Heard(3, Enough("a", 2)))
    decide(state, come("a"), 0.0)
    state.steps[1].state = state.steps[3].state = "done"
    state.steps[1].closed = True
    assert asked(decide(state, Tick(), 0.0)) == ["a"]


def test_a_sampler_begins_to_draw_when_another_step_opens_it() -> None:
    state = trigger(opens=Heard(3, Enough("a", 2)), draws=True, unopened=True)
    decide(state, come("a"), 0.0)
    assert decide(state, made(2), 0.0) == [SetGate(2, "open")]
    assert not decide(state, Tick(), 0.0)


def test_what_a_changed_workflow_has_made_is_taken_over() -> None:
    state = trigger(closes=Heard(3, Enough("a", 5)))
    fresh = dataclasses.replace(state.steps[2])
    actions = decide(state, Replanned((fresh,), made={3: (7, 7)}), 0.0)
    assert CloseGate(2, "closed by a: 5 items are there") in actions
