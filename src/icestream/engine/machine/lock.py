"""One coordinator per session."""

import contextlib
import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from icestream.store.records import SessionRecord

__all__ = ["SessionBusy", "as_it_is", "held_since", "hold", "holder"]

FILE = "coordinator.lock"
_UNDER_WAY = ("starting", "running", "paused", "draining", "held")
"""States that a process says of itself, and cannot take back when it is killed."""
_GONE = "no process runs it any more: it was ended before it could say so"


class SessionBusy(RuntimeError):
    """Another coordinator runs this session."""


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Be the session's only coordinator; the kernel lets go when the process ends.

    Raises
    ------
    SessionBusy
        Saying who holds it.
    OSError
        If there is something else in the lock's place: a link is not followed, since what it
        leads to would be overwritten.
    """
    with _opened(folder / FILE, os.O_RDWR | os.O_CREAT) as file:
        if not _locked(file):
            file.seek(0)
            known = file.read().strip() or "another process"
            raise SessionBusy(
                f"the session in {folder} is already being processed by {known}; "
                "use `icestream status` to look at it, or `icestream stop` to end that first"
            )
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield


def _opened(path: Path, flags: int) -> TextIO:
    try:
        return os.fdopen(os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644), "r+")
    except OSError as error:
        if error.errno == errno.ELOOP:
            said = "is a symbolic link, where the session's lock is to be: delete it"
            raise OSError(errno.ELOOP, said, str(path)) from error
        raise


def _locked(file: TextIO) -> bool:
    """Take the lock; whoever only asks `holder` has it for a moment, which is waited for."""
    for _ in range(5):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False


def holder(folder: Path) -> str:
    """Who runs the session now, as ``process 1234 on host``; empty when nobody does."""
    try:
        file = os.fdopen(os.open(folder / FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "r")
    except OSError:
        return ""
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return file.read().strip() or "another process"
    return ""


def held_since(folder: Path) -> float:
    """When the lock was last taken, seconds since the epoch; 0 when it never was."""
    try:
        return (folder / FILE).stat().st_mtime
    except OSError:
        return 0.0


def as_it_is(session: SessionRecord, folder: Path) -> SessionRecord:
    """What is known of a session, with the state that it has now.

    A process that was killed left the state of before. Where it ran on another machine, its lock
    cannot be seen from here: the state stays, and says so.
    """
    if session.state not in _UNDER_WAY or holder(folder):
        return session
    host = session.holder.rpartition("@")[2]
    if host and host != socket.gethostname():
        elsewhere = f"as {host} said last"
        reason = f"{session.reason}, {elsewhere}" if session.reason else elsewhere
        return replace(session, reason=reason)
    return replace(session, state="stopped", reason=_GONE)
