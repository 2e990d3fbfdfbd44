"""A program is found, asked for its version once, and ended when it does not answer."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from icestream.protocol.executable import (
    _PLACES,
    FoundProgram,
    Probe,
    Program,
    interpreter_of,
    tell_places,
    tied,
)


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


def test_a_program_that_tells_none_is_known_by_the_checksum_of_its_help(folder: Path) -> None:
    probe = Probe(("--help",), r"(?s)(?=.*--size).*OPTIONS(.*)", checksum=True)
    versions = []
    for option in ("--size", "--size --fast", "--width"):
        path = write(folder, f"echo OPTIONS {option}")
        versions.append(Program(str(path), probe=probe).version())
    assert versions[0].startswith("sha256 ") and len(versions[0]) == 19
    assert versions[0] != versions[1] and versions[2] == ""


def test_half_of_a_help_is_no_version(folder: Path) -> None:
    """Another day the whole of it would be another version, and make all results anew."""
    write(folder, "echo OPTIONS --size; sleep 600; echo --fast")
    probe = Probe((), r"(?s)OPTIONS(.*)", timeout=0.5, checksum=True)
    assert Program("fake-program", probe=probe).version() == ""


@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        ("#!/opt/a/bin/python3\nimport x\n", ("/opt/a/bin/python3",)),
        ("#! /usr/bin/env python3\n", ("/usr/bin/env", "python3")),
        ("#!/bin/sh\n'''exec' \"/opt/a b/python\" \"$0\" \"$@\"\n' '''\n", ("/opt/a b/python",)),
        ("#!/bin/sh\n'''exec' /opt/long/python \"$0\" \"$@\"\n' '''\n", ("/opt/long/python",)),
        ("#!/bin/sh\n'''exec' '/opt/a/python\n", ("/bin/sh",)),
        ("#!/bin/sh\necho 1\n", ("/bin/sh",)),
        ("\x7fELF\x02", None),
        ("#!", None),
    ],
)
def test_a_script_names_what_it_is_run_by(
    folder: Path, beginning: str, words: tuple[str, ...] | None
) -> None:
    path = folder / "script"
    path.write_bytes(beginning.encode("latin-1"))
    assert interpreter_of(path) == (words or (str(path),))


def test_the_interpreter_of_a_script_is_asked_in_its_stead(folder: Path) -> None:
    script = folder / "fake-program"
    script.write_text(f"#!{sys.executable}\nraise SystemExit('not to be run')\n")
    script.chmod(0o755)
    ask = ("-c", "from importlib.metadata import version; print(version('pytest'))")
    program = Program("fake-program", probe=Probe(ask, interpreter=True))
    assert program.version() == pytest.__version__
    wanted = Program("fake-program", probe=Probe(("-c", "1"), interpreter=True), known=("1",))
    assert f"`{sys.executable} -c 1`" in wanted.lacking()


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
        "(/no/such/folder, /nor/this); install it (github.com/czimaginginstitute/MotionCor3); "
        "or say where it is: programs.MotionCor3 in the settings"
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


def test_a_version_that_cannot_be_told_counts_where_it_is_wanted(folder: Path) -> None:
    path = write(folder, "echo libcuda.so is missing; exit 3")
    assert Program("fake-program").lacking() == ""
    assert Program("fake-program", probe=None, minimum="4.0").lacking() == ""
    for program in (
        Program("fake-program", minimum="4.0"),
        Program("fake-program", known=("4.0", "4.1")),
    ):
        said = program.lacking()
        assert f"asked by `{path} --version`, it printed 'libcuda.so is missing" in said
        assert "4.0 or newer is needed" in said or "4.0.x or 4.1.x is needed" in said
        assert "run that command by hand" in said


@pytest.mark.parametrize(
    ("said", "known"), [("1.4", True), ("1.4.7", True), ("1.40.1", False), ("2", False)]
)
def test_a_version_that_the_protocol_does_not_know_is_told(
    folder: Path, said: str, known: bool
) -> None:
    path = write(folder, f"echo version {said}")
    probe = Probe(pattern=r"version (\S+)")
    lacking = Program("fake-program", probe=probe, known=("1.4", "1.6")).lacking()
    if known:
        assert lacking == ""
    else:
        assert f"{path} is version {said}, and 1.4.x or 1.6.x is needed" in lacking
        assert "a newer release of the plugin" in lacking


def test_the_settings_say_where_a_program_is(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under another name, and before the PATH; what starts from here looks there too."""
    monkeypatch.setenv(_PLACES, "{}")
    write(folder, "echo 1.0")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = write(elsewhere, "echo 2.5", "Fake_2.5_Cuda11")
    program = Program("fake-program")
    assert program.version() == "1.0"
    tell_places({"fake-program": path})
    assert program.found() == FoundProgram(
        path, "2.5", path.stat().st_mtime_ns, path.stat().st_size
    )
    code = "from icestream.protocol import Program; print(Program('fake-program').find())"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == str(path), asked.stderr
    path.unlink()
    assert f"the settings say {path}, where no file is" in program.lacking()
    tell_places({})
    assert program.version() == "1.0"


def test_a_program_is_told_in_words() -> None:
    assert Program("sh").words() == "sh; any version"
    known = Program("fit", package="example.org", known=("1.0", "2"), licence="MIT")
    assert known.words() == "fit; 1.0.x or 2.x; example.org; MIT"
    assert Program("fit", minimum="3.1").words() == "fit; 3.1 or newer"


def test_what_was_found_knows_when_it_was_replaced(folder: Path) -> None:
    path = write(folder, "echo 1.0")
    found = Program("fake-program").found()
    assert found is not None and found.is_still_there()
    path.write_text("#!/bin/sh\necho 1.0.1\n")
    assert not found.is_still_there()
    path.unlink()
    assert not found.is_still_there()


def test_the_command_line_that_is_tied_to_this_process() -> None:
    assert tied(("a", "b"))[-3:] == [str(os.getpid()), "a", "b"]
