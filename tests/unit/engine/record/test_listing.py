"""The branches of a session as they are listed."""

from collections.abc import Callable
from typing import Any

import pytest

import toys
from icestream.engine.record.listing import list_branches
from toy_record import Desk

SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {"write": True}, {"number": "src"})


def test_what_is_otherwise_how_far_it_is_and_what_it_holds(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, A)
    made.find(1, 2, 3)
    made.work()
    other: Any = ("a", "toy.add", {"write": True, "add": 5}, {"number": "src"})
    made.branch("five", SRC, other, sample=["e1", "e2"])
    made.backfill()
    main, five = list_branches(made.store, toys.registry())
    assert (main.record.adopted, main.differences, main.bytes) == (True, (), None)
    assert [(one.step, one.name, one.new) for one in five.differences] == [("a", "add", 5)]
    assert (five.tasks, five.ended, five.is_through, five.bytes) == (2, 0, False, 0)
    made.work()
    _, five = list_branches(made.store, toys.registry())
    assert (five.tasks, five.ended, five.failed, five.is_through) == (2, 2, 0, True)
    assert five.bytes == 2 * 1000 * len("6.0\n")
    made.drop("five")
    assert list_branches(made.store, toys.registry())[1].bytes == five.bytes


def test_a_session_that_has_not_begun_has_none(desk: Callable[..., Desk]) -> None:
    with pytest.raises(LookupError, match="has not been started"):
        list_branches(desk().store, toys.registry())
