"""ThreadWork that hangs is left, and what else is done comes back."""

import threading
from pathlib import Path

import pytest

from icestream.facility.answering import Disks
from icestream.facility.transfer import apart
from icestream.facility.transfer.apart import Apart, ThreadWork
from silent_disks import Hangs, hangs

__all__ = ["hangs"]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_LOOK", 0.05)


def test_what_hangs_is_left_until_it_comes_back(tmp_path: Path, hangs: Hangs) -> None:
    left: list[int] = []
    threads: Apart[int] = Apart(left.append)
    nas, local = tmp_path / "nas", tmp_path / "local"
    nas.mkdir()
    hangs.at(nas)
    works = {
        "one": ThreadWork(lambda: len(list(nas.iterdir())), [nas, None]),
        "other": ThreadWork(lambda: 7, [local]),
    }
    assert threads.run(works, Disks(), threading.Event()) == {"other": 7}
    assert "has not answered" in threads.hanging()["one"]
    assert len(left) == 1
    hangs.over()
    hangs.eventually(lambda: not threads.hanging())
    assert threads.run(works, Disks(), threading.Event()) == {"one": 0, "other": 7}


def test_what_does_not_end_when_told_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_ENDS", 0.1)
    threads: Apart[bool] = Apart()
    stop, over = threading.Event(), threading.Event()
    stop.set()
    assert threads.run({"one": ThreadWork(over.wait, [tmp_path])}, Disks(), stop) == {}
    assert threads.hanging() == {"one": "it has not come back"}
    over.set()


def test_what_it_raises_is_raised(tmp_path: Path) -> None:
    threads: Apart[float] = Apart()
    with pytest.raises(ZeroDivisionError):
        threads.run({"one": ThreadWork(lambda: 1 / 0, [tmp_path])}, Disks(), threading.Event())
    assert threads.hanging() == {}
