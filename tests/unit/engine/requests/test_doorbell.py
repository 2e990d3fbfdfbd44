"""The doorbell rings for every request, and for nobody else."""

import os
import queue
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.machine.watched import ThreadDied
from icestream.engine.requests.doorbell import Doorbell, wake


@pytest.fixture
def name() -> str:
    return uuid.uuid4().hex[:24]


@pytest.fixture
def bell() -> Iterator[Callable[[str], "queue.SimpleQueue[str]"]]:
    """Hangs bells up; gives a queue that gets a word for every ring."""
    bells = []

    def hang(name: str) -> "queue.SimpleQueue[str]":
        rings: queue.SimpleQueue[str] = queue.SimpleQueue()
        bells.append(Doorbell(name, lambda: rings.put("rung")))
        return rings

    yield hang
    for one in bells:
        one.close()


def test_nobody_hears_where_no_bell_hangs(
    name: str, bell: Callable[[str], "queue.SimpleQueue[str]"]
) -> None:
    rings = bell(name)
    assert not wake(name[::-1])
    assert wake(name)
    assert rings.get(timeout=60.0) == "rung"


def test_the_bell_of_a_coordinator_that_was_killed_is_replaced(
    name: str, bell: Callable[[str], "queue.SimpleQueue[str]"]
) -> None:
    gone = Doorbell(name, lambda: None)
    place: Any = gone._path
    gone.close()
    os.mkfifo(place)  # something is left where the bell was
    rings = bell(name)
    assert wake(name)
    assert rings.get(timeout=60.0) == "rung"


def test_a_bell_whose_thread_dies_says_so_and_rings_again(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.engine.machine.watched._FIRST", 0.01)
    rings: queue.SimpleQueue[str] = queue.SimpleQueue()
    died: queue.SimpleQueue[ThreadDied] = queue.SimpleQueue()
    errors = [ValueError("nobody expects this")]

    def rung() -> None:
        if errors:
            raise errors.pop()
        rings.put("rung")

    hung = Doorbell(name, rung, died.put)
    assert wake(name)
    said = died.get(timeout=60.0)
    assert (said.name, str(said.error), said.again) == ("doorbell", "nobody expects this", True)
    assert wake(name)
    assert rings.get(timeout=60.0) == "rung"
    hung.close()
    assert died.empty()


def test_a_bell_is_only_for_its_owner_and_is_taken_down(name: str) -> None:
    hung = Doorbell(name, lambda: None)
    assert hung._path.stat().st_mode & 0o777 == 0o600
    hung.close()
    assert not hung._path.exists()
    assert not wake(name)


def test_the_address_is_short_wherever_sockets_are_kept(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system allows 108 bytes; the folders of runtime files have about twenty."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    hung = Doorbell(name, lambda: None)
    hung.close()
    assert len(hung._path.name) < 64
