"""`icestream status`."""

import json
from pathlib import Path

import pytest

from icestream.cli.status import status
from icestream.engine.machine.lock import hold
from icestream.store.open import NoStore
from report_session import SampleSession


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    """Twelve exposures of which some are still going."""
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(12, settle=False)
    return sample


def test_for_people(session: SampleSession, capsys: pytest.CaptureFixture[str]) -> None:
    status(session.folder)
    printed = capsys.readouterr().out
    assert "apoferritin-grid-2: running, workflow single-particle" in printed
    assert "exposures: 12 found" in printed
    for step in session.step_ids:
        assert f"\n{step}\t" in printed


def test_for_programs(session: SampleSession, capsys: pytest.CaptureFixture[str]) -> None:
    status(session.folder, json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["session"]["state"] == "running"
    assert sum(found["exposures"].values()) == 12
    assert found["steps"][0]["name"] == "import"
    assert found["steps"][0]["counts"]["done"] == 12


def test_a_session_whose_process_was_killed(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store still says that it runs; nobody holds its lock."""
    status(session.folder)
    told = capsys.readouterr().out
    assert "no process runs it any more" in told
    assert "\trunning\t0" not in told.partition("s each")[2]
    with hold(session.folder):
        status(session.folder)
        status(session.folder, json=True)
    told, _, document = capsys.readouterr().out.partition("{")
    assert "no process" not in told
    assert json.loads("{" + document)["session"]["runs"].startswith("process ")


def test_a_folder_without_a_session(tmp_path: Path) -> None:
    with pytest.raises(NoStore, match="holds no icestream session"):
        status(tmp_path)
