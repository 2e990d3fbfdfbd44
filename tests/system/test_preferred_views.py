"""A session of particles nearly all of which lie end-on, as they do at an air-water interface."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_session_of_end_on_particles_says_that_views_are_missing(tmp_path: Path) -> None:
    """Of 300 there is no map (one or two good classes), or one that is said to be uneven."""

    def icestream(*arguments: str | Path) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "icestream", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            env={**os.environ, "ICESTREAM_STATE": str(tmp_path / "state")},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    icestream(
        "simulate", tmp_path / "microscope", "--specimen", "barrel", "--end-on", 0.95,
        "--movies", 8, "--particles", 90, "--frames", 6, "--dose-per-frame", 5, "--seed", 5,
        "--speed", 0,
    )  # fmt: skip
    session = tmp_path / "session"
    told = icestream(
        "process", tmp_path / "microscope", "--out", session, "--amplitude-contrast", 0.07,
        "--volume.least", 400,
    )  # fmt: skip
    status = json.loads(icestream("status", session, "--json"))
    assert status["particles"] > 200
    (alert,) = (one for one in status["alerts"] if one["key"] == "volume.views")
    assert alert["level"] == "warning"
    for words in ("seen from few sides", "tilt the stage by 20 to 40 degrees"):
        assert words in alert["message"]
        assert words in told
    if status["map"]["file"]:
        assert "views are uneven, it may be wrong" in icestream("status", session)
