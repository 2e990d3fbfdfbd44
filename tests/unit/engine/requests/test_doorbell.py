"""The doorbell rings for every request, and for nobody else."""

import os
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.machine.watched import ThreadDied
from icestream.engine.requests.doorbell import Doorbell, wake


@pytest.fixture
def bell(tmp_path: Path) -> Iterator[Callable[[Path], "queue.SimpleQueue[str]"]]:
    """Hangs bells up; gives a queue that gets a word for every ring."""
    bells = []

    def hang(folder: Path) -> "queue.SimpleQueue[str]":
        rings: queue.SimpleQueue[str] = queue.SimpleQueue()
        bells.append(Doorbell(folder, lambda: rings.put("rung")))
        return rings

    yield hang
    for one in bells:
        one.close()


def test_nobody_hears_where_no_bell_hangs(
    tmp_path: Path, bell: Callable[[Path], "queue.SimpleQueue[str]"]
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    rings = bell(tmp_path / "one")
    assert not wake(tmp_path / "two")
    assert wake(tmp_path / "one")
    assert rings.get(timeout=60.0) == "rung"


def test_a_folder_is_one_place_by_whatever_path(
    tmp_path: Path, bell: Callable[[Path], "queue.SimpleQueue[str]"]
) -> None:
    (tmp_path / "session").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "session")
    rings = bell(tmp_path / "session")
    assert wake(tmp_path / "link")
    assert rings.get(timeout=60.0) == "rung"


def test_a_long_path_has_a_bell_too(
    tmp_path: Path, bell: Callable[[Path], "queue.SimpleQueue[str]"]
) -> None:
    """The name of a socket has a hundred bytes at most."""
    folder = tmp_path / ("long" * 50) / ("name" * 50)
    folder.mkdir(parents=True)
    rings = bell(folder)
    assert wake(folder)
    assert rings.get(timeout=60.0) == "rung"


def test_the_bell_of_a_coordinator_that_was_killed_is_replaced(
    tmp_path: Path, bell: Callable[[Path], "queue.SimpleQueue[str]"]
) -> None:
    gone = Doorbell(tmp_path, lambda: None)
    place: Any = gone._path
    gone.close()
    os.mkfifo(place)  # something is left where the bell was
    rings = bell(tmp_path)
    assert wake(tmp_path)
    assert rings.get(timeout=60.0) == "rung"


def test_a_bell_whose_thread_dies_says_so_and_rings_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.engine.machine.watched._FIRST", 0.01)
    rings: queue.SimpleQueue[str] = queue.SimpleQueue()
    died: queue.SimpleQueue[ThreadDied] = queue.SimpleQueue()
    errors = [ValueError("nobody expects this")]

    def rung() -> None:
        if errors:
            raise errors.pop()
        rings.put("rung")

    hung = Doorbell(tmp_path, rung, died.put)
    assert wake(tmp_path)
    said = died.get(timeout=60.0)
    assert (said.name, str(said.error), said.again) == ("doorbell", "nobody expects this", True)
    assert wake(tmp_path)
    assert rings.get(timeout=60.0) == "rung"
    hung.close()
    assert died.empty()


def test_a_bell_is_only_for_its_owner_and_is_taken_down(tmp_path: Path) -> None:
    hung = Doorbell(tmp_path, lambda: None)
    assert hung._path.stat().st_mode & 0o777 == 0o600
    hung.close()
    assert not hung._path.exists()
    assert not wake(tmp_path)
