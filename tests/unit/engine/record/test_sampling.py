"""Exposures that a change is tried on: over the whole range of quality, and the same each time."""

from collections.abc import Callable
from typing import Any

import pytest

import toys
from icestream.engine.graph.workflow import Workflow
from icestream.engine.record.sampling import ChosenSample, choose_sample
from toy_record import Desk

Desks = Callable[..., Desk]
SRC: Any = ("src", "toy.count", {}, {})
VALUES = [5, 1, 9, 3, 7, 0, 8, 2, 6, 4]


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


def choose(desk: Desk, count: int, *changed: str, old: Any = None, new: Any = None) -> ChosenSample:
    old = old or [SRC, add("a", "src"), add("b", "a")]
    made = [Workflow.from_document(toys.workflow(*rows)) for rows in (old, new or old)]
    return choose_sample(desk.store, "main", (made[0], made[1]), changed, count)


@pytest.fixture
def made(desk: Desks) -> Desk:
    session = desk(SRC, add("a", "src"), add("b", "a"))
    session.find(*VALUES)
    session.work()
    return session


def test_the_worst_the_best_and_evenly_between(made: Desk) -> None:
    found = choose(made, 4, "a")
    assert found.exposures == ("e9", "e3", "e0", "e6")  # in order of arrival
    assert (found.step, found.quality, found.of) == ("a", "toy.value", 10)
    assert {found.worst, found.best} == {1.0, 10.0}
    assert choose(made, 4, "a") == found


@pytest.mark.parametrize(("count", "chosen"), [(1, 1), (2, 2), (10, 10), (20, 10)])
def test_as_many_as_there_are(made: Desk, count: int, chosen: int) -> None:
    assert len(choose(made, count, "a").exposures) == chosen


def test_a_step_that_measures_nothing_is_ordered_by_the_nearest(desk: Desks) -> None:
    drawn: Any = ("d", "toy.draw", {}, {"number": "a"})
    session = desk(SRC, add("a", "src"), drawn)
    session.find(*VALUES)
    session.work()
    found = choose(session, 3, "d", old=[SRC, add("a", "src"), drawn])
    assert found.step == "a"
    assert {"e0", "e9"} <= set(found.exposures)


def test_where_nothing_is_measured_they_are_spread_in_order_of_arrival(desk: Desks) -> None:
    drawn: Any = ("d", "toy.draw", {}, {"number": "src"})
    session = desk(SRC, drawn)
    session.find(*VALUES)
    session.work()
    found = choose(session, 3, "d", old=[SRC, drawn])
    assert (found.step, found.quality) == ("", "")
    assert found.exposures == ("e5", "e7", "e4")


def test_a_new_step_is_ordered_by_what_feeds_it(made: Desk) -> None:
    old = [SRC, add("a", "src"), add("b", "a")]
    found = choose(made, 3, "new", old=old, new=[*old, add("new", "b")])
    assert (found.step, found.of) == ("b", 10)


def test_some_that_failed_are_among_them_and_never_all(desk: Desks) -> None:
    failing = add("a", "src", fail="item")  # numbers that end in 3
    session = desk(SRC, failing)
    session.find(*range(30))
    session.work()
    found = choose(session, 10, "a", old=[SRC, failing])
    assert found.failed == 2
    assert {"e3", "e23"} <= set(found.exposures)
    assert len(found.exposures) == 10
    assert choose(session, 3, "a", old=[SRC, failing]).failed == 0


def test_before_anything_has_come_it_is_refused(desk: Desks) -> None:
    session = desk(SRC, add("a", "src"), add("b", "a"))
    with pytest.raises(LookupError, match="no exposure has come to what is changed"):
        choose(session, 4, "a")
