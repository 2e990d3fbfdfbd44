"""What a selection is told of what was measured."""

from collections.abc import Callable

import pytest

from icestream.engine.record import distributions as module
from icestream.engine.record.distributions import doubled, measured, settled_changes
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {"add": 100}, {"number": "src"})
SUBJECT = ("toy.value", "")


@pytest.mark.parametrize(
    ("count", "expected"), [(30, 30), (59, 30), (60, 60), (119, 60), (120, 120), (1000, 960)]
)
def test_it_is_told_at_30_and_each_time_twice_as_many(count: int, expected: int) -> None:
    assert doubled(count) == expected


@pytest.mark.parametrize("page", [7, 500])
def test_values_are_those_of_what_was_judged_in_order_of_arrival(
    desk: Desks, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", page)
    made = desk(SRC, A, ("sel", "toy.level", {}, {"number": "a"}))
    made.find(*range(20))
    made.work()
    step = made.step("sel")
    with made.store.read() as connection:
        found = measured(connection, step, step.id)
    assert found == {SUBJECT: [100.0 + number for number in range(20)]}


def test_so_many_are_told_as_have_every_value(desk: Desks) -> None:
    step = desk(SRC, ("sel", "toy.level", {}, {"number": "src"})).step("sel")
    assert settled_changes(step, {SUBJECT: list(range(29))}) == (0, {})
    assert settled_changes(step, {SUBJECT: list(range(59))}) == (30, {"level": 14.5})
    both = {SUBJECT: list(range(70)), ("toy.other", ""): list(range(65))}
    assert settled_changes(step, both) == (60, {"level": 29.5})
