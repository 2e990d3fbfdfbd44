"""`icestream demo`; a whole one is in tests/system."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from icestream.cli import demo as module
from icestream.cli.demo import MARKER, NotADemo, demo
from icestream.cli.running import Here
from icestream.engine.graph.workflow import Workflow


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(NotADemo, match="was not made by a demo"):
        demo(tmp_path)
    assert (tmp_path / "letter.txt").exists()


def test_the_microscope_writes_while_the_session_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An earlier demo is replaced; the microscope is switched off when the session ends."""
    out = tmp_path / "demo"
    out.mkdir()
    (out / MARKER).touch()
    (out / "old").touch()
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remember(*words: Any, **options: Any) -> "subprocess.Popen[bytes]":
        started.append(popen(*words, **options))
        return started[-1]

    def run(workflow: Workflow, session: Path, here: Here, *, counted: bool) -> int:
        assert session == out / "session"
        assert not here.alerts  # nobody is to be woken by a demo
        assert not counted  # it is no use of anybody's
        source = workflow.steps[0].parameters
        assert source["pattern"] == str(out / "microscope")
        assert source["watch"] is True
        assert source["idle_timeout"] > 0
        deadline = time.monotonic() + 60
        while not (out / "microscope.log").stat().st_size and time.monotonic() < deadline:
            time.sleep(0.1)
        assert started[1].poll() is None, (out / "microscope.log").read_text()
        said = capsys.readouterr().out
        address = re.search(r"watch it in a browser: (\S+)", said)
        assert address is not None, said
        assert httpx2.get(f"{address[1]}api/sessions", timeout=60).status_code == 200
        return 5

    monkeypatch.setattr(module.subprocess, "Popen", remember)
    monkeypatch.setattr(module, "run_here", run)
    assert demo(out, movies=1000, rate=3600.0) == 5
    assert [process.returncode is not None for process in started] == [True, True]
    assert not (out / "old").exists()
    assert list((out / "microscope").rglob("*.tiff"))


def test_it_can_be_looked_at_until_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slept: list[float] = []

    @contextmanager
    def nothing(*_: Any) -> Iterator[str]:
        yield "http://127.0.0.1:1/"

    def interrupt(seconds: float) -> None:
        slept.append(seconds)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "served_beside", nothing)
    monkeypatch.setattr(module, "_process", lambda *_: 0)
    monkeypatch.setattr(module.time, "sleep", interrupt)
    assert demo(tmp_path / "demo", keep=True) == 0
    assert "it stays at http://127.0.0.1:1/ until Ctrl-C" in capsys.readouterr().out
    monkeypatch.setattr(module, "_process", lambda *_: module.INTERRUPTED)
    assert demo(tmp_path / "demo", keep=True) == module.INTERRUPTED
    assert len(slept) == 1
