"""The way to a server: questions and answers over HTTP, and errors as exceptions."""

import contextlib
from collections.abc import Iterator, Mapping
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
from pydantic import TypeAdapter, ValidationError

from icestream.client.errors import ServerError, Unreachable, error_of

__all__ = ["Connection"]

_Told = TypeVar("_Told")
_TIMEOUT = 30.0
"""Seconds for an answer."""


class Connection:
    """Asks one server.

    Parameters
    ----------
    address
        Such as ``http://127.0.0.1:8000``.
    token
        By which the server knows who asks; none where it asks nobody to log in.
    timeout
        Seconds for an answer.
    """

    def __init__(self, address: str, token: str = "", timeout: float = _TIMEOUT) -> None:
        self.address = address.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx2.Client(base_url=f"{self.address}/api", headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection up."""
        self._http.close()

    def get(self, path: str, kind: type[_Told], **query: Any) -> _Told:
        """What the server says at a path below ``/api``, as a value of that type."""
        return self._ask("GET", path, kind, query, None)

    def post(self, path: str, kind: type[_Told], body: Mapping[str, Any], **query: Any) -> _Told:
        """What the server answers to what is sent there."""
        return self._ask("POST", path, kind, query, body)

    @contextlib.contextmanager
    def stream(
        self,
        path: str,
        query: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
        *,
        silence: float,
    ) -> Iterator[httpx2.Response]:
        """An answer that is read as it comes; it may be silent for so many seconds."""
        with (
            self._errors(),
            self._http.stream(
                "GET", path, params=_given(query), headers=headers, timeout=silence
            ) as answer,
        ):
            if answer.is_error:
                answer.read()
            self._check(answer)
            yield answer

    def _ask(
        self,
        method: str,
        path: str,
        kind: type[_Told],
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
    ) -> _Told:
        with self._errors():
            answer = self._http.request(method, path, params=_given(query), json=body)
        self._check(answer)
        try:
            told: _Told = _adapter(kind).validate_python(answer.json())
        except (ValidationError, ValueError) as error:
            raise ServerError(
                f"{answer.url} answered what this version of icestream does not understand",
                "have the same version of icestream here and on the server",
                status=answer.status_code,
            ) from error
        return told

    def _check(self, answer: httpx2.Response) -> None:
        if answer.is_success:
            return
        try:
            said = answer.json()
        except ValueError:
            said = None
        raise error_of(answer.status_code, said, str(answer.url))

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except httpx2.TransportError as error:
            raise Unreachable(
                f"no icestream server answers at {self.address}: {error or type(error).__name__}",
                "is it running (icestream serve), and is the address right?",
            ) from error


def _given(query: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked, without what is not given."""
    return {name: value for name, value in query.items() if value is not None and value != ()}


_adapter: Any = cache(TypeAdapter)
"""Reads values of a type; made once for each."""
