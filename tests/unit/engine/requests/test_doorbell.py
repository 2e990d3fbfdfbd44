"""The doorbell rings for every request, and for nobody else."""

import os
import queue
import tempfile
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


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder of our own; the address of a socket has room for 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="bell") as folder:
        yield Path(folder)


@pytest.fixture
def shared(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that everybody may write into; where bells hang in it."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(short_path))
    return short_path / f"icestream-{os.getuid()}"


def test_nobody_else_can_reach_the_bell(
    shared: Path, name: str, bell: Callable[[str], "queue.SimpleQueue[str]"]
) -> None:
    bell(name)
    assert [path.name for path in shared.iterdir()] == [f"{name}.sock"]
    assert shared.stat().st_mode & 0o777 == 0o700
    assert wake(name)


@pytest.mark.parametrize("squatted", ["open", "link", "file", "foreign"])
def test_where_others_could_take_the_name_there_is_no_bell(
    shared: Path, name: str, squatted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session goes on without: it looks for requests by itself, too."""
    if squatted == "open":
        shared.mkdir()
        shared.chmod(0o777)
    elif squatted == "link":
        (shared.parent / "elsewhere").mkdir(mode=0o700)
        shared.symlink_to("elsewhere")
    elif squatted == "file":
        shared.touch(mode=0o600)
    else:
        shared.mkdir(mode=0o700)
        folder = Path(tempfile.gettempdir()) / f"icestream-{os.getuid() + 1}"
        shared.rename(folder)
        other = os.getuid() + 1
        monkeypatch.setattr("os.getuid", lambda: other)
    hung = Doorbell(name, lambda: None)
    assert hung._thread is None
    assert not wake(name)
    assert not list(shared.parent.rglob("*.sock"))
    hung.close()


def test_a_runtime_folder_of_another_is_not_used(
    shared: Path,
    name: str,
    short_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bell: Callable[[str], "queue.SimpleQueue[str]"],
) -> None:
    runtime = short_path / "run"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    runtime.chmod(0o755)
    bell(name)
    assert list(shared.iterdir())
    runtime.chmod(0o700)
    bell(name + "2")
    assert [path.name for path in runtime.iterdir()] == [f"icestream-{name}2.sock"]
