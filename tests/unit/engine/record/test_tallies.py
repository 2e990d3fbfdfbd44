"""Tallies: what steps have made, where triggers listen to them."""

from collections.abc import Callable
from typing import Any

from icestream.engine.decisions.events import Replanned, TasksReady
from icestream.engine.decisions.state import Heard
from icestream.engine.record import tallies
from icestream.protocol import Enough
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
SELECT = ("sel", "toy.select", {"below": 3}, {"number": "src"})


def hold(count: str) -> Any:
    return ("hold", "toy.hold-parts", {"closed_by": count}, {"number": "src"})


def made(desk: Desk, step: str) -> tuple[int, int]:
    return tallies.made_of(desk.record.memory)[desk.step(step).id]


def test_what_a_selection_accepts_is_counted_and_taken_back(desk: Desks) -> None:
    at = desk(SRC, SELECT, hold("5 particles of sel"))
    at.find(1, 2, 9)
    assert made(at, "sel") == (0, 0)
    at.work()
    assert made(at, "sel") == (2, 2)  # numbers have no length: each counts 1
    at.judge("e9", "sel", accepted=True)
    assert made(at, "sel") == (3, 3)
    at.judge("e1", "sel", accepted=False)
    assert made(at, "sel") == (2, 2)


def test_the_coordinator_is_told_what_is_more(desk: Desks) -> None:
    at = desk(SRC, ("a", "toy.add", {}, {"number": "src"}), hold("5 items of a"))
    (said,) = at.find(1, 2)
    assert isinstance(said, TasksReady)
    assert said.made == ()
    a = at.step("a").id
    events = at.judge("e1", "src", accepted=False)
    assert not [one for one in events if isinstance(one, TasksReady) and one.made]
    at.work()
    assert made(at, "a") == (1, 1)
    assert tallies.heard(at.record.plan, at.step("hold"))[1] == Heard(a, Enough("a", 5))


def test_they_are_counted_anew_after_a_restart(desk: Desks) -> None:
    steps = (SRC, SELECT, hold("5 particles of sel"))
    at = desk(*steps)
    at.find(1, 2, 9)
    at.work()
    at.open(*steps)
    assert made(at, "sel") == (2, 2)
    state = at.states[at.step("sel").id]
    assert (state.made_items, state.made_size) == (2, 2)


def test_what_nothing_listens_to_is_not_counted(desk: Desks) -> None:
    at = desk(SRC, SELECT, hold("5 items of sel"))
    at.find(1)
    at.work()
    (said,) = at.change("hold", closed_by="5 items of src")
    assert at.record.memory.made.keys() == {at.step("src").id}
    assert said.made == {at.step("src").id: (1, 1)}  # type: ignore[union-attr]


def test_a_trigger_listens_to_the_present_revision(desk: Desks) -> None:
    at = desk(SRC, ("a", "toy.add", {}, {"number": "src"}), hold("5 items of a"))
    at.find(1)
    at.work()
    (said,) = at.change("a", add=7)
    assert isinstance(said, Replanned)
    fresh = {state.id: state for state in said.fresh}
    assert fresh[at.step("hold").id].closes == Heard(at.step("a").id, Enough("a", 5))
    assert said.made == {at.step("a").id: (0, 0)}
