"""Ending what leases started: every program says in its environment which lease it is of."""

import contextlib
import os
import signal
from pathlib import Path

__all__ = ["LEASE", "end_programs"]

LEASE = "ICESTREAM_LEASE"
"""Set, in the environment of every program that a lease starts, to the lease."""


def end_programs(lease: str) -> int:
    """Kill every program whose environment says that `lease` started it; how many there were.

    `lease` may be the beginning of a name, of all leases of one session, say. A program dies with
    its worker through the kernel; this finds what the program itself had started.
    """
    wanted = f"{LEASE}={lease}".encode()
    ended = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            environment = (entry / "environ").read_bytes()
            if any(part.startswith(wanted) for part in environment.split(b"\0")):
                os.kill(int(entry.name), signal.SIGKILL)
                ended += 1
    return ended
