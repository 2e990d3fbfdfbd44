"""What a session's status is made of."""

import json
import time
from pathlib import Path

import pytest
from sqlalchemy import event

from icestream.cli.overview import document_of, overview
from icestream.engine.machine.lock import hold
from report_session import SampleSession


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(40, settle=False)
    return sample


def test_everything_is_there_for_programs(session: SampleSession) -> None:
    session.classify()
    session.reconstruct()
    session.warn("notice", "ice", "")
    session.warn("critical", "drift", "")
    (session.folder / "report").mkdir()
    (session.folder / "report/index.html").touch()
    found = overview(session.store, session.now)
    told = json.loads(json.dumps(document_of(session.store, found, "icestream"), default=str))
    assert told["quality"]["ctf.resolution"]["unit"] == "Å"
    assert 2 < told["quality"]["ctf.resolution"]["median"] < 8
    assert 0.5 < told["quality"]["ctf.defocus"]["median"] < 4  # µm
    assert told["rates"]["found"] > 100
    assert told["delay"] == pytest.approx(36.0)
    assert told["last_movie"] == session.now - 0.0
    assert told["usual_interval"] == 12.0
    assert told["map"] == {
        "resolution": 11.4, "resolution_is_limit": False, "particles": 4120, "symmetry": "O",
        "file": str(session.folder / "pool/map.mrc"), "note": "",
    }  # fmt: skip
    assert told["report"] == str(session.folder / "report/index.html")
    assert [alert["level"] for alert in told["alerts"]] == ["critical", "notice"]
    assert told["alerts"][0]["command"] == ""
    assert {failure["state"] for failure in told["failures"]} <= {"failed"}


def test_whether_something_happens_by_itself(session: SampleSession) -> None:
    assert not overview(session.store, 0.0).ended
    session.settle()
    session.finish()
    assert overview(session.store, 0.0).ended
    with hold(session.folder):
        assert not overview(session.store, 0.0).ended
    session.change("pick")
    found = overview(session.store, 0.0)
    assert (found.ended, found.waits, found.session.state) == (True, True, "stopped")
    assert found.particles_anew == 0


def test_what_it_reads_hardly_grows_with_the_session(tmp_path: Path) -> None:
    """Statements by the thousand, or exposures a page at a time, are what made it slow."""
    session = SampleSession(tmp_path / "large", start=time.time() - 3e4, documents=False)
    counts = []
    statements: list[str] = []
    store = session.store
    event.listen(store.engine, "before_cursor_execute", lambda *words: statements.append(words[2]))
    for more in (100, 1200):
        session.grow(more)
        statements.clear()
        document_of(store, overview(store, session.now), "icestream")
        counts.append(len(statements))
    assert counts[0] == counts[1]
