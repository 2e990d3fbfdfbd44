"""Offers: adopted by a person or the engine, once, and only where they change something."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.coordinator.monitors import inspect
from icestream.engine.messages import Inspected
from icestream.engine.record import observations as notes
from icestream.engine.record.offers import usable_alerts
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.carry_out import carry_out, waiting_requests
from icestream.engine.requests.models import Adopt, read_request
from icestream.engine.requests.send import answer_of, send
from icestream.model import Alert, Offer
from icestream.store import queries
from icestream.store import tables as t
from toy_record import Desk, Step
from toy_session import Session, wait_for

SRC: Step = ("src", "toy.count", {"count": 4}, {})
A: Step = ("a", "toy.add", {"add": 1}, {"number": "src"})
B: Step = ("b", "toy.add", {"add": 100}, {"number": "a"})


def teach(**parameters: Any) -> Step:
    return ("teach", "toy.teach", parameters, {"number": "a"})


def offering(step: str, **changes: Any) -> Alert:
    offer = Offer(step=step, changes=changes)
    return Alert(key="k", level="notice", message="look", offer=offer)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path / "session")
    yield made
    made.close()


# -- what can be adopted ---------------------------------------------------------------------------


def test_an_offer_that_would_change_something_stands(desk: Callable[..., Desk]) -> None:
    plan = desk(SRC, A).record.plan
    alert = offering("a", add=5)
    assert usable_alerts(plan, [alert]) == [alert]


@pytest.mark.parametrize(
    ("alert", "why"),
    [
        (offering("nobody", add=5), "nobody"),
        (offering("a", add="much"), "add: Input should be a valid number"),
        (
            offering("a", subtract=5, divide=2),
            "the step 'a' runs toy.add, which has no parameter subtract or divide; let the monitor "
            "name another step",
        ),
    ],
)
def test_an_offer_that_cannot_be_done_is_taken_off_and_said(
    desk: Callable[..., Desk], alert: Alert, why: str
) -> None:
    (kept,) = usable_alerts(desk(SRC, A).record.plan, [alert])
    assert kept.offer is None
    assert kept.message.startswith("look; what it offers cannot be done: ")
    assert why in kept.message


def test_an_offer_of_what_is_set_already_is_none(desk: Callable[..., Desk]) -> None:
    (kept,) = usable_alerts(desk(SRC, A).record.plan, [offering("a", add=1.0)])
    assert kept == Alert(key="k", level="notice", message="look")


def test_an_offer_is_still_there_after_a_restart(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, A, teach())
    made.find(1, 2, 3)
    made.work()
    said = inspect(made.store, made.record.plan, made.step("teach"))
    assert not notes.inspected(made.record, said)
    held = made.record.alerts.held
    made.record.alerts.held = {}
    with made.store.read() as connection:
        made.record.alerts.load(connection)
    assert made.record.alerts.held == held
    (alert,) = queries.alerts(made.store)
    assert alert.offer == {"step": "a", "changes": {"add": 5.0}, "automatic": False}
    assert alert.adopted is None


def test_the_engine_asks_itself_once_for_each_key(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, A, teach(automatic=True))
    made.find(1, 2, 3)
    made.work()
    said = inspect(made.store, made.record.plan, made.step("teach"))
    assert [notes.inspected(made.record, said) for _ in range(3)] == [True, False, False]
    (row,) = made.rows(t.request)
    asked = read_request(row.document, verb=row.verb, who=row.who)
    (alert,) = queries.alerts(made.store)
    assert asked == Adopt(alert=alert.id, who="teach")


def test_an_adopted_offer_stays_what_was_adopted(desk: Callable[..., Desk]) -> None:
    """What a monitor offers later under the same key is not what was done."""
    made = desk(SRC, A, teach(automatic=True))
    made.find(1, 2, 3)
    made.work()
    number = made.step("teach").id
    for add in (5, 7):
        offer = Offer(step="a", changes={"add": add}, automatic=True)
        alert = Alert(key="k", level="notice", message=f"look {add}", offer=offer)
        notes.inspected(made.record, Inspected(number, 1.0, (alert,)))
    (kept,) = queries.alerts(made.store)
    assert kept.adopted_by == "teach"
    assert kept.message == "look 7"
    assert kept.offer == {"step": "a", "changes": {"add": 5}, "automatic": True}
    with made.store.read() as connection:
        made.record.alerts.load(connection)
    assert [held.adopted for held in made.record.alerts.held.values()] == [True]


def test_a_file_that_is_offered_lets_a_step_read_nowhere_else(
    desk: Callable[..., Desk], tmp_path: Path
) -> None:
    made = desk(SRC, A, teach())
    workflow = session_workflow(made.store)
    held = [replace(step, within=("/data",)) for step in workflow.steps]
    made.bring(replace(workflow, steps=tuple(held)))
    offer = Offer(step="a", changes={"log": str(tmp_path / "log")})
    alert = Alert(key="k", level="notice", message="look", offer=offer)
    notes.inspected(made.record, Inspected(made.step("teach").id, 1.0, (alert,)))
    (raised,) = queries.alerts(made.store)
    send(made.folder, Adopt(alert=raised.id, who="ann"))
    for row in waiting_requests(made.record):
        carry_out(made.record, row)
    assert made.step("a").parameters["log"] == str(tmp_path / "log")
    assert made.step("a").within == ("/data",)


# -- in a running session --------------------------------------------------------------------------


def test_an_automatic_offer_is_adopted_even_at_the_very_end(session: Session) -> None:
    """The monitor first sees enough when all is done: the session goes on with what follows."""
    outcome = session.run(SRC, A, B, teach(automatic=True, enough=4))
    assert outcome.complete
    assert session.values("b") == {f"e{n:06d}": n + 105 for n in range(4)}
    kinds = [event.kind for event in queries.events(session.store(), limit=10_000)]
    assert kinds.count("alert.adopted") == 1
    adopted = [one for one in queries.alerts(session.store(), open_only=False) if one.adopted]
    assert [(one.key, one.adopted_by) for one in adopted] == [("toy.better", "teach")]


def test_a_monitor_that_keeps_changing_its_mind_is_heard_once(session: Session) -> None:
    """Two that want the opposite of each other cannot make a session run for ever."""
    other: Step = ("other", "toy.teach", {"automatic": True, "add": 1.0}, {"number": "a"})
    assert session.run(SRC, A, teach(automatic=True), other).complete
    alerts = queries.alerts(session.store(), open_only=False)
    assert sum(one.adopted is not None for one in alerts) <= 2


def test_a_person_adopts(session: Session) -> None:
    slow: Step = ("src", "toy.count", {"count": 4, "close": False}, {})
    background = session.start(slow, A, B, teach(enough=4))
    try:
        (alert,) = wait_for(lambda: queries.alerts(session.store()))
        assert session.values("b") == {f"e{n:06d}": n + 101 for n in range(4)}
        token = send(session.folder, Adopt(alert=alert.id))
        state, answer = answer_of(session.folder, token, timeout=30)
        assert (state, answer) == (
            "done",
            "a is at revision 2, b is at revision 2, teach is at revision 2",
        )
        wait_for(lambda: session.values("b") == {f"e{n:06d}": n + 105 for n in range(4)})
        token = send(session.folder, Adopt(alert=10**6))
        state, answer = answer_of(session.folder, token, timeout=30)
        assert (state, answer) == ("refused", "no alert 1000000 in this session")
    finally:
        background.stop()


def test_an_alert_without_an_offer_cannot_be_adopted(session: Session) -> None:
    slow: Step = ("src", "toy.count", {"count": 6, "close": False}, {})
    background = session.start(slow, ("w", "toy.watch", {}, {"number": "src"}))
    try:
        (alert,) = wait_for(lambda: queries.alerts(session.store()))
        token = send(session.folder, Adopt(alert=alert.id))
        state, answer = answer_of(session.folder, token, timeout=30)
        assert state == "refused"
        assert answer == f"alert {alert.id} offers no change: 5 is large"
    finally:
        background.stop()
