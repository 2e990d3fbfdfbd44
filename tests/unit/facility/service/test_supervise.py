"""Processes are kept up, and end with who keeps them."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from icestream.facility.service import supervise
from icestream.facility.service.supervise import KeptService, keep_up

WRITES = "import os, pathlib; pathlib.Path('pid').write_text(str(os.getpid())); "


def program(folder: Path, text: str, **more: object) -> KeptService:
    values = {"name": "it", "log": folder / "log", **more}
    command = [sys.executable, "-c", f"import os; os.chdir({str(folder)!r}); {text}"]
    return KeptService(command=command, **values)  # type: ignore[arg-type]


@contextmanager
def kept(*ones: KeptService) -> Iterator[list[str]]:
    """Keep them up while a block runs; what is said of them."""
    stop, said = threading.Event(), list[str]()

    def run() -> None:
        keep_up(ones, stop, said.append, first_pause=0.05)

    running = threading.Thread(target=run)
    running.start()
    try:
        yield said
    finally:
        stop.set()
        running.join(60)
        assert not running.is_alive()


def wait_for(true: object) -> None:
    deadline = time.monotonic() + 60
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pid(folder: Path, other: int = 0) -> int:
    """Of the process that writes it, once it is another one."""

    def known() -> int:
        try:
            return int((folder / "pid").read_text())
        except (OSError, ValueError):
            return other

    wait_for(lambda: known() != other)
    return known()


def test_one_that_is_killed_is_started_again(tmp_path: Path) -> None:
    with kept(program(tmp_path, WRITES + "import time; time.sleep(600)")) as said:
        first = pid(tmp_path)
        psutil.Process(first).kill()
        second = pid(tmp_path, first)
        assert said == [
            f"it was killed by signal 9, and is started again in 0.05 s: {tmp_path}/log says why"
        ]
    assert not psutil.pid_exists(second)
    assert len(said) == 1


def test_pauses_grow_and_what_was_said_is_kept(tmp_path: Path) -> None:
    with kept(program(tmp_path, "print('no', flush=True); raise SystemExit(3)")) as said:
        wait_for(lambda: len(said) >= 3)
    assert "has ended with status 3, and is started again in 0.05 s" in said[0]
    assert [each.partition(" again in ")[2].split()[0] for each in said[:3]] == [
        "0.05", "0.1", "0.2",
    ]  # fmt: skip
    assert (tmp_path / "log").read_text().count("no\n") >= 3


def test_one_that_did_well_for_long_waits_the_first_pause_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "_WELL", 0.0)
    with kept(program(tmp_path, "raise SystemExit(3)")) as said:
        wait_for(lambda: len(said) >= 3)
    assert all("again in 0.05 s" in each for each in said)


@pytest.mark.parametrize(
    ("status", "says"), [(0, "it has ended"), (4, "it has ended with status 4: {log} says why")]
)
def test_one_that_is_run_once_is_not_started_again(tmp_path: Path, status: int, says: str) -> None:
    (tmp_path / "runs").touch()
    text = f"open('runs', 'a').write('x'); raise SystemExit({status})"
    with kept(program(tmp_path, text, again=False)) as said:
        wait_for(lambda: said)
        time.sleep(0.5)
    assert said == [says.format(log=tmp_path / "log")]
    assert (tmp_path / "runs").read_text() == "x"


def test_each_is_told_to_end_in_its_own_way(tmp_path: Path) -> None:
    text = (
        "import signal; "
        "signal.signal(signal.SIGINT, lambda *_: open('ended', 'w').close() or exit()); "
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WRITES + "signal.pause()"
    )
    with kept(program(tmp_path, text, ends=signal.SIGINT)):
        pid(tmp_path)
    assert (tmp_path / "ended").exists()


def test_one_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "_PATIENCE", 0.5)
    text = (
        f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WRITES} signal.pause(); "
    )
    with kept(program(tmp_path, text + "signal.pause()")) as said:
        number = pid(tmp_path)
    assert said == ["it did not end within 0.5 s, and was killed"]
    assert not psutil.pid_exists(number)
