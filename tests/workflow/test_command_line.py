"""The command line runs a tiny session, whatever becomes of the terminal, and says how it ended."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest

from icestream.store import queries
from icestream.store.open import open_store
from toy_session import wait_for

SIZE = 256


def write_movie(path: Path, seed: int) -> None:
    frames = np.random.default_rng(seed).poisson(2.0, (4, SIZE, SIZE)).astype(np.uint16)
    with mrcfile.new(path) as file:
        file.set_data(frames)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Movies, and a workflow that only aligns them."""
    for number in range(2):
        write_movie(tmp_path / f"m{number}.mrc", number)
    steps = [
        {"name": "import", "protocol": "movies.import", "parameters": {}, "inputs": {}},
        {
            "name": "align",
            "protocol": "movies.align",
            "parameters": {},
            "inputs": {"movie": "import"},
        },
    ]
    (tmp_path / "tiny.json").write_text(json.dumps({"name": "tiny", "steps": steps}))
    return tmp_path


def start(folder: Path, *more: str, **streams: Any) -> "subprocess.Popen[bytes]":
    command = (
        "process", str(folder / "*.mrc"), "--out", str(folder / "s"), "--no-report",
        "--workflow", str(folder / "tiny.json"), "--pixel-size", "1", "--voltage", "300",
        "--dose-per-frame", "1", *more,
    )  # fmt: skip
    return subprocess.Popen([sys.executable, "-m", "icestream", *command], **streams)


def done(folder: Path) -> int:
    store = open_store(folder / "s", readonly=True)
    try:
        return queries.count_exposures(store)["done"]
    finally:
        store.close()


def hang_up(running: "subprocess.Popen[bytes]") -> None:
    running.send_signal(signal.SIGHUP)


def close_pipe(running: "subprocess.Popen[bytes]") -> None:
    for stream in (running.stdout, running.stderr):
        if stream is not None:
            stream.close()


def nothing(_running: "subprocess.Popen[bytes]") -> None:
    pass


@pytest.mark.parametrize(
    ("stdout", "stderr", "happens"),
    [
        (subprocess.DEVNULL, subprocess.DEVNULL, hang_up),
        (subprocess.PIPE, subprocess.PIPE, close_pipe),
        (Path("/dev/full"), Path("/dev/full"), nothing),
    ],
    ids=["hung up", "the pipe is closed", "the disk behind it is full"],
)
def test_a_terminal_that_goes_away_ends_no_session(
    folder: Path,
    stdout: Any,
    stderr: Any,
    happens: Callable[["subprocess.Popen[bytes]"], None],
) -> None:
    with contextlib.ExitStack() as opened:
        streams = {
            name: opened.enter_context(where.open("wb")) if isinstance(where, Path) else where
            for name, where in (("stdout", stdout), ("stderr", stderr))
        }
        running = start(folder, "--watch", "--idle-timeout", "8", **streams)
    wait_for(lambda: running.poll() is not None or done(folder) == 2, 240.0)
    happens(running)
    write_movie(folder / "late.mrc", 2)
    assert running.wait(240) == 0
    assert done(folder) == 3


def test_a_terminal_with_bars_that_is_closed_ends_no_session(folder: Path) -> None:
    ours, theirs = pty.openpty()
    running = start(
        folder, "--watch", "--idle-timeout", "8", stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.set_blocking(ours, False)

    def is_drawn() -> bool:
        with contextlib.suppress(BlockingIOError):
            os.read(ours, 1 << 16)  # else it waits for somebody who looks
        return running.poll() is not None or done(folder) == 2

    wait_for(is_drawn, 240.0)
    os.close(ours)
    hang_up(running)
    write_movie(folder / "late.mrc", 2)
    assert running.wait(240) == 0
    assert done(folder) == 3


def test_a_session_in_which_everything_failed_says_so_by_its_status(folder: Path) -> None:
    with mrcfile.new(folder / "gain.gain") as gain:
        gain.set_data(np.ones((SIZE // 3, SIZE), np.float32))
    running = start(folder, "--gain", str(folder / "gain.gain"), stdout=subprocess.PIPE)
    told, _ = running.communicate(timeout=240)
    assert running.returncode == 1
    assert b"2 failed" in told
    assert b"could be processed" in told


def test_modules_that_lie_where_a_session_is_started_are_not_run(folder: Path) -> None:
    theirs = folder / "theirs"
    theirs.mkdir()
    names = ("socket", "json", "numpy", "sqlalchemy", "tifffile", "logging", "icestream")
    for name in names:
        (theirs / f"{name}.py").write_text(
            f"import pathlib; pathlib.Path({str(folder)!r}, {'ran ' + name!r}).touch()\n"
            "raise ImportError('this is somebody else')\n"
        )
    command = (
        "process", str(folder / "*.mrc"), "--out", str(folder / "s"), "--workflow",
        str(folder / "tiny.json"), "--pixel-size", "1", "--voltage", "300", "--dose-per-frame", "1",
    )  # fmt: skip
    program = Path(sys.executable).with_name("icestream")
    subprocess.run([program, *command], cwd=theirs, check=True, timeout=240)
    assert list(folder.glob("ran *")) == []
    assert done(folder) == 2
    assert (folder / "s" / "report" / "index.html").exists()


def test_a_renamed_movie_is_one_exposure_whatever_is_changed(folder: Path) -> None:
    """Also when everything is made anew: it is read under its new name, and decisions stay."""
    assert start(folder).wait(240) == 0
    (folder / "m0.mrc").rename(folder / "renamed.mrc")
    for changed in ("spherical_aberration=2.6", "amplitude_contrast=0.08"):
        icestream = [sys.executable, "-m", "icestream"]
        subprocess.run([*icestream, "reject", str(folder / "s"), "m0", "--why", "test"], check=True)
        subprocess.run([*icestream, "set", str(folder / "s"), "import", changed], check=True)
        assert start(folder).wait(240) == 0
        store = open_store(folder / "s", readonly=True)
        try:
            found = {one.name: one.state for one in queries.exposures(store)}
            (movie,) = queries.results_of(store, "m0")["import"].outputs.values()
        finally:
            store.close()
        assert found == {"m0": "rejected", "m1": "done"}
        assert movie["path"] == str(folder / "renamed.mrc")
