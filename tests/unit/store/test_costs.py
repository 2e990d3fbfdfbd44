"""What a task of each step costs, from those that ran before."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from icestream.engine.executors.contract import Ended, Lease
from icestream.store import tables as t
from icestream.store.costs import Cost, costs_of, lately, seconds_lately
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


def test_a_mean_follows_what_changed_within_some_tasks() -> None:
    assert lately([]) is None
    assert lately([5.0]) == 5.0
    assert lately([4.0] * 60) == pytest.approx(4.0)
    changed = lately([4.0] * 40 + [8.0] * 20)
    assert changed is not None
    assert 6.9 < changed < 8.0  # ten tasks are half of it, twenty three quarters
    assert lately([3.0, 1.0]) == pytest.approx((0.93 * 3.0 + 1.0) / 1.93)


def test_what_a_task_costs_lately_is_of_the_newest_of_one_revision(
    desk: Callable[..., Desk],
) -> None:
    made = desk(SRC, add("a", "src"))
    made.find(*range(70))
    made.work()
    with made.store.write() as connection:
        old = made.step("a").id
        assert seconds_lately(connection, old) is not None
        connection.execute(t.result.update().values(seconds=2.0))
        newest = select(t.task.c.result_id).where(t.task.c.revision_id == old)
        first = connection.execute(newest.order_by(t.task.c.serial).limit(10)).scalars().all()
        connection.execute(t.result.update().where(t.result.c.id.in_(first)).values(seconds=99.0))
    with made.store.read() as connection:
        assert seconds_lately(connection, old) == pytest.approx(2.0)
        assert seconds_lately(connection, 12345) is None
