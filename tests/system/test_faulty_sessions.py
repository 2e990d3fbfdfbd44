"""Sessions with which something is wrong, as a person at the microscope meets them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

DEFAULT_WORKFLOW = files("icestream.engine.graph") / "workflows" / "default.json"
MOVIES = 5
REFUSED = {
    "empty": "found an empty file",
    "page": "expected a TIFF file by its name",
    "half": "expected a whole TIFF file",
    "gone": "it is a link to",
}
"""What is wrong with each file that is no whole movie."""


def _icestream(
    *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "icestream", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **(environment or {})},
    )


def _done(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> str:
    done = _icestream(*arguments, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _status(session: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_done("status", session, "--json"))
    return found


def _counts(status: dict[str, Any], step: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one["counts"] for one in status["steps"] if one["name"] == step)
    return found


def _wait_for(what: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def microscope(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of whole movies."""
    folder = tmp_path_factory.mktemp("faulty") / "microscope"
    _done(
        "simulate", folder, "--movies", str(MOVIES), "--size", "512", "--frames", "8",
        "--particles", "20", "--seed", "3", "--speed", "0",
    )  # fmt: skip
    return folder


def _movies(folder: Path) -> list[Path]:
    return sorted(folder.rglob("FoilHole*_Fractions.tiff"))


def _process(folder: Path, session: Path, *more: str) -> tuple[str | Path, ...]:
    return (
        "process", folder / "**" / "*_Fractions.tiff", "--out", session, "--no-report",
        "--import.patience", "1", "--import.metadata-wait", "2", *more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def faulty(microscope: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A folder with all that may lie in it, its session, and a movie that is still to come."""
    folder = tmp_path_factory.mktemp("mixed")
    shutil.copytree(microscope, folder / "m")
    *whole, half, late = _movies(folder / "m")
    late.rename(folder / "late.tiff")
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    place = whole[0].parent
    (place / "empty_Fractions.tiff").write_bytes(b"")
    (place / "page_Fractions.tiff").write_text("<html>404</html>" * 99)
    (place / "gone_Fractions.tiff").symlink_to(folder / "nowhere.tiff")
    (place / "folder_Fractions.tiff").mkdir()
    (folder / "m" / "xcopy").mkdir()
    shutil.copy(whole[1], folder / "m" / "xcopy")
    whole[2].rename(place / "grid Größe 7_Fractions.tiff")
    said = _done(*_process(folder / "m", folder / "s", "--pixel-size", "1.45"))
    assert "done after" in said
    return folder / "m", folder / "s", folder / "late.tiff"


def test_every_file_is_done_or_has_its_reason(faulty: tuple[Path, Path, Path]) -> None:
    """A movie cut off, copied, empty, linked to nothing: told apart, and nothing is taken twice."""
    status = _status(faulty[1])
    whole = MOVIES - 2
    assert status["session"]["state"] == "done"
    exposures = status["exposures"]
    assert exposures["going"] == 0
    assert exposures["failed"] == len(REFUSED)
    assert sum(exposures.values()) == whole + len(REFUSED)
    reasons = [failure["reason"] for failure in status["failures"]]
    for said in REFUSED.values():
        assert sum(said in reason for reason in reasons) == 1, (said, reasons)
    (copies,) = [one["message"] for one in status["alerts"] if "copies" in one["message"]]
    assert copies.startswith("copies of movies that were taken before are skipped: FoilHole")
    assert _counts(status, "align")["done"] == whole
    assert len(list((faulty[1] / "align").glob("*.mrc"))) >= whole


def test_a_value_against_the_metadata_is_an_alert_that_names_both(
    faulty: tuple[Path, Path, Path],
) -> None:
    (alert,) = [one for one in _status(faulty[1])["alerts"] if "pixel" in one["message"]]
    assert "1.45 says the parameter given" in alert["message"]
    assert "1.5 says EPU's" in alert["message"]
    assert alert["level"] == "warning"


def test_the_next_run_takes_what_was_mended_and_what_came_late(
    faulty: tuple[Path, Path, Path], microscope: Path
) -> None:
    """Also a word of a person, given while nothing ran: what follows from it is done then."""
    folder, session, late = faulty
    before = _status(session)
    half = _movies(microscope)[-2]
    shutil.copy(half, folder / half.relative_to(microscope))
    name = _movies(microscope)[-1]
    late.rename(folder / name.relative_to(microscope))
    exposure = _movies(microscope)[0].name.removesuffix("_Fractions.tiff")
    assert "it will be done when" in _done("reject", session, exposure, "--why", "a crack")
    _done(*_process(folder, session, "--pixel-size", "1.45"))
    after = _status(session)
    assert after["exposures"]["failed"] == len(REFUSED) - 1
    assert sum(after["exposures"].values()) == sum(before["exposures"].values()) + 1
    assert _counts(after, "align")["done"] == MOVIES
    assert _counts(after, "select")["rejected"] >= 1
    assert _icestream("reject", session, "nobody").returncode == 1
    _done("accept", session, exposure)
    _done(*_process(folder, session, "--pixel-size", "1.45"))
    accepted = _status(session)
    assert _counts(accepted, "select")["rejected"] == _counts(after, "select")["rejected"] - 1
    assert _counts(accepted, "extract")["done"] == _counts(after, "extract")["done"] + 1
    assert _counts(accepted, "align")["seconds"] == _counts(after, "align")["seconds"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--gain", "/nowhere/gain.mrc"), "/nowhere/gain.mrc is not there"),
        (("--ctf.defocus-max", "300"), "--ctf.defocus-max: at most 20 µm, found 300"),
    ],
)
def test_what_cannot_work_is_said_at_once(
    microscope: Path, tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    refused = _icestream(*_process(microscope, tmp_path / "s", *more))
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
def test_a_gain_reference_that_lies_wrongly_is_found_and_turned(tmp_path: Path) -> None:
    """Upside down: offered after five movies; adopted, all that was made with it is made again."""
    folder, session = tmp_path / "m", tmp_path / "s"
    steps = ("import", "align", "gain", "gain_monitor")
    default = json.loads(DEFAULT_WORKFLOW.read_text())
    chosen = [step for step in default["steps"] if step["name"] in steps]
    (tmp_path / "w.json").write_text(json.dumps({**default, "steps": chosen}))
    process = _process(folder, session, "--workflow", str(tmp_path / "w.json"))
    _done(
        "simulate", folder, "--movies", "5", "--size", "384", "--frames", "8", "--particles", "10",
        "--seed", "6", "--speed", "0", "--faults", "wrong-gain",
    )  # fmt: skip
    _done(*process)
    (alert,) = [one for one in _status(session)["alerts"] if "gain" in one["message"]]
    assert alert["level"] == "critical"
    assert "lies wrongly on the frames: it fits flipped up-down" in alert["message"]
    assert alert["offer"]["step"] == "import"
    aligned = set(session.glob("align*/*.mrc"))
    _done("adopt", session, str(alert["id"]))
    _done(*process)
    status = _status(session)
    assert not [one for one in status["alerts"] if "gain" in one["message"]]
    assert _counts(status, "align")["done"] == 5
    again = set(session.glob("align*/*.mrc")) - aligned
    assert len(again) == len(aligned) >= 5


def test_a_session_is_commanded_killed_and_taken_up_again(microscope: Path, tmp_path: Path) -> None:
    """Commands come from a shell of another login, which shares no folder for sockets with it."""
    session = tmp_path / "s"
    command = _process(microscope, session, "--cores", "1")
    first = _start(*command, "--watch")
    _wait_for(lambda: list((session / "align").glob("*.mrc")))
    second = _icestream(*command)
    assert second.returncode == 2
    assert f"already being processed by process {first.pid} on" in second.stderr
    (tmp_path / "runtime").mkdir()
    elsewhere = {"XDG_RUNTIME_DIR": str(tmp_path / "runtime")}
    assert "the session: pause" in _done("pause", session, environment=elsewhere)
    told = _done("status", session)
    assert "s: paused" in told
    assert "icestream resume" in told
    assert "no step 'nosuch'" in _icestream("pause", session, "nosuch").stdout
    workers = _children(first.pid)
    assert workers
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=30)
    _wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    assert "no process runs it any more" in _done("status", session)
    assert "nothing to end" in _done("stop", session)
    again = _start(*command, "--watch")
    _wait_for(lambda: f"process {again.pid} on" in _status(session)["session"]["runs"])
    _wait_for(lambda: _status(session)["exposures"]["going"] == 0)
    asked = time.monotonic()
    assert "the session: abort" in _done("abort", session)
    again.communicate(timeout=30)
    assert time.monotonic() - asked < 20.0  # with the start of the command, on a busy machine
    assert _status(session)["session"]["state"] == "stopped"
    assert _counts(_status(session), "align")["done"] == MOVIES


def test_a_service_manager_ends_it_at_once(microscope: Path, tmp_path: Path) -> None:
    process = _start(*_process(microscope, tmp_path / "s", "--cores", "1", "--watch"))
    _wait_for(lambda: list((tmp_path / "s" / "align").glob("*.mrc")))
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode in (130, 0)  # 0: everything was done by then
    assert "the same command goes on where it was" in printed
    assert _status(tmp_path / "s")["session"]["state"] == "stopped"


def _start(*arguments: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "icestream", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _children(process: int) -> list[int]:
    """Processes that a process started, however deep."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(place.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process:
            child = int(place.parent.name)
            found += [child, *_children(child)]
    return found
