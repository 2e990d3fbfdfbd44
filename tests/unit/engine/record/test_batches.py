"""Batches: what they take, what they go on from, and what becomes of one that fails."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.decisions.events import TasksReady
from icestream.engine.executors.contract import Ended, Ending, Lease
from icestream.engine.record import batches
from icestream.store import queries
from icestream.store import tables as t
from toy_record import Desk, Step
from toy_session import Session

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
SELECT = ("sel", "toy.select", {"below": 50}, {"number": "src"})
TOTAL = ("total", "toy.total", {"full": 3}, {"number": "src"})


def arrived(desk: Desk, step: str = "total") -> list[int]:
    """Exposures that wait at a step, in order."""
    rows = desk.rows(t.arrival, revision_id=desk.step(step).id)
    return [row.subject_id for row in rows if row.task_id is None]


def form(desk: Desk, *, final: bool = False) -> bool:
    return desk.gather("total", final=final)


def contents(desk: Desk) -> list[tuple[int, bool]]:
    """Number of items of each batch, and whether it is said to be the last."""
    tasks = desk.rows(t.task, revision_id=desk.step("total").id)
    inputs = [json.loads(task.inputs) for task in tasks]
    return [(len(one["items"]), one["final"]) for one in inputs]


def fail(desk: Desk, lease: Lease) -> list[Any]:
    """The only call of a lease fails for good."""
    broken = Ending(task=lease.calls[0].task, outcome="defect", reason="a defect")
    return desk.record.take_in([Ended(lease.id, (broken,))], [])


def test_a_batch_takes_what_came_first_until_it_is_full(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    made.find(1, 2, 3, 4, 5)
    assert form(made)
    assert contents(made) == [(3, False)]
    assert arrived(made) == [4, 5]


def test_a_batch_goes_on_from_the_one_before_it(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    made.find(1, 2, 3, 4, 5)
    for final in (False, True):
        assert form(made, final=final)
        made.work()
    assert contents(made) == [(3, False), (2, True)]
    totals = [json.loads(row.document)["total"] for row in made.rows(t.result, step_id=2)]
    assert [(one["value"], one["batches"]) for one in totals] == [(6.0, 1), (15.0, 2)]


def test_every_snapshot_goes_on_to_a_step_that_takes_them_one_by_one(desk: Desks) -> None:
    made = desk(SRC, TOTAL, ("twice", "toy.doubled", {}, {"total": "total"}))
    made.find(1, 2, 3, 4, 5)
    for final in (False, True):
        assert form(made, final=final)
        made.work()
    assert made.states_of("twice") == {"1": "done", "2": "done"}
    twice = made.step("twice").id
    totals = [json.loads(row.document)["total"] for row in made.rows(t.result, step_id=twice)]
    assert [one["value"] for one in totals] == [12.0, 30.0]


def test_a_last_batch_may_be_empty_but_only_to_say_that_it_is_the_last(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    assert not form(made, final=True)  # nothing ever came: there is no state to end
    made.find(1, 2, 3)
    assert form(made)
    made.work()
    assert not form(made)
    assert form(made, final=True)
    made.work()
    assert not form(made, final=True)  # it has been said
    assert contents(made) == [(3, False), (0, True)]


def test_a_final_batch_that_leaves_others_waiting_is_not_the_last(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    made.find(1, 2, 3, 4)
    assert form(made, final=True)
    assert contents(made) == [(3, False)]


def test_a_batch_holds_no_more_than_so_many_items(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_MOST", 2)
    made = desk(SRC, TOTAL)
    made.find(1, 2)
    assert form(made, final=True)
    assert contents(made) == [(2, False)]  # it cannot know that there are no more


def test_the_items_of_a_failed_batch_are_in_the_next(desk: Desks) -> None:
    """It goes on from the last that was done, and nothing is lacking in the end."""
    made = desk(SRC, TOTAL)
    made.find(*range(1, 10))
    assert form(made)
    made.work()
    assert form(made)
    (lease,) = made.start("total")
    arrivals, ended = fail(made, lease)
    total = made.step("total").id
    assert arrivals == TasksReady(arrived=((total, 1),) * 3)
    assert ended.failed == (lease.calls[0].task,)
    assert ended.reason == "batch_00002 failed: a defect; its items wait for another try"
    assert arrived(made) == [4, 5, 6, 7, 8, 9]
    for _ in range(2):
        assert form(made)
        made.work()
    assert made.states_of("total") == {"1": "done", "2": "failed", "3": "done", "4": "done"}
    *_, last = [json.loads(r.document)["total"] for r in made.rows(t.result, step_id=total)]
    assert (last["value"], last["count"]) == (sum(range(1, 10)), 9)


@pytest.mark.parametrize("count", [1, 3])
def test_items_that_count_nothing_end_in_the_last_batch(tmp_path: Path, count: int) -> None:
    session = Session(tmp_path / "session")
    total: Step = ("total", "toy.total", {"empty": True}, {"number": "src"})
    assert session.start(("src", "toy.count", {"count": count}, {}), total).join(60).complete
    (last,) = queries.results(session.store(), "total")
    assert (last.outputs["total"]["count"], last.outputs["total"]["final"]) == (count, True)
    session.close()


def test_what_was_rejected_while_its_batch_failed_goes_no_further(desk: Desks) -> None:
    made = desk(SRC, SELECT, ("total", "toy.total", {"full": 3}, {"number": "sel"}))
    made.find(1, 2, 3)
    made.work()
    assert form(made)
    (lease,) = made.start("total")
    made.judge("e2", "sel", why="ice")
    arrivals, _ = fail(made, lease)
    assert (len(arrivals.arrived), len(arrivals.left)) == (3, 1)
    assert arrived(made) == [1, 3]


def test_a_failed_last_batch_is_made_again_even_when_it_was_empty(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    made.find(1, 2, 3)
    assert form(made)
    made.work()
    assert form(made, final=True)
    (lease,) = made.start("total")
    fail(made, lease)
    made.open(SRC, TOTAL)
    assert not made.states[made.step("total").id].told
    assert form(made, final=True)
    made.work()
    assert contents(made) == [(3, False), (0, True), (0, True)]
    assert made.states_of("total") == {"1": "done", "2": "failed", "3": "done"}


def test_a_batch_that_fails_after_its_step_was_revised_pauses_nothing(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    made.find(1, 2, 3)
    assert form(made)
    (lease,) = made.start("total")
    made.change("total", full=2)
    (ended,) = fail(made, lease)
    assert (ended.failed, ended.refused) == ((), ())
