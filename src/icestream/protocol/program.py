"""External programs: say the command, collect the results; running it is done here.

A program runs in its own process group through a small stub that asks the kernel to kill it when
the worker dies, so no orphan is left behind. Its output goes to a log file in the scratch folder.
"""

import os
import re
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, ClassVar, TypeVar

from icestream.protocol.executable import FoundProgram, Program, end_group, tied
from icestream.protocol.failure import Failure, ItemFailed, TryAgain
from icestream.protocol.kinds import ItemProtocol
from icestream.protocol.outputs import BadOutput
from icestream.protocol.parameters import Parameters
from icestream.protocol.ports import Port, input_ports, output_ports
from icestream.protocol.resources import Work

__all__ = [
    "COMMAND_LOG",
    "Command",
    "Program",
    "ProgramProtocol",
    "explain",
    "found_by",
    "run_command",
    "run_program",
]

COMMAND_LOG = ".command.log"
"""Ends the name of the log that holds the command line as a shell reads it, below a line with the
version of the program."""

_LATE = 124
"""Status of a program that was ended because it took too long."""

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Command:
    """One call of a program, as a value that a test can compare."""

    argv: tuple[str, ...]
    """Program and arguments; no shell reads them. The name of a `Program` stands for where it was
    found."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the worker's own."""
    timeout: float = 3600.0
    """Seconds."""
    answers: tuple[str, ...] = ()
    """Lines that it reads on its standard input; without any, that is empty."""


class ProgramProtocol(ItemProtocol[P]):
    """An item protocol whose work is done by an external program.

    The author writes `program`, ``command(self, <items>, work) -> Command`` (pure: no file is
    written), ``collect(self, <items>, work) -> <item>`` (reads what the program wrote) and the
    `failures` that the program is known to have. `prepare` may write input files. Whether the
    program is there is looked at before a session starts, and its version is part of the keys.
    """

    program: ClassVar[Program]
    failures: ClassVar[tuple[Failure, ...]] = ()

    command: Any
    collect: Any

    def programs(self) -> Sequence[Program]:
        """The one program."""
        return (self.program,)

    def prepare(self, work: Work, *items: Any) -> None:
        """Write the files that the command reads; nothing by default."""
        return

    @classmethod
    def inputs(cls) -> tuple[Port, ...]:
        """The parameters of `command`."""
        return input_ports(cls.command)

    @classmethod
    def outputs(cls) -> tuple[Port, ...]:
        """What `collect` returns."""
        return output_ports(cls.collect)

    def process(self, *items: Any, work: Work) -> Any:
        """Prepare, run the command, collect; failures are named by the program's output."""
        _path(self.program, work)
        self.prepare(work, *items)
        log = run_program(self.program, self.command(*items, work=work), work, self.failures)
        try:
            return self.collect(*items, work=work)
        except BadOutput as error:
            raise _unusable(self.program, error, log, self.failures) from error
        except FileNotFoundError as error:
            if error.filename is None or not Path(error.filename).is_relative_to(work.folder):
                raise
            bad = BadOutput(f"{Path(error.filename).name} was not written", code="no-output")
            raise _unusable(self.program, bad, log, self.failures) from error


def found_by(program: Program, work: Work) -> FoundProgram:
    """The program as the session found it, with its version; outside of a session, as it is now.

    Raises
    ------
    ItemFailed
        If it is not there, or has been changed since the session asked for its version.
    """
    path = _path(program, work)
    return work.programs.get(program.executable) or program.found() or FoundProgram(path, "")


def _path(program: Program, work: Work) -> Path:
    """Where the program is, which is asked nothing; raises as `found_by` does."""
    found = work.programs.get(program.executable)
    path = found.path if found is not None else program.find()
    if path is None:
        raise ItemFailed(
            f"the program {program.executable!r} is not installed",
            advice=f"install it ({program.package or 'see its documentation'})",
            code="program-missing",
        )
    if found is not None and not found.is_still_there():
        raise ItemFailed(
            f"{path} is not the program any more that said it was version "
            f"{found.version or '(none)'} when the session began",
            advice="stop the session and run it again: it asks for the version anew",
            code="program-changed",
        )
    return path


def run_program(
    program: Program, command: Command, work: Work, failures: tuple[Failure, ...] = ()
) -> Path:
    """Run one call of a program, its command line, version and output kept with the result.

    For a protocol of another kind than `ProgramProtocol`, which names the program in `programs`.

    Returns
    -------
    Path
        The log: all that the program printed.

    Raises
    ------
    ItemFailed, TryAgain
        If it is not there, ended with another exit status than 0, or was ended because it took
        longer than the command's `timeout`.
    """
    path, found = _path(program, work), work.programs.get(program.executable)
    name = Path(program.executable).name
    argv = tuple(map(str, command.argv))
    if argv[0] == program.executable:
        argv = (str(path), *argv[1:])
    version = f"# {name} {found.version}\n" if found is not None and found.version else ""
    said = work.path(f"{name}{COMMAND_LOG}")
    said.write_text(f"{version}{shlex.join(argv)}{_document(command)}\n", encoding="utf-8")
    log = work.path(f"{name}.log")
    status = run_command(replace(command, argv=argv), work, log)
    if status == _LATE:
        raise _named(program, log, failures) or ItemFailed(
            f"{name} had not ended after {command.timeout:g} s, and was ended; its last lines:\n"
            f"{_last_lines(log)}",
            advice="give it more time, or look in its log for what it waits for",
            code="program-late",
        )
    if status != 0:
        raise explain(program, status, log, failures)
    return log


def run_command(command: Command, work: Work, log: Path) -> int:
    """Run `command` in the scratch folder, output into `log`; return its exit status.

    The program dies with this process, and at its timeout with all its children (status 124).
    """
    environment = {**os.environ, **command.environment}
    if work.gpus:
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, work.gpus))
    environment["OMP_NUM_THREADS"] = str(work.cores)
    with log.open("wb") as output, _given(command) as given:
        process = subprocess.Popen(
            tied(command.argv),
            stdin=given,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=work.folder,
            env=environment,
            start_new_session=True,
        )
        try:
            return process.wait(command.timeout)
        except subprocess.TimeoutExpired:
            end_group(process)
            return _LATE
        except BaseException:
            end_group(process)
            raise


@contextmanager
def _given(command: Command) -> Iterator[int | IO[bytes]]:
    """What the program reads on its standard input."""
    if not command.answers:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as lines:
        lines.write("".join(f"{line}\n" for line in command.answers).encode())
        lines.seek(0)
        yield lines


def _document(command: Command) -> str:
    """The answers as a shell would give them."""
    if not command.answers:
        return ""
    return "\n".join((" << 'END'", *command.answers, "END"))


def explain(
    program: Program, status: int, log: Path, failures: tuple[Failure, ...]
) -> ItemFailed | TryAgain:
    """Turn a failed run into a named failure with advice, from what the program printed.

    How it ended is looked at as the last line of it: ``signal 11 (SIGSEGV)`` or ``exit status 1``.
    """
    how = f"signal {_signal_name(-status)}" if status < 0 else f"exit status {status}"
    if named := _named(program, log, failures, how):
        return named
    if status in (-signal.SIGKILL, -signal.SIGTERM):
        # Somebody else ended it (the kernel out of memory, a person): the item is not to blame.
        return TryAgain(f"{program.executable} was killed by {how}")
    return ItemFailed(f"{program.executable} ended with {how}; its last lines:\n{_last_lines(log)}")


def _signal_name(number: int) -> str:
    try:
        return f"{number} ({signal.Signals(number).name})"
    except ValueError:
        return str(number)


def _named(
    program: Program, log: Path, failures: tuple[Failure, ...], how: str = ""
) -> ItemFailed | TryAgain | None:
    """The known failure that the log tells of, or how the program ended."""
    text = log.read_text(errors="replace") if log.exists() else ""
    text = f"{text}\n{how}"
    for failure in failures:
        if re.search(failure.when, text):
            kind = TryAgain if failure.retry else ItemFailed
            return kind(
                f"{program.executable} failed ({failure.code})",
                advice=failure.advice,
                code=failure.code,
            )
    return None


def _unusable(
    program: Program, error: BadOutput, log: Path, failures: tuple[Failure, ...]
) -> ItemFailed | TryAgain:
    """What is said of a program that ended well and left nothing that can be used."""
    return _named(program, log, failures) or BadOutput(
        f"{program.executable} ended as if all was well, and {error.reason}; its last lines:\n"
        f"{_last_lines(log)}",
        advice=error.advice or "look into its log for the reason, and for room on the disk",
        code=error.code,
    )


def _last_lines(log: Path) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-15:])
