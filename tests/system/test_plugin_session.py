"""A session whose movies a plugin's program aligns: killed, without orphans, and gone on with."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import write_tiff
from icestream.model import Micrograph, from_document
from icestream.store import queries
from icestream.store.open import open_store

ROOT = Path(__file__).parents[2]
STAND_IN = ROOT / "plugins" / "icestream-motioncor" / "tests" / "stand_in.py"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file: as long as it is there, the program hangs with a child of its own."""
    hang = tmp_path / "hang"
    path = tmp_path / "bin" / "MotionCor3_1.2.1_Cuda121"
    path.parent.mkdir()
    path.write_text(
        f'#!/bin/sh\n[ "$1" != --version ] && [ -e "{hang}" ] && export STAND_IN=hang\n'
        f'exec "{sys.executable}" "{STAND_IN}" MotionCor3 1.2.1 "$@"\n'
    )
    path.chmod(0o755)
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[programs]\nMotionCor3 = "{path}"\n')
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(settings))
    return hang


def start(movies: Path, session: Path) -> "subprocess.Popen[str]":
    code = (
        "import runpy, sys; from icestream.settings import load; load(); sys.argv = sys.argv[1:]; "
    )
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    target = ROOT / "tests" / "plugin_target.py"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(target), str(movies), str(session)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def inside(folder: Path) -> list[str]:
    """Processes that run in a folder or below it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(folder):
                found.append(entry.name)
        except OSError:
            continue
    return found


def until(holds: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


@pytest.mark.slow
def test_a_killed_session_leaves_no_program_behind_and_goes_on(
    program: Path, tmp_path: Path
) -> None:
    movies, session = tmp_path / "movies", tmp_path / "session"
    movies.mkdir()
    rng = np.random.default_rng(1)
    for number in range(3):
        write_tiff(movies / f"m{number}.tiff", rng.poisson(3.0, (4, 96, 96)).astype(np.uint8))
    program.touch()
    first = start(movies, session)
    try:
        assert until(lambda: len(inside(session)) >= 2)  # the program, and what it has started
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    assert until(lambda: not inside(session))
    program.unlink()
    second = start(movies, session)
    printed, _ = second.communicate(timeout=120)
    assert second.returncode == 0, printed
    store = open_store(session)
    results = queries.results(store, "align")
    assert len(results) == 3
    for result in results:
        made = from_document(Micrograph, result.outputs["micrograph"])
        assert (session / made.path).is_file() and made.motion is not None
    logs = sorted(session.rglob("*MotionCor3.command.log"))
    assert logs and all(log.read_text().startswith("# MotionCor3 1.2.1\n") for log in logs)
