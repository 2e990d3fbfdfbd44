"""What was decided: each thing once, whoever did it and however it was asked."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

import toys
from icestream.engine.machine.naming import person_here
from icestream.engine.record.revisions import change_at_rest
from icestream.engine.requests.carry_out import carry_out, waiting_requests
from icestream.engine.requests.models import (
    Adopt,
    AdoptBranch,
    CreateBranch,
    Pause,
    Reject,
    Request,
    Retry,
    SetParameters,
    Undo,
)
from icestream.engine.requests.send import send
from icestream.store import tables as t
from icestream.store.history import asked, decided_words, history, last_set
from icestream.store.records import HistoryRecord
from toy_record import Desk

Desks = Callable[..., Desk]
SRC: Any = ("src", "toy.count", {}, {})


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


@pytest.fixture
def made(desk: Desks) -> Desk:
    return desk(SRC, add("a", "src"), add("b", "a"))


def ask(desk: Desk, request: Request) -> None:
    """As a running session is asked."""
    send(desk.folder, request)
    for row in waiting_requests(desk.record):
        carry_out(desk.record, row)


def words(desk: Desk) -> list[str]:
    return [decided_words(record) for record in history(desk.store)]


def test_a_change_is_told_once_whether_the_session_runs_or_not(made: Desk) -> None:
    ask(made, SetParameters(step="a", changes={"add": 3.0}, who="ann", why="why not"))
    change_at_rest(made.store, toys.registry(), "a", {"add": 4.0}, "bob", "better")
    first, second = history(made.store)
    assert [decided_words(one) for one in (first, second)] == ["set a add=3.0", "set a add=4.0"]
    assert [(one.who, one.why, one.state) for one in (first, second)] == [
        ("ann", "why not", "done"),
        ("bob", "better", "done"),
    ]
    assert second.answer == "a is at revision 3, b is at revision 3"
    assert not any(one.by_session for one in (first, second))


def test_what_the_session_was_run_with_is_told_too(made: Desk) -> None:
    made.open(SRC, add("a", "src", add=5, seconds=0.5), add("b", "a"))
    made.open(SRC, add("a", "src", seconds=0.5), add("b", "a"))
    first, second = history(made.store)
    assert decided_words(first) == "set a add=5 seconds=0.5"
    assert (first.who, first.why) == (person_here(), "the session was run with it")
    assert decided_words(second) == "set a add=none"


def test_what_nobody_has_carried_out_and_what_was_refused_say_so(made: Desk) -> None:
    ask(made, SetParameters(step="x", changes={}, who="ann"))
    send(made.folder, Pause(step="a", downstream=True))
    refused, waits = words(made)
    assert refused.startswith("set x (refused: ")
    assert "'x'" in refused
    assert waits == "pause a and what depends on it (waits to be carried out)"


def test_an_offer_that_was_adopted_says_what_it_was(made: Desk) -> None:
    offer = {"step": "a", "changes": {"add": 7, "log": "/s/classes/log.txt"}}
    with made.store.write() as connection:
        connection.execute(
            insert(t.alert).values(
                id=4, branch_id=1, key="k", level="notice", message="m", raised=1.0, seen=1.0,
                offer=json.dumps(offer),
            )
        )  # fmt: skip
    send(made.folder, Adopt(alert=4, who="a"))
    (record,) = asked(made.store)
    assert decided_words(record).startswith("adopt alert 4: a add=7 log=log.txt")
    assert record.by_session


def test_the_last_change_of_each_step(made: Desk) -> None:
    for value in (3.0, 4.0):
        ask(made, SetParameters(step="a", changes={"add": value}))
    ask(made, Pause(step="b"))
    send(made.folder, SetParameters(step="a", changes={"add": 5.0}))
    found = last_set(history(made.store))
    assert {step: record.document["changes"] for step, record in found.items()} == {
        "a": {"add": 4.0}
    }


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Retry(), "retry the session"),
        (Reject(exposures=("e1",)), "reject e1"),
        (
            Reject(exposures=tuple(f"e{n}" for n in range(7))),
            "reject 7 exposures: e0, e1, e2, e3, e4 and 2 more",
        ),
        (SetParameters(step="a", changes={"gain": None, "n": [1, 2]}), "set a gain=none n=[1, 2]"),
        (SetParameters(step="a", changes={"rules": []}), "set a rules=none"),
        (SetParameters(step="a", changes={"rules": ["x < 2 Å"]}), 'set a rules=["x < 2 Å"]'),
    ],
)
def test_a_decision_in_words(request_: Request, said: str) -> None:
    record = HistoryRecord(
        time=0.0, who="ann", by_session=False, verb=request_.verb,
        document=request_.model_dump(exclude={"verb", "who"}), why="", state="done", answer="",
    )  # fmt: skip
    assert decided_words(record) == said


def test_branches_are_told_with_what_was_changed_for_them(made: Desk) -> None:
    made.find(1, 2)
    asked_for = {"a": {"add": 3.0}}
    ask(made, CreateBranch(name="more", changes=asked_for, exposures=("e1",), who="ann", why="try"))
    ask(made, AdoptBranch(name="more", who="ann"))
    ask(made, Undo(who="bob", why="it was better"))
    assert words(made) == [
        "branch more: a add=3.0, 1 exposure",
        "adopt-branch more",
        "undo main is adopted again, in the place of more",
    ]
    assert [one.why for one in history(made.store)] == ["try", "", "it was better"]


def test_what_was_undone_is_told_by_what_is_as_before(made: Desk) -> None:
    made.find(1)
    ask(made, SetParameters(step="a", changes={"add": 3}, who="ann"))
    ask(made, Undo(who="bob"))
    assert words(made) == ["set a add=3", "undo a.add is 1.0 again"]
