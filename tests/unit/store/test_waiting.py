"""What there is to run in the branches that are processed."""

from collections.abc import Callable
from typing import Any

from icestream.store.waiting import Waiting, waiting
from toy_record import Desk

SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {}, {"number": "src"})
TOTAL: Any = ("total", "toy.total", {"full": 100}, {"number": "a"})


def test_tasks_of_all_branches_but_those_that_rest_or_were_dropped(
    desk: Callable[..., Desk],
) -> None:
    made = desk(SRC, A, TOTAL)
    assert waiting(made.store).steps == ("src",)  # it has not looked yet
    made.find(1, 2, 3)
    assert waiting(made.store) == Waiting(steps=("a",), tasks=3)
    made.work()
    assert waiting(made.store) == Waiting(steps=("total",), tasks=0)
    five: Any = ("a", "toy.add", {"add": 5}, {"number": "src"})
    made.branch("five", SRC, five)
    made.backfill()
    assert waiting(made.store) == Waiting(steps=("a", "total"), tasks=3)
    made.drop("five")
    assert waiting(made.store) == Waiting(steps=("total",), tasks=0)
    assert not Waiting()
