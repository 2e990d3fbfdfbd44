"""One coordinator per session."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

__all__ = ["SessionBusy", "hold"]

FILE = "coordinator.lock"


class SessionBusy(RuntimeError):
    """Another coordinator runs this session."""


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Be the session's only coordinator; the kernel lets go when the process ends.

    Raises
    ------
    SessionBusy
        Saying who holds it.
    """
    path = folder / FILE
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise SessionBusy(
                f"the session in {folder} is already being processed by {holder}; "
                "use `icestream status` to look at it, or `icestream stop` to end that first"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
