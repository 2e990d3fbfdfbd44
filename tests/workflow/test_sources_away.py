"""Movies that cannot be read: one file, or the whole folder, for a while or for good."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.control import give_up, stop
from icestream.engine.requests.models import GiveUp
from icestream.engine.requests.send import answer_of, send
from icestream.store import queries
from icestream.store.removed import RemovedFile, note_removed
from toy_session import Background, Session, wait_for

MANY = 30


@pytest.fixture
def nas(tmp_path: Path) -> Path:
    folder = tmp_path / "nas"
    folder.mkdir()
    for number in range(MANY):
        (folder / f"e{number:02d}").write_text(str(number))
    return folder


def steps(nas: Path, **reading: Any) -> tuple[Any, ...]:
    """A source, a step that reads what it brought, and one that comes after that."""
    return (
        ("src", "toy.count-files", {"folder": nas}, {}),
        ("read", "toy.read", reading, {"number": "src"}),
        ("after", "toy.add", {"add": 1}, {"number": "read"}),
    )


def failures(session: Session) -> dict[str, str]:
    found = queries.failures(session.store(), limit=1000)
    return {one.exposure: one.reason for one in found if one.state == "failed"}


def test_one_file_that_cannot_be_read_fails_by_its_name_and_holds_nobody(
    local: Session, nas: Path
) -> None:
    (nas / "closed").touch()
    outcome = local.run(*steps(nas, broken="7"))
    assert outcome.state == "done"
    assert dict(outcome.exposures) == {"going": 0, "done": MANY - 3, "rejected": 0, "failed": 3}
    found = failures(local)
    assert found["e07"].startswith(f"{nas / 'e07'} cannot be read: Stale file handle")
    assert not [one for one in queries.alerts(local.store()) if one.key == "storage"]


def test_many_files_in_a_row_that_cannot_be_read_pause_nothing(local: Session, nas: Path) -> None:
    """Each is a matter of its own: more fail than the failures of a code that pause its step."""
    for number in range(12):
        (nas / f"e00x{number}7").write_text("0")
    (nas / "closed").touch()
    outcome = local.run(*steps(nas, broken="7"))
    assert outcome.state == "done"
    assert (outcome.exposures["done"], outcome.exposures["failed"]) == (MANY - 3, 15)


def away(local: Session, nas: Path) -> Background:
    """A session that is held since the folder has gone in its midst."""
    background = local.start(*steps(nas, seconds=0.05))
    wait_for(lambda: local.values("after"))
    shutil.rmtree(nas)
    progress = wait_for(lambda: (p := local.running.progress()).state == "held" and p)  # type: ignore[union-attr]
    assert f"If it is gone for good: icestream give-up {local.folder}" in progress.reason
    return background


def test_a_source_that_is_gone_for_good_is_given_up(
    local: Session, nas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    background = away(local, nas)
    assert give_up(local.folder, why="the disk is dead") == 0
    assert "src: given up" in capsys.readouterr().out
    outcome = background.join()
    assert outcome.state == "done"
    assert outcome.exposures["done"] + outcome.exposures["failed"] == MANY
    assert outcome.exposures["failed"] > 0
    for reason in failures(local).values():
        if reason.startswith(str(nas)):
            assert "is not there" in reason
            assert reason.endswith(": the disk is dead")
    assert len(local.values("after")) == outcome.exposures["done"]


def test_what_was_given_up_is_tried_again_when_it_is_back(local: Session, nas: Path) -> None:
    background = away(local, nas)
    assert give_up(local.folder) == 0
    background.join()
    nas.mkdir()
    for number in range(MANY):
        (nas / f"e{number:02d}").write_text(str(number))
    (nas / "closed").touch()
    assert local.run(*steps(nas)).exposures["done"] == MANY


def test_a_session_that_waits_for_its_source_can_be_stopped(local: Session, nas: Path) -> None:
    """Its folder can be written, so what a person asks is heard."""
    background = away(local, nas)
    assert stop(local.folder) == 0
    outcome = background.join()
    assert outcome.state == "stopped"
    assert outcome.exposures["failed"] == 0
    assert outcome.exposures["going"] > 0


def test_only_sources_are_given_up(local: Session, nas: Path) -> None:
    background = local.start(*steps(nas))
    wait_for(lambda: len(local.values("after")) == MANY)
    token = send(local.folder, GiveUp(step="read"))
    state, answer = answer_of(local.folder, token, timeout=30.0)
    assert (state, answer) == ("refused", "read is no source; a source is given up")
    assert give_up(local.folder, "src") == 0  # there: what it brought is processed
    assert background.join().exposures["done"] == MANY


def test_what_was_removed_on_purpose_fails_what_needs_it_and_nothing_else(
    local: Session, nas: Path
) -> None:
    (nas / "closed").touch()
    assert local.run(*steps(nas)).exposures["done"] == MANY
    gone = [nas / f"e{number:02d}" for number in range(10)]
    note_removed(local.folder, gone, RemovedFile(7, "raw", 0.0))
    for path in gone:
        path.unlink()
    assert local.run(*steps(nas)).exposures["done"] == MANY  # nothing needs them
    (alert,) = (one for one in queries.alerts(local.store()) if one.key == "files.removed")
    assert alert.message.startswith("10 files were removed on purpose: 10 of raw on 1970-01-01")
    outcome = local.run(*steps(nas, seconds=0.001))
    assert (outcome.exposures["done"], outcome.exposures["failed"]) == (MANY - 10, 10)
    found = failures(local)
    assert set(found) == {path.name for path in gone}
    assert "icestream facility undo-removal 7 brings it back" in found["e00"]
