"""A log tells what people look for, with names, in the order in which it was written."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

import report_session
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


def test_nothing_is_printed_where_nobody_said_where_the_log_goes(tmp_path: Path) -> None:
    """A change of a session that nobody runs is told by the command alone."""
    code = (
        "import sys; from pathlib import Path\n"
        "from report_session import SampleSession\n"
        "SampleSession(Path(sys.argv[1]), start=1.7e9).grow(3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "session")],
        env={**os.environ, "PYTHONPATH": str(Path(report_session.__file__).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
