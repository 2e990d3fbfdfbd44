"""The web application beside a command that runs: a process of its own, which ends with it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from icestream.cli.serve import Reached, address_of, listen, run_server

__all__ = ["serve_inherited", "served_beside"]

_HOST, _PORT = "127.0.0.1", 8000
_PATIENCE = 10.0
"""Seconds until a server that does not end is killed."""
_PROGRAM = "from icestream.cli.beside import serve_inherited; serve_inherited()"


@contextmanager
def served_beside(root: Path, log: Path) -> Iterator[str]:
    """Serve the sessions below `root` to this machine while a block runs.

    It listens at once, at the usual port or at one that is free; what comes before the server has
    started waits for it.

    Parameters
    ----------
    root
        Folder with sessions, now or later.
    log
        File for what the server says.

    Yields
    ------
    str
        The address.
    """
    with closing(_listen()) as listening, log.open("wb") as output:
        number = listening.fileno()
        # A session of its own: Ctrl-C is for the command, and the server shows how that ends.
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, str(number), str(root)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[number],
            start_new_session=True,
        )
        try:
            yield address_of(_HOST, listening.getsockname()[1])
        finally:
            assert process.stdin is not None
            process.stdin.close()  # which ends it; as does the end of this process, however it ends
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _listen() -> socket.socket:
    try:
        return listen(_HOST, _PORT)
    except OSError:
        return listen(_HOST, 0)


def serve_inherited() -> None:
    """Serve at a socket that this process got from its parent, until that ends."""
    number, root = sys.argv[1:]
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    from icestream.server.context import Server
    from icestream.settings import load

    with closing(socket.socket(fileno=int(number))) as listening:
        host, port = listening.getsockname()[:2]
        sys.exit(
            run_server(Server([Path(root)], load(), host=host, port=port), listening, Reached())
        )


def _end_with_parent() -> None:
    """Wait until the parent's end of the standard input is closed."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
