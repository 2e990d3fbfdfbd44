"""What goes wrong between a program and a server: each error says what to do, if anything can."""

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = [
    "NotAllowed",
    "NotThere",
    "NotValid",
    "RequestRefused",
    "ServerError",
    "Unreachable",
    "error_of",
]


@dataclass
class ServerError(Exception):
    """The server did not do what it was asked for."""

    message: str
    """What was asked and what was found."""
    advice: str = ""
    """What to do; empty where the server knows nothing."""
    problems: Sequence[tuple[str, str]] = field(default=())
    """Where and what, for each value that is wrong."""
    status: int = 0
    """Of HTTP; 0 where there was no answer."""

    def __str__(self) -> str:
        lines = [self.message, *(f"  {where}: {what}" for where, what in self.problems)]
        return "\n".join([*lines, *([self.advice] if self.advice else [])])


class NotAllowed(ServerError):
    """Nobody is logged in, or whoever is may not do it."""


class NotThere(ServerError):
    """There is nothing of that name, or it may not be seen."""


class NotValid(ServerError):
    """What was asked cannot be asked like this."""


class RequestRefused(ServerError):
    """The session would not do what was asked of it."""


class Unreachable(ServerError):
    """No server answers there."""


_KINDS: dict[int, type[ServerError]] = {
    400: NotValid,
    401: NotAllowed,
    403: NotAllowed,
    404: NotThere,
    422: NotValid,
}


def error_of(status: int, said: object, address: str) -> ServerError:
    """The error that an answer is.

    Parameters
    ----------
    status
        Of HTTP.
    said
        The answer's JSON; None where it has none.
    address
        What was asked for.
    """
    kind = _KINDS.get(status, ServerError)
    if not isinstance(said, dict) or "message" not in said:
        return kind(f"{address} answered {status}, and is no icestream server", status=status)
    problems = tuple((str(one["where"]), str(one["what"])) for one in said.get("problems") or ())
    return kind(str(said["message"]), str(said.get("advice") or ""), problems, status)
