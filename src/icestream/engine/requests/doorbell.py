"""Waking a coordinator: a datagram says that somebody wrote a request into its store."""

import contextlib
import os
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from icestream.engine.machine.watched import ThreadDied, keep_running

__all__ = ["Doorbell", "wake"]


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
    """Path of the socket: short, since the system allows a hundred bytes only."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) if base and Path(base).is_dir() else Path(tempfile.gettempdir())
    return folder / f"icestream-{os.getuid()}-{name}.sock"


class Doorbell:
    """The end of the coordinator that is called `name`: calls `rung` for every datagram.

    It calls `died` if it cannot listen.
    """

    def __init__(
        self,
        name: str,
        rung: Callable[[], None],
        died: Callable[[ThreadDied], None] = lambda _: None,
    ) -> None:
        self._path = _address(name)
        self._rung = rung
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()  # of a coordinator that was killed: the lock says it is ours
        self._socket.bind(str(self._path))
        self._path.chmod(0o600)
        self._closing = threading.Event()
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
