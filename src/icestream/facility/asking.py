"""Asking the site's other systems: time and size are limited, and failures are of three kinds.

A system that is down, one that refuses the login, and one that answers something else than it used
to are told apart, because other people have to do other things about them.
"""

import html
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from icestream.channels.mail import trust
from icestream.channels.receipt import Undelivered, reason_of, shortened
from icestream.channels.secret import Secret

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "SourceChanged",
    "SourceDown",
    "SourceError",
    "SourceLacks",
    "SourceRefused",
    "WebAnswer",
    "WebService",
    "plain_text",
    "secret_of",
    "shown_address",
]

_PATIENCE = 20.0
"""Seconds for each sign of life of a server."""
_WHOLE = 60.0
"""Seconds for a whole answer, however slowly it drips."""
_MOST = 50_000_000
"""Bytes of an answer."""
_MARKS = re.compile(r"<(style|script)\b.*?</\1>|<!?/?[A-Za-z][^>]*>", re.DOTALL | re.IGNORECASE)


class SourceError(Exception):
    """Another system of the site did not give what it was asked for; says where and why."""


class SourceDown(SourceError):
    """It cannot be reached, or says itself that it fails: what was read before holds."""


class SourceRefused(SourceError):
    """It does not know the user, the password or the key, or does not let them read this."""


class SourceChanged(SourceError):
    """It answers something else than it is known to: another version, address or set-up."""


class SourceLacks(SourceChanged):
    """There is nothing at the address that was asked (status 404)."""


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What a web service answered."""

    place: str
    """What was asked, without what is secret."""
    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """What was answered as JSON.

        Raises
        ------
        SourceChanged
            If it is none; an answer that was cut short is none either.
        SourceDown
            If it is empty: PHP answers so when something behind it fails, a database say.
        """
        if not self.body.strip():
            raise SourceDown(f"{self.place} answered nothing at all: something behind it fails")
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise SourceChanged(
                f"{self.place} answered no JSON, but {self.beginning()!r}: is the address that of "
                "the service itself, and is the service switched on there?"
            ) from None

    def beginning(self) -> str:
        """The beginning of the answer as text, in one line, without the marks of a page."""
        text = self.body[:20_000].decode(errors="replace")
        return shortened(html.unescape(_MARKS.sub(" ", text)))


class WebService:
    """A web service that is asked over HTTP; closed at the end of the ``with``.

    Parameters
    ----------
    url
        Where it begins; ``http`` or ``https``.
    headers
        Sent with every question.
    login
        User and password of HTTP's own login, where the server asks for that.
    certificates
        A file with the authority that signed the server's certificate, where the system has none.
    secret
        Whether the path is a secret, so that messages name the server alone.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
        certificates: Path | None = None,
        secret: bool = False,
    ) -> None:
        import httpx2  # takes long to load

        self._secret = secret
        self._url = url.rstrip("/") if not secret else url
        try:
            self._http = httpx2.Client(
                headers={"User-Agent": "icestream", "Accept": "*/*", **(headers or {})},
                auth=login,
                # Without TLS there is nothing to trust, and reading all authorities takes long.
                verify=trust(certificates) if url.lower().startswith("https:") else False,
                timeout=_PATIENCE,
            )
        except Undelivered as error:
            raise SourceRefused(str(error)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def ask(
        self,
        method: str,
        path: str = "",
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> WebAnswer:
        """Ask, and take an answer that says that it went well.

        Raises
        ------
        SourceDown
            If nobody answers, the answer is cut, or the server fails (status 429 and from 500 on).
        SourceRefused
            If the login is not taken (status 401, 403, 407).
        SourceChanged
            If there is nothing at that address, or it sends on to another one.
        """
        answer = self._answer(method, path, query, body, headers)
        if not 200 <= answer.status < 300:
            raise _failure(answer, secret=self._secret)
        return answer

    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> WebAnswer:
        import httpx2

        url = f"{self._url}{path}"
        place = shown_address(url, secret=self._secret)
        until = time.monotonic() + _WHOLE
        try:
            with self._http.stream(method, url, params=query, json=body, headers=headers) as answer:
                heard = _heard(answer, place, until)
                return WebAnswer(place, answer.status_code, heard, dict(answer.headers))
        except httpx2.TimeoutException:
            raise SourceDown(f"{place} did not answer within {_PATIENCE:g} s") from None
        except httpx2.RemoteProtocolError as error:
            raise SourceDown(f"{place}: the answer was cut short: {reason_of(error)}") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            raise SourceDown(f"{place} cannot be asked: {_deepest(error)}") from None


def plain_text(given: object) -> str:
    """What another system calls a text, as one that can be kept: no letters that are none."""
    if given is None or isinstance(given, bool | list | dict):
        return ""
    return str(given).replace("\0", "").encode(errors="replace").decode().strip()


def shown_address(url: str, *, secret: bool = False) -> str:
    """An address as messages may have it: no login, no query, and no path where that is secret."""
    parts = urlsplit(url)
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return server if secret else f"{server}{parts.path}"


def secret_of(secret: Secret, where: str) -> str:
    """What a secret of the facility file is.

    Raises
    ------
    SourceRefused
        If it is not where the file says; names `where` it stands in the facility file.
    """
    try:
        return secret.read()
    except Undelivered as error:
        raise SourceRefused(f"{where}: {error}") from None


def _heard(answer: "httpx2.Response", place: str, until: float) -> bytes:
    heard = bytearray()
    for part in answer.iter_bytes():
        heard += part
        if len(heard) > _MOST:
            raise SourceChanged(f"{place} answered more than {_MOST // 1_000_000} MB; not read")
        if time.monotonic() > until:
            raise SourceDown(f"{place} did not answer in full within {_WHOLE:g} s")
    return bytes(heard)


def _failure(answer: WebAnswer, *, secret: bool) -> SourceError:
    said = f"{answer.place} answered {answer.status}"
    if not secret:  # pages of errors repeat the address
        said += f": {answer.beginning()}"
    if answer.status in (401, 403, 407):
        return SourceRefused(f"{said}. Are user and password (or key) right, and may they read?")
    if answer.status == 429 or answer.status >= 500:
        return SourceDown(said)
    if 300 <= answer.status < 400:
        where = shown_address(answer.headers.get("location", ""), secret=secret) or "nowhere"
        return SourceChanged(
            f"{answer.place} sends on to {where}: give the address itself in the facility file"
        )
    kind = SourceLacks if answer.status == 404 else SourceChanged
    return kind(f"{said}. Is the address right, and is the service switched on there?")


def _deepest(error: BaseException) -> str:
    """The reason below what libraries wrap around it."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError):
            error = below
        below = below.__cause__ or below.__context__
    return reason_of(error)
