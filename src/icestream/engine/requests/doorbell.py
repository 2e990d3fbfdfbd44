"""Waking a coordinator: a datagram says that somebody wrote a request into its store."""

import contextlib
import os
import socket
import stat
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from icestream.engine.machine.watched import ThreadDied, keep_running

__all__ = ["Doorbell", "wake"]

_log = structlog.get_logger("icestream.engine")


def wake(name: str) -> bool:
    """Wake the coordinator of the session that has this name here; False where none runs."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.setblocking(False)
        try:
            bell.sendto(b"!", str(_address(name)))
        except OSError:
            return False
    return True


def _address(name: str) -> Path:
    """Path of the socket: short, since the system allows a hundred bytes only.

    Raises
    ------
    OSError
        If there is no folder for it that nobody else can put anything into.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and _is_own(Path(base)):
        return Path(base) / f"icestream-{name}.sock"
    # Everybody may write there, so the name could be taken by somebody else: a folder of our own.
    folder = Path(tempfile.gettempdir()) / f"icestream-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _is_own(folder):
        raise PermissionError(f"{folder} is not a folder that only its owner can use, and ours")
    return folder / f"{name}.sock"


def _is_own(folder: Path) -> bool:
    """Whether it is a folder, no link, of this user alone."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    alone = status.st_uid == os.getuid() and not stat.S_IMODE(status.st_mode) & 0o077
    return stat.S_ISDIR(status.st_mode) and alone


class Doorbell:
    """The end of the coordinator that is called `name`: calls `rung` for every datagram.

    It calls `died` if it cannot listen. Where none can be hung up, the coordinator does without: it
    looks for requests every few seconds all the same.
    """

    def __init__(
        self,
        name: str,
        rung: Callable[[], None],
        died: Callable[[ThreadDied], None] = lambda _: None,
    ) -> None:
        self._rung = rung
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._path = _address(name)
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()  # of a coordinator that was killed: the lock says it is ours
            self._socket.bind(str(self._path))
            self._path.chmod(0o600)
        except OSError as error:
            self._socket.close()
            _log.warning("no doorbell", reason=str(error))
            return
        listen = ("doorbell", self._listen, died, self._closing)
        self._thread = threading.Thread(
            target=keep_running, args=listen, name="doorbell", daemon=True
        )
        self._thread.start()

    def _listen(self) -> None:
        while True:
            self._socket.recv(16)
            if self._closing.is_set():
                return
            self._rung()

    def close(self) -> None:
        """Take the bell down."""
        if self._thread is None:
            return
        self._closing.set()
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell,
        ):
            bell.sendto(b"!", str(self._path))
        self._thread.join(1.0)
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
