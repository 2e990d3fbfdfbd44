"""A hold: what counts as trouble, what is said of it, and when it is over."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.engine.coordinator import hold as module
from icestream.engine.coordinator.hold import Hold
from toy_record import Desk

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def made(desk: Callable[..., Desk]) -> Desk:
    return desk(("src", "toy.count", {}, {}))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_hold_is_over_when_the_folder_can_be_written(
    made: Desk, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = Hold(made.record.tenure, 2.0)
    assert hold.is_trouble(FULL)
    assert not hold.is_trouble(ValueError("a defect"))
    hold.begin(FULL)
    assert "No space left on device" in hold.reason
    assert hold.patience() == 2.0
    assert not hold.is_over()  # it is not looked at all the time
    clock[0] += 2.5
    with monkeypatch.context() as patch:
        patch.setattr(module.storage, "mended", lambda *_: False)
        assert not hold.is_over()
    assert hold.patience() == 2.0
    clock[0] += 2.5
    assert hold.is_over()
    hold.end()
    assert hold.reason == ""


def test_what_is_read_and_away_is_waited_for(
    made: Desk, clock: list[float], tmp_path: Path
) -> None:
    nas = tmp_path / "nas"
    hold = Hold(made.record.tenure, 1.0)
    hold.begin(f"{nas} is not there", str(nas))
    assert hold.reason.startswith(f"{nas} is not there; processing is held")
    assert hold.reason.endswith(f"for good: icestream give-up {made.folder}")
    assert hold.is_elsewhere()
    for there in (lambda: None, nas.mkdir):
        there()
        clock[0] += 1.5
        assert not hold.is_over()  # a mount point that is empty is nothing either
    (nas / "movie.mrc").touch()
    clock[0] += 1.5
    assert hold.is_over()


def test_a_folder_that_is_gone_is_trouble_whatever_the_error_says(
    made: Desk, clock: list[float]
) -> None:
    hold = Hold(made.record.tenure, 1.0)
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory")
    assert not hold.is_trouble(missing)
    away = made.folder.with_name("away")
    made.folder.rename(away)
    assert hold.is_trouble(missing)
    hold.begin(missing)
    assert "was it moved, deleted or unmounted?" in hold.reason
    made.folder.mkdir()  # another folder in its place is not it
    clock[0] += 1.5
    assert not hold.is_over()
    made.folder.rmdir()
    away.rename(made.folder)
    clock[0] += 1.5
    assert hold.is_over()


def test_trouble_with_the_session_itself_is_nowhere_else(made: Desk) -> None:
    hold = Hold(made.record.tenure, 1.0)
    hold.begin("it is full", str(made.folder))
    assert not hold.is_elsewhere()
    assert "give-up" not in hold.reason
    hold.begin("it is full")
    assert not hold.is_elsewhere()
