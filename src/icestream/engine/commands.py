"""Commands: what people ask of a session, as rows that its coordinator reads.

A command is written into the session's store, and a datagram wakes the coordinator. Without a
coordinator it waits in the store until the next one starts.
"""

import contextlib
import getpass
import hashlib
import json
import os
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from icestream.store import tables as t
from icestream.store.open import NoStore, open_store

__all__ = ["VERBS", "Doorbell", "answer_of", "send", "wake"]

VERBS = (
    "pause", "resume", "stop", "abort", "retry", "set", "accept", "reject", "acknowledge", "adopt",
)  # fmt: skip


def send(folder: Path | str, verb: str, **arguments: Any) -> str:
    """Ask something of the session in `folder`; returns a token for `answer_of`.

    Parameters
    ----------
    folder
        The session's folder.
    verb
        ``pause``, ``resume``, ``stop``, ``abort`` (arguments: `step`, nothing for the whole
        session; `branch=True` for all that depends on it too); ``retry`` (`step`, nothing for every
        step); ``set`` (`step`, `changes`: a
        mapping of parameters); ``accept``, ``reject`` (`exposures`: names; `why`; `step`, by
        default every selection, or the sources where there is none); ``acknowledge``, ``adopt``
        (`alert`: its id).
    """
    if verb not in VERBS:
        raise ValueError(f"no command {verb!r}; there are {', '.join(VERBS)}")
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise NoStore(f"{folder} is not a folder")
    open_store(folder, readonly=True).close()  # says so when there is no session
    store = open_store(folder)
    token = uuid.uuid4().hex
    with contextlib.closing(store), store.write() as connection:
        connection.execute(
            insert(t.command).values(
                token=token,
                time=time.time(),
                name=verb,
                arguments=json.dumps(arguments),
                who=getpass.getuser(),
                state="new",
            )
        )
    wake(folder)
    return token


def answer_of(folder: Path | str, token: str, *, timeout: float = 0.0) -> tuple[str, str]:
    """State of a command (new, done, refused) and what was said to it.

    Waits up to `timeout` seconds while it is new; LookupError when it was never sent.
    """
    deadline = time.monotonic() + timeout
    chosen = select(t.command.c.state, t.command.c.answer).where(t.command.c.token == token)
    with contextlib.closing(open_store(folder, readonly=True)) as store:
        while True:
            with store.read() as connection:
                row = connection.execute(chosen).one_or_none()
            if row is None:
                raise LookupError(f"no command {token!r} was sent to the session in {folder}")
            if row.state != "new" or time.monotonic() >= deadline:
                return str(row.state), str(row.answer)
            time.sleep(0.02)


def wake(folder: Path) -> bool:
    """Wake the session's coordinator; False when there is none to wake."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.setblocking(False)
        try:
            bell.sendto(b"!", str(_address(folder)))
        except OSError:
            return False
    return True


def _address(folder: Path) -> Path:
    """Path of the socket: short, since the system allows a hundred bytes only."""
    name = hashlib.blake2b(str(folder.resolve()).encode(), digest_size=12).hexdigest()
    base = os.environ.get("XDG_RUNTIME_DIR")
    place = Path(base) if base and Path(base).is_dir() else Path(tempfile.gettempdir())
    return place / f"icestream-{os.getuid()}-{name}.sock"


class Doorbell:
    """The coordinator's end: calls `rung` for every datagram."""

    def __init__(self, folder: Path, rung: Callable[[], None]) -> None:
        self._path = _address(folder)
        self._rung = rung
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()  # of a coordinator that was killed: the lock says it is ours
        self._socket.bind(str(self._path))
        self._path.chmod(0o600)
        self._closing = False
        self._thread = threading.Thread(target=self._listen, name="doorbell", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            self._socket.recv(16)
            if self._closing:
                return
            self._rung()

    def close(self) -> None:
        """Take the bell down."""
        self._closing = True
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell,
        ):
            bell.sendto(b"!", str(self._path))
        self._thread.join(1.0)
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
