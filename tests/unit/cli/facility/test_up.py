"""`icestream facility up`: a whole facility in one command."""

import csv
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from icestream.cli.facility import up as command
from icestream.facility.service.trial import TrialFacility, trial_facility

BASE = [sys.executable, "-m", "icestream"]


def wait_for(true: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 240
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


@contextmanager
def up(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """The command in a process of its own, until Ctrl-C."""
    command = [*BASE, "facility", "up", str(folder), "--port", "0", *options]
    with (
        (folder.parent / "errors").open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def address_in(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("open "):
            return line.split()[1]
    raise AssertionError("it has ended")


def services(process: "subprocess.Popen[str]") -> dict[str, psutil.Process]:
    found = {}
    for one in psutil.Process(process.pid).children():
        try:
            words = one.cmdline()
        except psutil.Error:  # it has just ended
            continue
        found["duties" if "run" in words else "server" if "inherited" in str(words) else ""] = one
    return found


def asked(database: Path, what: str) -> Any:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(what).fetchone()[0]
    except sqlite3.OperationalError:  # it is only being made
        return None


@pytest.mark.timeout(900)
def test_all_of_it_in_one_command(tmp_path: Path) -> None:
    folder = tmp_path / "facility"
    options = ("--demo", "--movies", "1", "--rate", "36000", "--stop-sessions")
    with up(folder, *options) as process:
        address = address_in(process)
        # One that is killed is started again, and at the same address.
        first = wait_for(lambda: services(process).get("server"))
        assert httpx2.get(f"{address}api/sessions", timeout=240).json() == []
        first.kill()
        wait_for(lambda: services(process).get("server", first).pid != first.pid)
        assert httpx2.get(f"{address}api/sessions", timeout=240).json() == []
        assert "the web application was killed by signal 9" in (tmp_path / "errors").read_text()
        wait_for(lambda: list(folder.glob("microscopes/krios1/grid-1/**/*.tiff")))
        read = "SELECT count(*) FROM booking"
        wait_for(lambda: asked(folder / "state" / "registry.db", read) == 2)  # by the duties
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        said = process.stdout.read()
        assert process.wait(240) == 0
    assert f"the web application and the duties of {folder} have ended" in said
    assert f"icestream facility up {folder}" in said.partition("go on with: ")[2]
    left = [one for one in psutil.process_iter(["cmdline"]) if str(folder) in str(one.info)]
    assert left == []
    with (folder / "bookings.csv").open() as table:
        assert {row["microscope"] for row in csv.DictReader(table)} == {"krios1", "glacios"}


def test_what_ends_it_ends_all_of_it(tmp_path: Path) -> None:
    with up(tmp_path / "facility") as process:
        address_in(process)
        children = wait_for(lambda: len(found := services(process)) == 2 and found)
        process.kill()
        process.wait()
    psutil.wait_procs(list(children.values()), timeout=60)
    assert not any(one.is_running() for one in children.values())


def test_a_facility_with_a_fault_is_not_started(tmp_path: Path) -> None:
    trial = trial_facility(tmp_path / "facility")
    trial.file.write_text(trial.file.read_text().replace("krios1", "krios2", 1))
    (tmp_path / "facility" / "bookings.csv").unlink()
    done = subprocess.run(
        [*BASE, "facility", "up", str(trial.folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "wrong  " in done.stdout
    assert "bookings" in done.stdout


def test_a_port_that_is_taken_and_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        words = ["facility", "up", str(tmp_path / "x"), "--port", str(other.getsockname()[1])]
        done = subprocess.run([*BASE, *words], capture_output=True, text=True, check=False)
    assert "another program does" in done.stderr
    done = subprocess.run(
        [*BASE, "facility", "up", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "was not made by this command" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("stop", [True, False])
def test_sessions_that_run_are_told_of(
    stop: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[tuple[str, ...]] = []

    def said(_: object, *words: str) -> "subprocess.CompletedProcess[str]":
        calls.append(words)
        out = '[{"name": "p-001"}]' if "list" in words else "session p-001 is ended\n"
        return subprocess.CompletedProcess(words, 0, out, "")

    monkeypatch.setattr(command, "_asked", said)
    command._say_goodbye(TrialFacility(tmp_path, made=False), {}, end=stop)
    out = capsys.readouterr().out
    assert ("session p-001 is ended" in out) == stop
    goes_on = out.partition("session p-001 goes on: ")[2]
    assert ("icestream session end p-001" in goes_on) == (not stop)
    assert [words[:3] for words in calls[1:]] == ([("session", "end", "p-001")] if stop else [])
