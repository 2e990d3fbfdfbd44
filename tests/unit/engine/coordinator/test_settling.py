"""Limits that follow from the session's own distribution: told at 30, 60, 120, ... exposures."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

import toys
from icestream.engine.coordinator.settling import Settling, settled, settles
from icestream.engine.messages import LIMITS
from icestream.engine.record import observations
from icestream.engine.record.distributions import FEWEST
from icestream.engine.record.set_by_people import workflow_set_by_people
from icestream.engine.requests.carry_out import carry_out, waiting_requests
from icestream.store import queries
from icestream.store import tables as t
from toy_record import Desk
from toy_session import Session

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {"add": 100}, {"number": "src"})
LEVEL = ("sel", "toy.level", {}, {"number": "a"})
AFTER = ("b", "toy.add", {}, {"number": "sel"})


@pytest.fixture
def made(desk: Desks) -> Desk:
    return desk(SRC, A, LEVEL, AFTER)


def bring(desk: Desk, first: int, last: int) -> None:
    desk.find(*range(first, last))
    desk.work()


def look(desk: Desk, settling: Settling) -> float | None:
    """The level that the selection offers, and that is set at once."""
    said = settling.look(desk.store, desk.step("sel"))
    if said is None:
        return None
    (alert,) = said.alerts
    assert alert.offer is not None
    assert observations.inspected(desk.record, said)
    for row in waiting_requests(desk.record):
        carry_out(desk.record, row)
    desk.backfill()
    desk.work()
    return float(alert.offer.changes["level"])


def test_nothing_is_told_from_few_exposures(made: Desk) -> None:
    bring(made, 0, FEWEST - 1)
    assert look(made, Settling()) is None
    assert settled(made.store, made.record.plan) == []


def test_it_is_told_from_the_first_that_were_measured(made: Desk) -> None:
    bring(made, 0, FEWEST + 5)
    assert look(made, Settling()) == 100 + (FEWEST - 1) / 2  # of what feeds it, and of 30 alone
    passed = {name for name, row in made.tasks("sel").items() if row.passed}
    assert passed == {f"e{number}" for number in range(FEWEST // 2)}
    assert made.step("sel").number == 2


def test_it_is_told_again_when_there_are_twice_as_many(made: Desk) -> None:
    settling = Settling()
    bring(made, 0, FEWEST)
    assert look(made, settling) is not None
    assert look(made, settling) is None  # as before
    bring(made, FEWEST, 2 * FEWEST - 1)
    assert look(made, settling) is None
    bring(made, 2 * FEWEST - 1, 2 * FEWEST)
    assert look(made, settling) == 100 + (2 * FEWEST - 1) / 2
    (alert,) = [alert for alert in queries.alerts(made.store) if alert.key.startswith(LIMITS)]
    assert f"follow from {2 * FEWEST} of its exposures: 129.5" in alert.message


def test_the_store_is_asked_at_these_numbers_alone(
    made: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(
        toys.Level, "settle", lambda self, measured: asked.append(len(*measured.values())) or {}
    )
    settling = Settling()
    for number in range(0, 130, 2):
        bring(made, number, number + 2)
        settling.look(made.store, made.step("sel"))
    assert asked == [30, 60, 120]


def test_the_session_sets_it_and_not_a_person(made: Desk) -> None:
    bring(made, 0, FEWEST)
    look(made, Settling())
    revised = queries.events(made.store, kinds=("step.revised",))
    assert {(event.step, event.document["who"]) for event in revised} == {
        ("sel", "sel"),
        ("b", "sel"),
    }
    assert dict(workflow_set_by_people(made.store).step("sel").parameters) == {}


def test_what_else_is_wrong_with_the_step_stays_said(made: Desk) -> None:
    bring(made, 0, FEWEST)
    made.record.change_step(made.step("sel").id, "paused", "a reason", alarm=True)
    look(made, Settling())
    assert "step.paused" in {alert.key for alert in queries.alerts(made.store)}


def test_a_selection_that_fails_to_say_it_says_so(
    made: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(made, 0, FEWEST)
    monkeypatch.setattr(toys.Level, "settle", lambda self, measured: 1 / 0)
    said = Settling().look(made.store, made.step("sel"))
    assert said is not None
    assert "ZeroDivisionError" in said.error


def test_selections_of_other_branches_settle_nothing(made: Desk) -> None:
    made.branch("try", SRC, A, ("sel", "toy.level", {"level": 5}, {"number": "a"}), AFTER)
    steps = [step for step in made.record.plan.by_depth() if settles(step)]
    assert [(step.name, step.adopted) for step in steps] == [("sel", True)]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with closing(Session(tmp_path / "session", cores=1)) as run:
        yield run
    structlog.reset_defaults()


def test_a_session_that_runs_judges_earlier_exposures_anew(session: Session) -> None:
    count = ("src", "toy.count", {"count": 2 * FEWEST + 3}, {})
    assert session.run(count, A, LEVEL, AFTER).complete
    level = queries.step(session.store(), "sel").parameters["level"]
    assert level == 100 + (2 * FEWEST - 1) / 2
    with session.store().read() as connection:
        states = list(connection.execute(t.exposure.select()).all())
    assert sum(row.state == "rejected" for row in states) == FEWEST + 3
