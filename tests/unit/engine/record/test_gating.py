"""Moving gates: parts of a stream let through, and steps that are closed by others."""

from collections.abc import Callable
from typing import Any

from icestream.engine.record.gating import close_gate, release
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
ADD: Any = ("a", "toy.add", {}, {"number": "hold"})


def hold(**parameters: Any) -> Any:
    return ("hold", "toy.hold-parts", parameters, {"number": "src"})


def said(desk: Desk) -> list[str]:
    return desk.rows(t.event, "document", kind="step.gate")


def test_a_closed_step_leaves_out_what_has_not_begun_and_takes_it_back(desk: Desks) -> None:
    made = desk(SRC, hold(closed_by="1 item of a"), ADD)
    made.find(1, 11, 2)
    release(made.record, made.step("hold").id, "1", "pass")
    made.start("a", most=1)
    gate = made.step("hold").id
    close_gate(made.record, gate, "closed by a: 1 item is there")
    made.backfill("hold")
    # The one that runs stays; the other had not begun, and the third was held.
    assert made.states_of("hold") == {"e1": "done", "e11": "skipped", "e2": "skipped"}
    assert made.states_of("a") == {"e1": "running", "e11": "skipped", "e2": "skipped"}
    assert made.tasks("hold")["e11"].reason == "closed by a: 1 item is there"
    close_gate(made.record, gate, "")
    made.backfill("hold")
    assert made.states_of("hold") == {"e1": "done", "e11": "done", "e2": "held"}
    assert made.states_of("a")["e11"] == "ready"
    assert ['"closed"' in one for one in said(made)] == [False, True, False]


def test_more_than_a_page_is_let_through(desk: Desks, monkeypatch: Any) -> None:
    monkeypatch.setattr("icestream.engine.record.gating.PAGE", 2)
    made = desk(SRC, hold(parts=1), ADD)
    made.find(*range(5))
    release(made.record, made.step("hold").id, "0", "pass")
    assert set(made.states_of("hold").values()) == {"done"}
    assert len(said(made)) == 1
