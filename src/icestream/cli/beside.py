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

__all__ = ["command_beside", "end_with_parent", "serve_inherited", "served_beside", "server_beside"]

_HOST, _PORT = "127.0.0.1", 8000
_PATIENCE = 10.0
"""Seconds until a server that does not end is killed."""
_PROGRAM = "from icestream.cli.beside import serve_inherited; serve_inherited()"
_COMMAND = (
    "from icestream.cli.beside import end_with_parent; end_with_parent(); "
    "from icestream.__main__ import main; main()"
)


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
            server_beside(number, root),
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


def server_beside(number: int, root: Path) -> list[str]:
    """The command of a server at a socket, by its number, that its parent hands it.

    Its standard input is a pipe: when that is closed, by the end of its parent say, it ends.
    """
    return [sys.executable, "-P", "-c", _PROGRAM, str(number), str(root)]


def command_beside(*words: str) -> list[str]:
    """A command of icestream that ends when its standard input, a pipe, is closed."""
    return [sys.executable, "-P", "-c", _COMMAND, *words]


def _listen() -> socket.socket:
    try:
        return listen(_HOST, _PORT)
    except OSError:
        return listen(_HOST, 0)


def serve_inherited() -> None:
    """Serve at a socket that this process got from its parent, until that ends."""
    number, root = sys.argv[1:]
    end_with_parent()
    from icestream.server.context import Server
    from icestream.settings import load

    with closing(socket.socket(fileno=int(number))) as listening:
        host, port = listening.getsockname()[:2]
        sys.exit(
            run_server(Server([Path(root)], load(), host=host, port=port), listening, Reached())
        )


def end_with_parent() -> None:
    """End this process, as SIGTERM does, when its standard input is closed."""
    threading.Thread(target=_end_when_closed, name="parent", daemon=True).start()


def _end_when_closed() -> None:
    """Wait until the parent's end of the standard input is closed."""
    while os.read(0, 4096):  # not by sys.stdin, whose lock would abort an interpreter that ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)
