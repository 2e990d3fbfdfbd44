"""Batches: what they take, what they go on from, and what becomes of one that fails."""

import json
from collections.abc import Callable

import pytest

from icestream.engine import batches
from icestream.engine.executors.contract import Ended, Ending
from icestream.engine.state import BatchFormed
from icestream.store import tables as t
from toy_book import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
TOTAL = ("total", "toy.total", {"full": 3}, {"number": "src"})


def arrived(desk: Desk, step: str = "total") -> list[int]:
    """Exposures that wait at a step, in order."""
    rows = desk.rows(t.arrival, revision_id=desk.step(step).revision_id)
    return [row.exposure_id for row in rows if row.task_id is None]


def form(desk: Desk, *, final: bool = False) -> bool:
    (*_, formed) = desk.book.form_batch(desk.step("total").id, final=final)
    assert isinstance(formed, BatchFormed)
    return formed.formed


def contents(desk: Desk) -> list[tuple[int, bool]]:
    """Number of items of each batch, and whether it is said to be the last."""
    tasks = desk.rows(t.task, revision_id=desk.step("total").revision_id)
    inputs = [json.loads(task.inputs) for task in tasks]
    return [(len(one["items"]), one["final"]) for one in inputs]


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


def test_a_failed_batch_is_passed_over(desk: Desks) -> None:
    """The next batch goes on from the last that was done, without the failed one's items."""
    made = desk(SRC, TOTAL)
    made.find(*range(1, 10))
    assert form(made)
    made.work()
    assert form(made)
    (lease,) = made.start("total")
    broken = Ending(task=lease.calls[0].task, outcome="defect", reason="a defect")
    made.book.record([Ended(lease.id, (broken,))], [])
    assert form(made)
    made.work()
    assert made.states_of("total") == {"1": "done", "2": "failed", "3": "done"}
    (_, last) = [json.loads(r.document)["total"] for r in made.rows(t.result, step_id=2)]
    assert last["value"] == 1 + 2 + 3 + 7 + 8 + 9
