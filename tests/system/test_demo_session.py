"""A whole session from the command line: written, processed, looked at, changed, taken on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest

from icestream.formats.star import read_star

MOVIES = 4
SIZE = 512


def _icestream(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, "-m", "icestream", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def _start(*arguments: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "icestream", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _simulate(folder: Path, *more: str) -> tuple[str | Path, ...]:
    return (
        "simulate", folder, "--movies", str(MOVIES), "--size", str(SIZE), "--frames", "12",
        "--particles", "20", "--seed", "77", *more,
    )  # fmt: skip


def _process(session: Path) -> "subprocess.CompletedProcess[str]":
    watching = ("--watch", "--idle-timeout", "20")
    return _icestream("process", session.parent / "microscope", "--out", session, *watching)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session that was processed while its movies were written."""
    folder = tmp_path_factory.mktemp("session")
    microscope = _start(*_simulate(folder / "microscope", "--rate", "1800"))
    # On a fresh clone its kernels are compiled first, for longer than a session waits.
    while microscope.poll() is None and not any(folder.rglob("*_Fractions.tiff")):
        time.sleep(0.1)
    done = _process(folder / "session")
    microscope.communicate(timeout=60)
    assert microscope.returncode == 0
    assert f"{MOVIES} exposures" in done.stdout
    assert "report:" in done.stdout
    return folder / "session"


def _status(session: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_icestream("status", session, "--json").stdout)
    return found


def test_every_exposure_is_accounted_for(session: Path) -> None:
    status = _status(session)
    assert status["session"]["state"] == "done"
    assert status["exposures"]["going"] == 0
    assert sum(status["exposures"].values()) == MOVIES
    steps = {step["name"]: step["counts"] for step in status["steps"]}
    assert steps["align"]["done"] == steps["ctf"]["done"] == MOVIES
    assert status["particles"] > 0


def test_the_zero_form_found_what_the_microscope_said(session: Path) -> None:
    """Nothing was said on the command line: pixel size and exposure come from the metadata."""
    lines = [
        json.loads(line)
        for line in (_provenance(session) / "lineage.jsonl").read_text().split("\n")
        if line
    ]
    steps = {line["step"] for line in lines if "step" in line}
    assert {"import", "align", "ctf", "extract"} <= steps
    parameters = next(line["parameters"] for line in lines if line.get("step") == "import")
    assert parameters["pixel_size"] is None
    assert parameters["gain"] is None


def _provenance(session: Path) -> Path:
    folder = session.parent / "provenance"
    _icestream("export", "provenance", session, folder)
    return folder


def test_defocus_is_near_the_truth(session: Path) -> None:
    """Small movies have little signal: within 5 % of what the microscope really did."""
    truth = _true_defocus(session.parent / "microscope_truth")
    relion = session.parent / "relion"
    _icestream("export", "relion", session, relion)
    (file,) = relion.glob("CtfFind/*/micrographs_ctf.star")
    table = read_star(file)["micrographs"]
    found = (table.floats("rlnDefocusU") + table.floats("rlnDefocusV")) / 2
    for name, defocus in zip(table.text("rlnMicrographName"), found, strict=True):
        expected = next(value for key, value in truth.items() if key in name)
        assert defocus == pytest.approx(expected, rel=0.05)


def _true_defocus(folder: Path) -> dict[str, float]:
    documents = [json.loads(file.read_text()) for file in folder.glob("FoilHole*.json")]
    return {
        document["exposure"]: (document["defocus_u"] + document["defocus_v"]) / 2
        for document in documents
    }


def test_micrographs_and_particles_are_whole_files(session: Path) -> None:
    micrographs = [path for path in (session / "align").rglob("*.mrc") if path.stat().st_size > 1e6]
    assert micrographs
    with mrcfile.open(micrographs[0]) as file:
        assert file.data.shape == (SIZE, SIZE)
        assert np.isfinite(file.data).all()
    assert list((session / "extract").rglob("*.mrcs"))
    assert not list((session / ".scratch").rglob("*.mrc*"))


def test_the_report_is_there_and_up_to_date(session: Path) -> None:
    live = (session / "report" / "live.js").read_text().replace(" ", "")
    assert f'"found":{MOVIES}' in live
    assert '"finished":true' in live
    assert (session / "report" / "index.html").stat().st_size > 1000


def test_running_it_again_runs_nothing_again(session: Path) -> None:
    before = {step["name"]: step["counts"]["seconds"] for step in _status(session)["steps"]}
    _process(session)
    after = {step["name"]: step["counts"]["seconds"] for step in _status(session)["steps"]}
    assert after == before


def test_a_change_reruns_only_what_depends_on_it(session: Path) -> None:
    preview = _icestream("set", session, "pick", "threshold=6", "--preview").stdout
    assert "pick" in preview
    assert "\nalign\t" not in preview
    before = {step["name"]: step for step in _status(session)["steps"]}
    _icestream("set", session, "pick", "threshold=6")
    _process(session)
    after = {step["name"]: step for step in _status(session)["steps"]}
    assert after["pick"]["revision"] == before["pick"]["revision"] + 1
    assert after["pick"]["changed"] == {"threshold": 6.0}
    assert after["align"] == before["align"]
    assert after["pick"]["counts"]["done"] == before["pick"]["counts"]["done"]


def test_ctrl_c_drains_and_the_same_command_goes_on(tmp_path: Path) -> None:
    """What had begun is finished, nothing is lost, and the rest is done the second time."""
    _icestream(*_simulate(tmp_path / "microscope", "--speed", "0"))
    command = ("process", tmp_path / "microscope", "--out", tmp_path / "s", "--cores", "1")
    first = _start(*command)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "s" / "align").rglob("*.mrc")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGINT)
    printed, _ = first.communicate(timeout=60)
    assert "the same command goes on where it was" in printed, printed
    assert first.returncode == 130
    left = _status(tmp_path / "s")
    assert left["session"]["state"] == "stopped"
    assert 0 < left["exposures"]["going"] <= MOVIES
    assert not list((tmp_path / "s" / ".scratch").rglob("*.mrc*"))
    _icestream(*command, "--no-report")
    assert _status(tmp_path / "s")["exposures"]["going"] == 0
