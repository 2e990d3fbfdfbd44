"""Asking a server over HTTP, and what its answers mean for a delivery."""

import ssl
from pathlib import Path
from typing import Any

import httpx2

from icestream.facility.sinks.sink import Held, NotTaken, SinkDown

__all__ = ["SinkServer", "read_answer"]

_PATIENCE = 20.0
"""Seconds for which an answer is waited for."""
_BUSY = (408, 425, 429)
_NOT_ASKED_SO = 501
"""A server that is there, and does not know the method."""
_VALUES = (400, 409, 413, 422)
"""Answers that are about what was sent, and not about who sends it."""
_NOT_THIS = 403
"""The server knows us, and does not let us do this: of other sessions it may."""
_HEARD = 300
"""Characters of an answer that people are told."""


class SinkServer:
    """A connection to one server.

    Parameters
    ----------
    certificates
        A file with those that are trusted, beside what the machine trusts; None: no more.
    """

    def __init__(self, certificates: Path | None = None) -> None:
        trust = ssl.create_default_context()
        if certificates is not None:
            try:
                trust.load_verify_locations(certificates)
            except OSError as error:
                why = error.strerror or "there are none in it"
                raise SinkDown(f"certificates: {certificates} cannot be read: {why}") from None
        self._client = httpx2.Client(verify=trust, timeout=_PATIENCE)

    def ask(self, method: str, url: str, **more: Any) -> httpx2.Response:
        """Ask; the answer may be any.

        Raises
        ------
        SinkDown
            If there is none, or the server says that it is busy or broken.
        """
        try:
            answer = self._client.request(method, url, **more)
        except httpx2.HTTPError as error:
            said = str(error) or type(error).__name__
            raise SinkDown(f"{_place(url)}: {said}") from None
        except (httpx2.InvalidURL, UnicodeError) as error:
            why = type(error).__name__  # its words may have the secret in them
            raise SinkDown(f"its address, token or secret cannot be sent ({why})") from None
        status = answer.status_code
        if status in _BUSY or (status >= 500 and status != _NOT_ASKED_SO):
            raise SinkDown(f"{_place(url)}: {_told(answer)}", wait=_wait(answer))
        return answer

    def close(self) -> None:
        """Give up the connection."""
        self._client.close()


def read_answer(answer: httpx2.Response) -> Any:
    """What a server answered, as JSON; None where it is no JSON.

    Raises
    ------
    NotTaken
        If what was sent is refused.
    Held
        If we may not send this: the session waits until somebody has given leave.
    SinkDown
        If we are refused.
    """
    if answer.status_code in _VALUES:
        raise NotTaken(_told(answer))
    if answer.status_code == _NOT_THIS:
        raise Held(f"{_place(str(answer.url))} does not allow it: {_told(answer)}")
    if not answer.is_success:
        raise SinkDown(f"{_place(str(answer.url))}: {_told(answer)}")
    try:
        return answer.json()
    except ValueError:
        return None


def _told(answer: httpx2.Response) -> str:
    text = " ".join(answer.text.split())[:_HEARD]
    return f"{answer.status_code} {answer.reason_phrase} {text}".strip()


def _place(url: str) -> str:
    """The server of an address, without what may be secret in it."""
    parts = httpx2.URL(url)
    return f"{parts.scheme}://{parts.host}{'' if parts.port is None else f':{parts.port}'}"


def _wait(answer: httpx2.Response) -> float | None:
    said = answer.headers.get("retry-after", "")
    return min(float(said), 3600.0) if said.isdecimal() else None
