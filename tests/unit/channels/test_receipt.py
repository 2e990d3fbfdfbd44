"""Reasons are said as people read them, in one line."""

import errno
import socket
import ssl

import pytest

from icestream.channels.receipt import reason_of, shortened


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "connection refused"),
        (OSError(errno.EHOSTUNREACH, ""), "no route to host"),
        (socket.gaierror(-2, "Name or service not known"), "name or service not known"),
        (TimeoutError("timed out"), "no answer within 20 s"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "WRONG_VERSION_NUMBER"),
        (ValueError("Two\n lines"), "two lines"),
        (EOFError(), "EOFError"),
    ],
)
def test_reasons(error: BaseException, said: str) -> None:
    assert reason_of(error) == said


def test_what_is_long_is_cut() -> None:
    assert shortened("a\nb  c") == "a b c"
    assert len(shortened("x" * 999)) == 200
