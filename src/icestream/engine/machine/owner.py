"""Owners: which process an entry that sessions share is of, and whether that still lives.

A number of a process is given away again, also before a restart of the machine has ended the old
one's entry; with the time at which it started, and the run of the kernel, it is one process alone.
"""

import functools
import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Owner", "this_process"]


@dataclass(frozen=True, slots=True)
class Owner:
    """A process of this machine, or of another that has the same folder."""

    boot: str
    """Of the kernel: each start of a machine has another."""
    space: int
    """In which its number counts: containers have their own."""
    pid: int
    started: int
    """Ticks of the kernel's clock."""

    def is_dead(self) -> bool:
        """Whether it is known to have ended; what cannot be seen from here is not."""
        here = this_process()
        seen = (self.boot, self.space) == (here.boot, here.space)
        return seen and _started(self.pid) != self.started


def this_process() -> Owner:
    """The process that asks."""
    pid = os.getpid()
    return Owner(_boot(), _space(), pid, _started(pid))


@functools.cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def _space() -> int:
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0


def _started(pid: int) -> int:
    """When a process started; 0 when there is none of this number."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return 0
    # Its name comes before, in brackets, and may have any letters.
    return int(said.rpartition(")")[2].split()[19])
