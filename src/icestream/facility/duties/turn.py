"""Who does a duty: one process at a time, which the kernel or the database lets go when it ends."""

import contextlib
import fcntl
import hashlib
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import text

from icestream.facility.opened import Facility

__all__ = ["DutyTaken", "alone"]


class DutyTaken(RuntimeError):
    """Another process does it."""


@contextlib.contextmanager
def alone(facility: Facility, names: Sequence[str]) -> Iterator[None]:
    """Be the only process that does these duties; of this host, or of all that share a database.

    Raises
    ------
    DutyTaken
        Naming the duty, and who does it.
    """
    with contextlib.ExitStack() as held:
        if facility.registry.file is None:
            held.enter_context(_kept(facility, names))
        else:
            for name in names:
                held.enter_context(_locked(facility.registry.file.parent / "duties", name))
        yield


@contextlib.contextmanager
def _locked(folder: Path, name: str) -> Iterator[None]:
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(
        folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    with os.fdopen(handle, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise _taken(name, file.read().strip()) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield


@contextlib.contextmanager
def _kept(facility: Facility, names: Sequence[str]) -> Iterator[None]:
    """Locks of PostgreSQL, which end with the connection that has them.

    It is one for all of them: there are only so many connections, and duties need them.
    """
    asked = text("SELECT pg_try_advisory_lock(1768121197, :number)")  # "icem", and the duty
    with facility.registry.engine.connect() as connection:
        try:
            for name in names:
                digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
                number = int.from_bytes(digest, "big") - (1 << 31)  # its integers have a sign
                if not connection.execute(asked, {"number": number}).scalar():
                    raise _taken(name, "")
            connection.commit()
            yield
        finally:
            connection.invalidate()  # not back among the others, with its locks


def _taken(name: str, who: str) -> DutyTaken:
    return DutyTaken(
        f"the duty {name} is done by {who or 'another process'} already: stop that one first, or "
        "see how it goes with `icestream facility status`"
    )
