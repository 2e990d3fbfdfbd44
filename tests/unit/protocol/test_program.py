"""Programs run in their own group, are explained when they fail, and die with their worker."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from icestream.model import Micrograph, Movie, Optics
from icestream.protocol import (
    BadOutput,
    Command,
    Failure,
    FoundProgram,
    ItemFailed,
    Parameters,
    Program,
    ProgramProtocol,
    TryAgain,
    Work,
    missing,
    run_program,
)
from icestream.protocol.program import run_command

MOVIE = Movie(
    exposure="a",
    path=Path("a.tiff"),
    frames=1,
    shape=(2, 2),
    optics=Optics(pixel_size=1, voltage=300),
    dose_per_frame=1,
)


class Echo(ProgramProtocol[Parameters]):
    """Runs sh."""

    name = "test.echo"
    title = "Echo"
    program = Program("sh", package="Debian: dash")
    script = "echo done > out.txt"
    failures = (
        Failure(code="no-memory", when="out of memory", advice="use fewer frames", retry=True),
        Failure(code="bad-file", when="cannot open", advice="look at the file"),
    )

    def command(self, movie: Movie, work: Work) -> Command:
        return Command(("sh", "-c", self.script))

    def collect(self, movie: Movie, work: Work) -> Micrograph:
        out = work.path("out.txt")
        assert out.read_text() == "done\n"
        return Micrograph(exposure=movie.exposure, path=out, shape=movie.shape, optics=movie.optics)


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_results_are_collected(tmp_path: Path) -> None:
    assert Echo().process(MOVIE, work=Work(folder=tmp_path)).path == tmp_path / "out.txt"
    line = f"{shutil.which('sh')} -c 'echo done > out.txt'\n"
    assert (tmp_path / "sh.command.log").read_text() == line


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("echo CUDA out of memory; exit 3", TryAgain, "use fewer frames"),
        ("echo cannot open a.tiff >&2; exit 1", ItemFailed, "look at the file"),
        ("echo something else; exit 7", ItemFailed, "exit status 7.*\n.*something else"),
        ("kill -SEGV $$", ItemFailed, "signal 11"),
    ],
)
def test_failures_are_named(tmp_path: Path, script: str, kind: type, words: str) -> None:
    protocol = Echo()
    protocol.script = script
    with pytest.raises(kind, match=words):
        protocol.process(MOVIE, work=Work(folder=tmp_path))


def test_a_failure_may_be_known_by_how_the_program_ends(tmp_path: Path) -> None:
    protocol = Echo()
    protocol.script = "kill -SEGV $$"
    crash = Failure(code="crash", when=r"\(SIGSEGV\)$", advice="give it more particles")
    protocol.failures = (*Echo.failures, crash)  # type: ignore[misc]
    with pytest.raises(ItemFailed, match="give it more particles"):
        protocol.process(MOVIE, work=Work(folder=tmp_path))


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("true", BadOutput, "ended as if all was well, and out.txt was not written"),
        ("echo CUDA out of memory", TryAgain, "use fewer frames"),
    ],
)
def test_success_without_a_result_is_a_failure(
    tmp_path: Path, script: str, kind: type, words: str
) -> None:
    """A program may say that it failed, and end with status 0."""
    protocol = Echo()
    protocol.script = script
    with pytest.raises(kind, match=words):
        protocol.process(MOVIE, work=Work(folder=tmp_path))


def test_a_program_that_takes_too_long_is_told(tmp_path: Path) -> None:
    command = Command(("sh", "-c", "echo waiting for a licence; sleep 60"), timeout=0.5)
    with pytest.raises(ItemFailed, match=r"not ended after 0.5 s.*\nwaiting for a licence") as told:
        run_program(Echo.program, command, Work(folder=tmp_path))
    assert told.value.code == "program-late"


def test_a_task_runs_the_program_that_the_session_found(tmp_path: Path) -> None:
    """The version is not asked again, and another program is not run under its name."""
    path = tmp_path / "Fit_2.0"
    path.write_text('#!/bin/sh\n[ "$1" = --version ] && touch asked\necho fitted $1\n')
    path.chmod(0o755)
    found = FoundProgram(path, "2.0", path.stat().st_mtime_ns, path.stat().st_size)
    work = Work(folder=tmp_path, programs={"fit": found})
    log = run_program(Program("fit"), Command(("fit", "all")), work)
    assert log.read_text() == "fitted all\n"
    assert (tmp_path / "fit.command.log").read_text() == f"# fit 2.0\n{path} all\n"
    assert not (tmp_path / "asked").exists()
    path.write_text("#!/bin/sh\necho another\n")
    with pytest.raises(ItemFailed, match="not the program any more that said it was version 2.0"):
        run_program(Program("fit"), Command(("fit", "all")), work)


def test_a_missing_program_says_where_to_get_it(tmp_path: Path) -> None:
    class Missing(Echo):
        program = Program("no-such-program", package="Debian: nothing")

    with pytest.raises(ItemFailed, match="not installed.*Debian: nothing"):
        Missing().process(MOVIE, work=Work(folder=tmp_path))


def test_what_is_missing_is_told_before_and_the_version_is_part_of_the_keys(
    tmp_path: Path,
) -> None:
    path = tmp_path / "fit"
    path.write_text("#!/bin/sh\necho 1.0\n")
    path.chmod(0o755)

    class Fit(Echo):
        program = Program(str(path), minimum="1.0")

    assert missing(Fit()) == ()
    assert Fit().software() == {str(path): "1.0"}
    path.write_text("#!/bin/sh\necho 0.9.9\n")
    assert Fit().software() == {str(path): "0.9.9"}
    (said,) = missing(Fit())
    assert said.startswith(f"the program '{path}' is too old: {path} is version 0.9.9, and 1.0 or")
    path.unlink()
    assert Fit().software() == {}


def test_a_program_that_cannot_be_run_is_said_and_not_our_stub(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run_command(Command(("/no/such/program",)), Work(folder=tmp_path), log) == 127
    assert log.read_text() == "/no/such/program cannot be run: No such file or directory\n"


def test_the_command_sees_the_gpus_and_cores(tmp_path: Path) -> None:
    work = Work(folder=tmp_path, cores=3, gpus=(1, 2))
    command = Command(("sh", "-c", "echo $CUDA_VISIBLE_DEVICES $OMP_NUM_THREADS $X"), {"X": "y"})
    assert run_command(command, work, tmp_path / "log") == 0
    assert (tmp_path / "log").read_text() == "1,2 3 y\n"


def test_answers_are_given_and_kept_as_a_shell_reads_them(tmp_path: Path) -> None:
    command = Command(("sh", "-c", "cat; echo all"), answers=("a b.mrc", "no", "$HOME"))
    log = run_program(Echo.program, command, Work(folder=tmp_path))
    assert log.read_text() == "a b.mrc\nno\n$HOME\nall\n"
    said = (tmp_path / "sh.command.log").read_text()
    done = subprocess.run(["sh", "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout == log.read_text()
    silent = run_program(Echo.program, Command(("sh", "-c", "cat")), Work(folder=tmp_path))
    assert silent.read_text() == "", "nobody answers where nothing is to be said"


def test_nothing_in_the_scratch_folder_is_imported(tmp_path: Path) -> None:
    (tmp_path / "ctypes.py").write_text("from pathlib import Path; Path('sentinel').touch()")
    assert run_command(Command(("true",)), Work(folder=tmp_path), tmp_path / "log") == 0
    assert not (tmp_path / "sentinel").exists()


def test_a_timeout_ends_the_whole_group(tmp_path: Path) -> None:
    script = "sleep 60 & echo $! > child; wait"
    started = time.monotonic()
    status = run_command(
        Command(("sh", "-c", script), timeout=0.5), Work(folder=tmp_path), tmp_path / "log"
    )
    assert status == 124
    assert time.monotonic() - started < 20
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(child)


def test_a_program_dies_with_its_worker(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path;"
        "from icestream.protocol.program import *; from icestream.protocol import Work;"
        f"run_command(Command(('sh','-c','echo $$ > pid; exec sleep 60')),"
        f"Work(folder=Path({str(tmp_path)!r})), Path({str(tmp_path / 'log')!r}))"
    )
    worker = subprocess.Popen([sys.executable, "-c", code])
    pid_file = tmp_path / "pid"
    deadline = time.monotonic() + 60
    while not (pid_file.exists() and pid_file.read_text().strip()):
        assert time.monotonic() < deadline, "the program did not start"
        time.sleep(0.02)
    program = int(pid_file.read_text())
    assert alive(program)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    deadline = time.monotonic() + 10
    while alive(program) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(program)
