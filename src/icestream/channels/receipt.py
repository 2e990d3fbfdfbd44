"""What comes of sending a message: a receipt, or a reason why it could not be delivered."""

import os
import ssl
from dataclasses import dataclass

__all__ = ["PATIENCE", "Receipt", "Undelivered", "reason_of", "shortened"]

PATIENCE = 20.0
"""Seconds that a server has for each of its answers."""
_LONGEST = 200
"""Characters of an answer that are kept."""


class Undelivered(Exception):
    """A message did not get through; the message of this says where, and why."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A server took a message."""

    text: str
    """What it said."""
    refused: str = ""
    """Whom it will not pass it to, and why; empty: to all."""


def reason_of(error: BaseException) -> str:
    """Why a server could not be talked to, in lower case, for after ``server:port:``."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return f"no answer within {PATIENCE:g} s"
    said = str(error)
    if isinstance(error, OSError):
        known = isinstance(error.errno, int) and error.errno > 0 and not error.strerror
        said = os.strerror(error.errno) if known and error.errno else (error.strerror or said)
    said = shortened(said or type(error).__name__)
    return said if said[1:2].isupper() else said[:1].lower() + said[1:]


def shortened(text: str) -> str:
    """The beginning of what a server said, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
