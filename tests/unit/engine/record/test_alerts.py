"""Alerts: raised once, kept while reported, cleared by themselves, kept over a restart."""

import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from icestream.engine.record.alerts import ABSENT, Alerts, Reporter
from icestream.model import Alert, BranchId, Extent, StepId
from icestream.store import queries
from icestream.store.open import Store, open_store
from icestream.store.writing import Numbers, Writes

LARGE = Alert(key="large", level="warning", message="9 is large")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path)
    yield made
    made.close()


def report(
    store: Store, alerts: Alerts, *said: Alert, step: int | None = 1, last: bool = False
) -> list[str]:
    with store.write() as connection:
        writes = Writes(Numbers(connection), time.time())
        alerts.report(writes, Reporter(1, step), said, last=last)
        writes.flush(connection)
    return [alert.message for alert in queries.alerts(store)]


def test_an_alert_is_raised_once_while_it_is_reported(store: Store) -> None:
    alerts = Alerts()
    for _ in range(3):
        assert report(store, alerts, LARGE) == ["9 is large"]
    assert len(queries.alerts(store, open_only=False)) == 1


def test_it_clears_when_it_is_absent_often_enough_and_not_before(store: Store) -> None:
    alerts = Alerts()
    report(store, alerts, LARGE)
    for _ in range(ABSENT - 1):
        assert report(store, alerts) == ["9 is large"]
    report(store, alerts, LARGE)  # it is back: the count starts anew
    for _ in range(ABSENT - 1):
        assert report(store, alerts) == ["9 is large"]
    assert report(store, alerts) == []
    assert [one.kind for one in queries.events(store)] == ["alert.raised", "alert.cleared"]


def test_its_message_follows_what_is_reported(store: Store) -> None:
    alerts = Alerts()
    report(store, alerts, LARGE)
    now = Alert(key="large", level="critical", message="12 is large")
    assert report(store, alerts, now) == ["12 is large"]


def test_reporters_do_not_clear_each_other(store: Store) -> None:
    alerts = Alerts()
    report(store, alerts, LARGE, step=1)
    for _ in range(ABSENT + 1):
        assert report(store, alerts, step=2) == ["9 is large"]


def test_an_alert_is_still_held_after_a_restart(store: Store) -> None:
    report(store, Alerts(), LARGE)
    alerts = Alerts()
    with store.read() as connection:
        alerts.load(connection)
    assert report(store, alerts, LARGE) == ["9 is large"]
    assert len(queries.alerts(store, open_only=False)) == 1


def test_when_it_began_which_exposures_and_why_outlast_a_restart(store: Store) -> None:
    extent = Extent(first="a_3", last="a_9", count=7, grid_square="12")
    said = replace(LARGE, began=5.0, extent=extent, cause="the beam was realigned")
    report(store, Alerts(), said)
    (kept,) = queries.alerts(store)
    assert (kept.began, kept.extent, kept.cause) == (5.0, asdict(extent), said.cause)
    alerts = Alerts()
    with store.read() as connection:
        alerts.load(connection)
    report(store, alerts, said)
    assert [one.kind for one in queries.events(store)] == ["alert.raised"]
    grown = replace(said, extent=replace(extent, last="a_10", count=8))
    report(store, alerts, grown)
    raised, updated = queries.events(store)
    assert updated.document["extent"] == asdict(grown.extent)
    assert raised.document["cause"] == said.cause


def test_what_the_last_report_does_not_say_is_over(store: Store) -> None:
    alerts = Alerts()
    report(store, alerts, LARGE)
    assert report(store, alerts, last=True) == []


def was(began: float, ended: float, key: str = "large") -> Alert:
    extent = Extent(first="a_1", last="a_2", count=2, ended=ended)
    return Alert(key=key, level="warning", message="9 was large", began=began, extent=extent)


def spans(store: Store) -> list[tuple[float | None, float | None, bool]]:
    """Of each alert: from when to when it was, and whether it is open."""
    return [
        (one.began, (one.extent or {}).get("ended"), one.cleared is None)
        for one in queries.alerts(store, open_only=False)
    ]


def test_what_was_is_kept_and_is_not_open(store: Store) -> None:
    alerts = Alerts()
    assert report(store, alerts, was(10.0, 20.0), was(50.0, 60.0)) == []
    assert spans(store) == [(10.0, 20.0, False), (50.0, 60.0, False)]
    assert alerts.held == {}


def test_the_end_of_what_holds_is_that_of_the_same_alert(store: Store) -> None:
    alerts = Alerts()
    report(store, alerts, replace(LARGE, began=10.0))
    assert report(store, alerts, was(10.0, 20.0)) == []
    assert spans(store) == [(10.0, 20.0, False)]


def test_what_was_does_not_end_what_began_later(store: Store) -> None:
    alerts, later = Alerts(), replace(LARGE, began=30.0)
    report(store, alerts, later)
    assert report(store, alerts, was(10.0, 20.0), later) == ["9 is large"]
    assert spans(store) == [(30.0, None, True), (10.0, 20.0, False)]


def test_nobody_is_told_twice_of_what_was(store: Store) -> None:
    report(store, Alerts(), was(10.0, 20.0))
    alerts = Alerts()
    with store.read() as connection:
        alerts.load(connection)
    report(store, alerts, was(12.0, 21.0))
    assert spans(store) == [(10.0, 20.0, False)]
    report(store, alerts, was(22.0, 30.0), was(10.0, 20.0, key="small"))
    assert len(spans(store)) == 3
    with store.write() as connection:  # nor after the adoption of another branch
        writes = Writes(Numbers(connection), time.time())
        alerts.report(writes, Reporter(BranchId(2), StepId(1)), [was(12.0, 21.0)])
        writes.flush(connection)
    assert len(spans(store)) == 3
