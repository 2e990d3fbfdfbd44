"""Gathering: what waits at a batch step or a trigger, and how it goes on."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from icestream.engine import gathering
from icestream.engine.asking import judge
from icestream.engine.executors.contract import Ended, Ending
from icestream.engine.state import BatchFormed, TasksReady
from icestream.store import tables as t
from toy_book import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
SELECT = ("sel", "toy.select", {"below": 50}, {"number": "src"})
TOTAL = ("total", "toy.total", {"full": 3}, {"number": "src"})


def arrived(desk: Desk, step: str) -> list[int]:
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


def test_items_wait_at_a_batch_step_and_the_coordinator_is_told_their_sizes(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    (event,) = made.find(1, 2)
    assert isinstance(event, TasksReady)
    assert event.arrived == ((made.step("total").id, 1),) * 2
    assert arrived(made, "total") == [1, 2]
    assert made.states_of("total") == {}  # no task until a batch is formed


def test_a_batch_takes_what_came_first_until_it_is_full(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    made.find(1, 2, 3, 4, 5)
    assert form(made)
    assert contents(made) == [(3, False)]
    assert arrived(made, "total") == [4, 5]


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
    monkeypatch.setattr(gathering, "_MOST", 2)
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


def reject(desk: Desk, exposure: str, accepted: bool) -> None:
    judge(desk.book, [desk.step("sel").id], [exposure], accepted, ("ann", ""))


def test_what_is_in_no_batch_yet_is_taken_back(desk: Desks) -> None:
    made = desk(SRC, SELECT, ("total", "toy.total", {"full": 2}, {"number": "sel"}))
    made.find(1, 2, 3)
    made.work()
    assert form(made)
    reject(made, "e1", accepted=False)  # is in a batch: stays in the state that it was folded into
    reject(made, "e3", accepted=False)
    assert contents(made) == [(2, False)]
    assert arrived(made, "total") == []
    reject(made, "e3", accepted=True)
    reject(made, "e1", accepted=True)
    assert arrived(made, "total") == [3]  # e1 was counted before


# -- triggers --------------------------------------------------------------------------------------

HOLD: Any = ("hold", "toy.hold", {}, {"number": "src"})
ADD: Any = ("a", "toy.add", {}, {"number": "hold"})


def test_a_trigger_holds_what_comes(desk: Desks) -> None:
    made = desk(SRC, HOLD, ADD)
    (event,) = made.find(1, 2)
    assert isinstance(event, TasksReady)
    assert event.arrived == ((made.step("hold").id, 1),) * 2
    assert made.states_of("hold") == {"e1": "held", "e2": "held"}
    assert made.states_of("a") == {}
    assert made.exposures() == {"e1": "going", "e2": "going"}


def test_an_open_trigger_lets_through_what_is_held_and_what_comes(desk: Desks) -> None:
    made = desk(SRC, HOLD, ADD)
    made.find(1)
    made.book.set_gate(made.step("hold").id, "open")
    made.backfill("hold")
    made.find(2)
    assert made.states_of("hold") == {"e1": "done", "e2": "done"}
    assert made.states_of("a") == {"e1": "ready", "e2": "ready"}


def test_a_trigger_that_is_shut_gives_its_items_up_with_a_reason(desk: Desks) -> None:
    made = desk(SRC, HOLD, ADD)
    made.find(1)
    made.book.set_gate(made.step("hold").id, "shut")
    made.backfill("hold")
    assert made.tasks("hold")["e1"].reason == "held back by hold until the stream had ended"
    assert made.states_of("a") == {"e1": "skipped"}
    assert made.exposures() == {"e1": "rejected"}


def test_a_trigger_that_was_shut_can_be_opened(desk: Desks) -> None:
    made = desk(SRC, HOLD, ADD)
    made.find(1)
    for gate in ("shut", "open"):
        made.book.set_gate(made.step("hold").id, gate)
        made.backfill("hold")
    made.work()
    assert made.exposures() == {"e1": "done"}
