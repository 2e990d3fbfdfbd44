"""Sessions begin in processes of their own, which outlive whoever began them."""

import os
import time
from contextlib import closing
from pathlib import Path

import pytest

from icestream.engine.graph.workflow import InvalidWorkflow, Workflow, load_workflow
from icestream.engine.machine.lock import SessionBusy, hold, holder
from icestream.engine.requests.models import Stop
from icestream.engine.requests.send import send
from icestream.protocol import Registry
from icestream.settings import load
from icestream.starting.begin import (
    NotStarted,
    begin,
    enter,
    go_on,
    launch,
    prepared,
    wait_for_it,
)
from icestream.starting.checks import OccupiedFolder
from icestream.store import queries
from icestream.store.open import NoStore, open_store


def _watching(folder: Path) -> Workflow:
    """A source alone, which waits for movies."""
    folder.mkdir(exist_ok=True)
    given = {"pattern": str(folder), "watch": True}
    step = {"name": "import", "protocol": "movies.import", "parameters": given}
    return Workflow.from_document({"name": "waits", "steps": [step]})


def _ended(folder: Path) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until and holder(folder):
        time.sleep(0.1)
    return not holder(folder)


def test_what_cannot_run_or_is_hardly_meant_is_told_before(tmp_path: Path) -> None:
    settings, registry = load().settings, Registry()
    folder = tmp_path / "session"
    nowhere = load_workflow("default").changed("import", {"pattern": str(tmp_path / "no")})
    with pytest.raises(InvalidWorkflow, match="no is not there"):
        prepared(nowhere, folder, registry, settings, as_given=False)
    odd = load_workflow("default").changed("import", {"pattern": str(tmp_path), "pixel_size": 0.01})
    with pytest.raises(InvalidWorkflow, match="unusual"):
        prepared(odd, folder, registry, settings, as_given=False)
    assert prepared(odd, folder, registry, settings, as_given=True) == odd
    folder.mkdir()
    (folder / "notes.txt").touch()
    with pytest.raises(OccupiedFolder):
        prepared(odd, folder, registry, settings, as_given=True)


@pytest.mark.slow
def test_a_session_runs_by_itself_stops_when_asked_and_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    started = begin(folder, _watching(tmp_path / "movies"), ("--no-report",))
    assert wait_for_it(started, 120)
    assert str(started.process.pid) in holder(folder)
    assert os.getsid(started.process.pid) == started.process.pid, "no terminal ends it"
    with pytest.raises(SessionBusy):
        go_on(folder)
    send(folder, Stop())
    assert _ended(folder)
    assert started.log.read_text().startswith("$ icestream run ")
    again = go_on(folder)
    assert wait_for_it(again, 120)
    assert "process" in again.process.args
    assert "--watch" in again.process.args
    send(folder, Stop())
    assert _ended(folder)
    with closing(open_store(folder, readonly=True)) as store:
        assert len(queries.epochs(store)) == 2


@pytest.mark.slow
def test_why_a_process_ends_without_a_session_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    with pytest.raises(NotStarted, match="no workflow 'nothing'"):
        wait_for_it(launch(folder, ("run", "nothing", "--session", str(folder))), 120)


def test_a_session_is_made_to_be_run_later(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    enter(folder, _watching(tmp_path / "movies"), Registry())
    with closing(open_store(folder, readonly=True)) as store:
        session = queries.session(store)
        assert (session.state, session.reason) == ("stopped", "it was not started yet")
        assert [step.name for step in queries.steps(store)] == ["import"]
    with hold(folder), pytest.raises(SessionBusy):
        enter(folder, _watching(tmp_path / "movies"), Registry())
    with pytest.raises(NoStore):
        go_on(tmp_path / "nothing")
