"""External programs: say the command, collect the results; running it is done here.

A program runs in its own process group through a small stub that asks the kernel to kill it when
the worker dies, so no orphan is left behind. Its output goes to a log file in the scratch folder.
"""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from icestream.protocol.executable import Program, end_group, tied
from icestream.protocol.failure import Failure, ItemFailed, TryAgain
from icestream.protocol.kinds import ItemProtocol
from icestream.protocol.parameters import Parameters
from icestream.protocol.ports import Port, input_ports, output_ports
from icestream.protocol.resources import Work

__all__ = ["COMMAND_LOG", "Command", "Program", "ProgramProtocol", "explain", "run_command"]

COMMAND_LOG = ".command.log"
"""Ends the name of the log that holds the command line as a shell reads it."""

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Command:
    """One call of a program, as a value that a test can compare."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the worker's own."""
    timeout: float = 3600.0
    """Seconds."""


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
        if self.program.find() is None:
            raise ItemFailed(
                f"the program {self.program.executable!r} is not installed",
                advice=f"install it ({self.program.package or 'see its documentation'})",
                code="program-missing",
            )
        self.prepare(work, *items)
        command = self.command(*items, work=work)
        said = work.path(f"{self.program.executable}{COMMAND_LOG}")
        said.write_text(f"{shlex.join(map(str, command.argv))}\n", encoding="utf-8")
        log = work.path(f"{self.program.executable}.log")
        status = run_command(command, work, log)
        if status != 0:
            raise explain(self.program, status, log, self.failures)
        return self.collect(*items, work=work)


def run_command(command: Command, work: Work, log: Path) -> int:
    """Run `command` in the scratch folder, output into `log`; return its exit status.

    The program dies with this process, and at its timeout with all its children (status 124).
    """
    environment = {**os.environ, **command.environment}
    if work.gpus:
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, work.gpus))
    environment["OMP_NUM_THREADS"] = str(work.cores)
    with log.open("wb") as output:
        process = subprocess.Popen(
            tied(command.argv),
            stdin=subprocess.DEVNULL,
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
            return 124
        except BaseException:
            end_group(process)
            raise


def explain(
    program: Program, status: int, log: Path, failures: tuple[Failure, ...]
) -> ItemFailed | TryAgain:
    """Turn a failed run into a named failure with advice, from what the program printed."""
    text = log.read_text(errors="replace") if log.exists() else ""
    tail = "\n".join(text.splitlines()[-15:])
    for failure in failures:
        if re.search(failure.when, text):
            kind = TryAgain if failure.retry else ItemFailed
            return kind(
                f"{program.executable} failed ({failure.code})",
                advice=failure.advice,
                code=failure.code,
            )
    if status in (-signal.SIGKILL, -signal.SIGTERM):
        # Somebody else ended it (the kernel out of memory, a person): the item is not to blame.
        return TryAgain(f"{program.executable} was killed by signal {-status}")
    how = f"signal {-status}" if status < 0 else f"exit status {status}"
    return ItemFailed(f"{program.executable} ended with {how}; its last lines:\n{tail}")
