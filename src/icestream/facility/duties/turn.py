"""Who does a duty: one process at a time, which the kernel or the database lets go when it ends."""

import contextlib
import fcntl
import hashlib
import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from icestream.facility.opened import Facility
from icestream.facility.registry.open import FacilityRegistry

__all__ = ["DutyTaken", "Turn", "alone", "held_duties"]

_CLASS = 1768121197
"""Of the locks of PostgreSQL: "icem"."""
_GIVEN = 15.0
"""Seconds after a start of the database in which who did the duties before may have them again."""
_LATELY = 600.0
"""Seconds in which a duty was begun that somebody does."""
_AGAIN = 0.5
"""Seconds after which a lock is tried once more: somebody may have looked whether it is held."""


class DutyTaken(RuntimeError):
    """Another process does it."""


class Turn(Protocol):
    """That this process does some duties, and no other one."""

    def lost(self) -> str:
        """Why they may be another's now, empty while they are not; it tries to have them again."""


class _FileTurn:
    """The kernel lets locks of files go only when the process ends."""

    def lost(self) -> str:
        return ""


@contextlib.contextmanager
def alone(facility: Facility, names: Sequence[str]) -> Iterator[Turn]:
    """Be the only process that does these duties; of this host, or of all that share a database.

    Raises
    ------
    DutyTaken
        Naming the duty, and who does it.
    """
    with contextlib.ExitStack() as held:
        if facility.registry.file is None:
            yield held.enter_context(_kept(facility.registry, names))
            return
        for name in names:
            held.enter_context(_locked(_folder(facility.registry.file), name))
        yield _FileTurn()


def held_duties(facility: Facility, names: Iterable[str]) -> frozenset[str]:
    """Those of some duties that a process does now.

    Raises
    ------
    OSError, SQLAlchemyError
        If it cannot be found out.
    """
    file = facility.registry.file
    if file is not None:
        return frozenset(name for name in names if _is_locked(_folder(file), name))
    asked = text(
        "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND classid::bigint = :class AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with facility.registry.read() as connection:
        held = {number for (number,) in connection.execute(asked, {"class": _CLASS})}
    return frozenset(name for name in names if _number(name) & 0xFFFFFFFF in held)


def _folder(registry: Path) -> Path:
    return registry.parent / "duties"


def _is_locked(folder: Path, name: str) -> bool:
    try:
        handle = os.open(folder / f"{name}.lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextlib.contextmanager
def _locked(folder: Path, name: str) -> Iterator[None]:
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(
        folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    with os.fdopen(handle, "r+") as file:
        if not (_is_had(handle) or _is_had(handle, after=_AGAIN)):
            raise _taken(name, file.read().strip())
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield


def _is_had(handle: int, after: float = 0.0) -> bool:
    time.sleep(after)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _kept(registry: FacilityRegistry, names: Sequence[str]) -> Iterator["_DatabaseTurn"]:
    turn = _DatabaseTurn(registry, names)
    try:
        turn.take()
        yield turn
    finally:
        turn.give_up()


class _DatabaseTurn:
    """Locks of PostgreSQL, which end with the connection that has them.

    It is one for all of them: there are only so many connections, and duties need them.
    """

    def __init__(self, registry: FacilityRegistry, names: Sequence[str]) -> None:
        self._registry = registry
        self._names = names
        self._connection: Connection | None = None

    def take(self) -> None:
        """Have the locks for the first time.

        Where the database was started a moment ago, who had them before comes first.
        """
        with self._registry.read() as connection:
            started = connection.execute(
                text("SELECT extract(epoch FROM now() - pg_postmaster_start_time())")
            ).scalar()
            begun = connection.execute(text("SELECT max(began) FROM duty")).scalar()
        if begun is not None and time.time() - begun < _LATELY:
            time.sleep(max(0.0, _GIVEN - float(started or 0.0)))
        self._take()

    def lost(self) -> str:
        """Why they may be another's now, and empty while they are not."""
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
                self._connection.commit()
            except SQLAlchemyError:
                self.give_up()
            else:
                return ""
        try:
            self._take()
        except (DutyTaken, SQLAlchemyError) as error:
            return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        return ""

    def give_up(self) -> None:
        """Let the locks go."""
        if self._connection is not None:
            self._connection.invalidate()  # not back among the others, with its locks
            self._connection.close()
        self._connection = None

    def _take(self) -> None:
        asked = text("SELECT pg_try_advisory_lock(:class, :number)")
        self._connection = self._registry.engine.connect()
        try:
            # Where this process is gone or cut off, the server sees it soon, and lets them go.
            for name, value in (("idle", 30), ("interval", 10), ("count", 3)):
                self._connection.execute(text(f"SET tcp_keepalives_{name} = {value}"))
            for name in self._names:
                given = {"class": _CLASS, "number": _number(name)}
                if not self._connection.execute(asked, given).scalar():
                    raise _taken(name, "")
            self._connection.commit()
        except BaseException:
            self.give_up()
            raise


def _number(name: str) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") - (1 << 31)  # its integers have a sign


def _taken(name: str, who: str) -> DutyTaken:
    return DutyTaken(
        f"the duty {name} is done by {who or 'another process'} already: stop that one first, or "
        "see how it goes with `icestream facility status`"
    )
