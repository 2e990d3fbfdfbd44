"""What a task of each step costs, from those that ran before."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from icestream.engine.executors.contract import Ended, Lease
from icestream.engine.record.costs import Cost, costs_of
from toy_record import Desk, run

SRC: Any = ("src", "toy.count", {}, {})


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


def slow(lease: Lease) -> Ended:
    """Every call takes 2 s, by its own account."""
    ended = run(lease)
    return Ended(ended.lease, tuple(replace(one, seconds=2.0) for one in ended.endings))


def costs(desk: Desk, *steps: str) -> dict[str, Cost]:
    with desk.store.read() as connection:
        return dict(costs_of(connection, steps))


def test_times_and_files_of_all_revisions(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, add("a", "src", write=True), add("b", "a"))
    made.find(1, 2)
    made.work(slow)
    found = costs(made, "a", "b", "new")
    assert found["a"].seconds == found["b"].seconds == 2.0
    assert (found["a"].measured, found["b"].bytes) == (2, 0.0)
    assert found["a"].bytes == 1000 * len("2.0\n")
    assert "new" not in found
    made.change("a", write=True, add=5.0)
    made.backfill()
    made.work(slow)
    assert costs(made, "a")["a"].measured == 4


def test_nothing_is_known_before_anything_has_run(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, add("a", "src"))
    made.find(1)
    assert costs(made, "a") == {}
