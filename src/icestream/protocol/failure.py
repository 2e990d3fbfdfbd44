"""How a task says that it could not be done.

::

    Exception
    └── ProtocolError           an expected failure, said in plain words
        ├── ItemFailed          this item cannot be processed; trying again would not help
        └── TryAgain            something outside was not ready; worth another attempt

Any other exception is a defect of the protocol: the item fails with its traceback. Lost
workers, `OSError` and `MemoryError` are tried again, as `TryAgain` is.
"""

from dataclasses import dataclass
from typing import Any

__all__ = ["Failure", "ItemFailed", "ProtocolError", "TryAgain"]


class ProtocolError(Exception):
    """An expected failure of one task.

    Parameters
    ----------
    reason
        What was found, with values and units; shown to the user as it is.
    advice
        What to do about it.
    code
        Short stable name such as ``no-gpu-memory``; the docs list them.
    """

    def __init__(self, reason: str, *, advice: str = "", code: str = "") -> None:
        super().__init__(reason, advice, code)
        self.reason = reason
        self.advice = advice
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        """Workers hand failures to the coordinator by pickle, which passes no keywords."""
        return _rebuild, (type(self), self.reason, self.advice, self.code)

    def __str__(self) -> str:
        return f"{self.reason}: {self.advice}" if self.advice else self.reason


class ItemFailed(ProtocolError):
    """The item cannot be processed, and another attempt would end the same way."""


class TryAgain(ProtocolError):
    """The attempt failed for a reason that may pass."""


def _rebuild(kind: type[ProtocolError], reason: str, advice: str, code: str) -> ProtocolError:
    return kind(reason, advice=advice, code=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure that a program is known to have, recognised in what it prints."""

    code: str
    when: str
    """Regular expression searched in the program's output, and in how it ended below:
    ``signal 11 (SIGSEGV)``."""
    advice: str
    retry: bool = False
