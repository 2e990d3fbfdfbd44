"""A log tells what people look for, with names, in the order in which it was written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from icestream.store import tables as t
from icestream.store.events import (
    EVENTS,
    AlertCleared,
    AlertRaised,
    Event,
    ExposureFound,
    ExposureJudged,
    ExposureStateChanged,
    RequestAnswered,
    RequestAsked,
    TaskDone,
    TaskFailed,
)
from icestream.store.logged import LOGGED
from icestream.store.open import Store, open_store
from icestream.store.writing import Numbers, Writes

ALERT = {"key": "ctf.high", "message": "defocus is high", "about": "a", "offer": None}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path)
    yield made
    made.close()


def _written(store: Store, *events: Event) -> list[Any]:
    with store.write() as connection, capture_logs() as logged:
        writes = Writes(Numbers(connection), 100.0)
        step = writes.insert(t.step, name="ctf")
        writes.insert(t.exposure, id=1, state="going", found=0.0)
        writes.insert(t.subject, id=1, kind="exposure", family="", number=1, name="shot 1")
        for event in events:
            writes.event(event, step_id=step, subject_id=1)
        writes.flush(connection)
        writes.flush(connection)
    return logged


def test_alerts_failures_requests_and_decisions_are_logged_once_with_names(store: Store) -> None:
    logged = _written(
        store,
        AlertRaised(alert=1, level="critical", **ALERT),  # type: ignore[arg-type]
        AlertRaised(alert=2, level="notice", **ALERT),  # type: ignore[arg-type]
        TaskFailed(reason="the movie ends early"),
        ExposureStateChanged(state="rejected", reasons=["select: ice"]),
        RequestAsked(token="x", verb="pause", who="ada"),
        RequestAnswered(verb="pause", verdict="done", answer="paused", who="ada"),
        ExposureJudged(accepted=False, who="ada", why="ice"),
        AlertCleared(alert=1),
    )
    told = [(line["event"], line["log_level"]) for line in logged]
    assert told == [
        ("alert.raised", "warning"),
        ("alert.raised", "info"),
        ("task.failed", "warning"),
        ("exposure.state", "info"),
        ("request.asked", "info"),
        ("request.answered", "info"),
        ("exposure.judged", "info"),
        ("alert.cleared", "info"),
    ]
    assert all((line["step"], line["exposure"]) == ("ctf", "shot 1") for line in logged)
    assert (logged[0]["severity"], logged[0]["message"]) == ("critical", "defocus is high")
    assert logged[2]["reason"] == "the movie ends early"
    assert (logged[6]["who"], logged[6]["accepted"]) == ("ada", False)


def test_what_happens_to_every_exposure_is_not_logged(store: Store) -> None:
    assert (
        _written(
            store,
            ExposureFound(),
            TaskDone(result=1),
            ExposureStateChanged(state="done", reasons=[]),
        )
        == []
    )


def test_only_kinds_of_the_catalogue_are_named() -> None:
    assert LOGGED.keys() <= EVENTS.keys()
