"""Asking a collector that drips, says too much, or is not there."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from icestream.usage.asking import ask

HEAD = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request, and answers it so; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                taken, _ = listening.accept()
                with taken:
                    taken.recv(65536)
                    answer(taken)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    thread.join(20)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD + b"\r\n"])
def test_what_drips_is_left(head: bytes) -> None:
    """Each byte comes in time, and the answer never."""
    left = threading.Event()

    def drip(taken: socket.socket) -> None:
        taken.sendall(head)
        while not left.wait(0.05):
            taken.sendall(b"x")

    with answering(drip) as address:
        began = time.monotonic()
        with pytest.raises(OSError, match="does not answer within 1 s"):
            ask(address, patience=0.5, most=10**9)
        assert time.monotonic() - began < 10
        left.set()


def test_of_a_long_answer_a_part_is_read() -> None:
    def talk(taken: socket.socket) -> None:
        taken.sendall(HEAD + b"\r\n" + b"x" * 100_000)

    with answering(talk) as address:
        assert ask(address, patience=20, most=1000) == (200, b"x" * 1001)


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9/ cannot be reached: .+"):
        ask("http://127.0.0.1:9/", patience=5, most=10)
