"""Arrivals: what waits at a batch step or a trigger, and how it goes on."""

from collections.abc import Callable
from typing import Any

from icestream.engine.decisions.events import TasksReady
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
SELECT = ("sel", "toy.select", {"below": 50}, {"number": "src"})
TOTAL = ("total", "toy.total", {"full": 3}, {"number": "src"})


def arrived(desk: Desk, step: str) -> list[int]:
    """Exposures that wait at a step, in order."""
    rows = desk.rows(t.arrival, revision_id=desk.step(step).id)
    return [row.subject_id for row in rows if row.task_id is None]


def test_items_wait_at_a_batch_step_and_the_coordinator_is_told_their_sizes(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    (event,) = made.find(1, 2)
    assert isinstance(event, TasksReady)
    assert event.arrived == ((made.step("total").id, 1),) * 2
    assert arrived(made, "total") == [1, 2]
    assert made.states_of("total") == {}  # no task until a batch is formed


def reject(desk: Desk, exposure: str, accepted: bool) -> None:
    desk.judge(exposure, "sel", accepted=accepted)


def test_what_is_in_no_batch_yet_is_taken_back(desk: Desks) -> None:
    made = desk(SRC, SELECT, ("total", "toy.total", {"full": 2}, {"number": "sel"}))
    made.find(1, 2, 3)
    made.work()
    made.gather("total")  # of e1 and e2
    reject(made, "e1", accepted=False)  # is in a batch: stays in the state that it was folded into
    reject(made, "e3", accepted=False)
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
    assert [(at.step, at.lot, at.items, at.size) for at in event.gates] == [
        (made.step("hold").id, "", 1, 1)
    ] * 2
    assert made.states_of("hold") == {"e1": "held", "e2": "held"}
    assert made.states_of("a") == {}
    assert made.exposures() == {"e1": "going", "e2": "going"}


def test_an_open_trigger_lets_through_what_is_held_and_what_comes(desk: Desks) -> None:
    made = desk(SRC, HOLD, ADD)
    made.find(1)
    made.record.set_gate(made.step("hold").id, "open")
    made.backfill("hold")
    made.find(2)
    assert made.states_of("hold") == {"e1": "done", "e2": "done"}
    assert made.states_of("a") == {"e1": "ready", "e2": "ready"}


def test_a_trigger_that_is_shut_gives_its_items_up_with_a_reason(desk: Desks) -> None:
    made = desk(SRC, HOLD, ADD)
    made.find(1)
    made.record.set_gate(made.step("hold").id, "shut")
    made.backfill("hold")
    assert made.tasks("hold")["e1"].reason == "held back by hold until the stream had ended"
    assert made.states_of("a") == {"e1": "skipped"}
    assert made.exposures() == {"e1": "done"}  # and not bad


def test_a_trigger_that_was_shut_can_be_opened(desk: Desks) -> None:
    made = desk(SRC, HOLD, ADD)
    made.find(1)
    for gate in ("shut", "open"):
        made.record.set_gate(made.step("hold").id, gate)
        made.backfill("hold")
    made.work()
    assert made.exposures() == {"e1": "done"}
