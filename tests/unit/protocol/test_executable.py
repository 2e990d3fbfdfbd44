"""A program is found, asked for its version once, and ended when it does not answer."""

import os
import time
from pathlib import Path

import pytest

from icestream.protocol.executable import Probe, Program, tied


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is looked into before the rest of the PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def write(folder: Path, script: str, name: str = "fake-program") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ("echo 'MotionCor3 version 1.0.1'", "1.0.1"),
        ("echo v4.0.1-commit-ex417f >&2; exit 1", "4.0.1-commit-ex417f"),
        (r"printf 'caf\351 \377\376 2.5\n'", "2.5"),
        ("exit 0", ""),
        ("echo usage: fake-program FILE", ""),
        ('[ "$1" = --version ] && echo 7.2', "7.2"),
        ("echo 3.1; sleep 60 & exit 0", "3.1"),
        ("kill -SEGV $$", ""),
    ],
)
def test_the_version_is_what_the_program_says(folder: Path, script: str, version: str) -> None:
    """On either stream, with any exit status, among bytes that are no text."""
    write(folder, script)
    assert Program("fake-program").version() == version


def test_how_to_ask_is_the_authors_word(folder: Path) -> None:
    write(folder, '[ "$1 $2" = "-v all" ] && echo "library 9.9, program build 417"')
    probe = Probe(arguments=("-v", "all"), pattern=r"build (\d+)")
    assert Program("fake-program", probe=probe).version() == "417"
    assert Program("fake-program", probe=None).version() == ""


def test_it_is_asked_once_and_again_when_its_file_has_changed(folder: Path) -> None:
    count = folder / "count"
    path = write(folder, f"echo x >> {count}; echo 1.0")
    for _ in range(3):
        assert Program("fake-program").version() == "1.0"
    assert count.read_text() == "x\n"
    write(folder, f"echo x >> {count}; echo 2.0")
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert Program("fake-program").version() == "2.0"
    assert count.read_text() == "x\nx\n"


def test_a_probe_that_hangs_is_ended_with_its_children(folder: Path) -> None:
    write(folder, f"sleep 600 & echo $! > {folder}/child; echo 1.0; wait")
    assert Program("fake-program", probe=Probe(timeout=1.0)).version() == "1.0"
    child = int((folder / "child").read_text())
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(child)


def test_a_probe_that_floods_is_ended(folder: Path) -> None:
    write(folder, "while :; do echo no number here at all; done")
    assert Program("fake-program", probe=Probe(timeout=60.0)).version() == ""


def test_a_program_that_cannot_be_run_has_no_version(folder: Path) -> None:
    """Its interpreter is missing; the number in its path is none."""
    inside = folder / "fake-4.0"
    inside.mkdir()
    path = write(inside, "")
    path.write_text("#!/no/such/interpreter\n")
    assert Program(str(path)).version() == ""


def test_it_reads_nothing_from_the_terminal_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "cat; touch left-behind; echo 1.5")
    here = folder / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert Program("fake-program").version() == "1.5"
    assert list(here.iterdir()) == []


def test_what_is_not_installed_is_told_with_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/no/such/folder:/nor/this")
    assert Program("MotionCor3", package="github.com/czimaginginstitute/MotionCor3").lacking() == (
        "the program 'MotionCor3' is not installed: it is in no folder of the PATH "
        "(/no/such/folder, /nor/this); install it (github.com/czimaginginstitute/MotionCor3)"
    )
    assert "no file of this name that can be run" in Program("/opt/none").lacking()
    assert Program("/opt/none").version() == ""


@pytest.mark.parametrize(
    ("said", "minimum", "old"),
    [
        ("3.9.12", "4.0", True),
        ("4.0.1-commit-ex417f", "4.0", False),
        ("4", "4.0.0", False),
        ("10.1", "9.2", False),
        ("3.1-beta", "3.1.1", True),
    ],
)
def test_a_version_that_is_too_old_is_told(
    folder: Path, said: str, minimum: str, old: bool
) -> None:
    path = write(folder, f"echo version {said}")
    program = Program("fake-program", probe=Probe(pattern=r"version (\S+)"), minimum=minimum)
    expected = (
        f"the program 'fake-program' is too old: {path} is version {said}, and {minimum} or newer "
        "is needed; install it (see its documentation)"
    )
    assert program.lacking() == (expected if old else "")


def test_a_version_that_cannot_be_told_is_not_held_against_it(folder: Path) -> None:
    write(folder, "exit 3")
    assert Program("fake-program", minimum="4.0").lacking() == ""


def test_the_command_line_that_is_tied_to_this_process() -> None:
    assert tied(("a", "b"))[-3:] == [str(os.getpid()), "a", "b"]
