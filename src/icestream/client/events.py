"""What happens in a session, as it happens: through lost connections and restarted servers."""

import time
from collections.abc import Iterator, Sequence

import httpx2
from pydantic import TypeAdapter

from icestream.client.connection import Connection
from icestream.client.errors import ServerError, Unreachable
from icestream.store.records import EventRecord

__all__ = ["follow"]

_FIRST, _LONGEST = 0.5, 15.0
"""Seconds until it is tried again, at first and at most."""
_SILENCE = 60.0
"""Seconds without a word after which the connection is lost: a server says something in fifteen."""
_BUSY = (429, 502, 503, 504)
"""Answers after which it is tried again."""

_read = TypeAdapter(EventRecord).validate_json


def follow(
    connection: Connection, path: str, after: int | None, kinds: Sequence[str], patience: float
) -> Iterator[EventRecord]:
    """Events from a stream, each once and in order.

    Parameters
    ----------
    connection
        To the server.
    path
        Of the stream.
    after
        Number of the last event that is known; None: begin with what happens next.
    kinds
        Of the events that are wanted; all when none is named.
    patience
        Seconds that a server may be away.
    """
    place, stream = after, _Away(patience)
    while True:
        headers = {} if place is None else {"Last-Event-ID": str(place)}
        try:
            wanted = {"kinds": tuple(kinds)}
            with connection.stream(path, wanted, headers, silence=_SILENCE) as answer:
                for said in httpx2.EventSource(answer):
                    stream.is_there()
                    if said.event == "reset":
                        raise ServerError(
                            "another session is in the place of the one that was followed",
                            "begin anew, with after=0",
                        )
                    if said.id:
                        place = int(said.id)
                    if said.data and said.event != "problem":
                        yield _read(said.data)
        except ServerError as error:
            if not isinstance(error, Unreachable) and error.status not in _BUSY:
                raise
            stream.wait(error)
        else:
            stream.wait(None)


class _Away:
    """How long a server has been away, and how long to wait until it is asked again."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self.is_there()

    def is_there(self) -> None:
        """It has said something."""
        self._since, self._pause = time.monotonic(), _FIRST

    def wait(self, error: ServerError | None) -> None:
        """Wait a little; longer each time. Raises the error when patience is at its end."""
        if error is not None and time.monotonic() - self._since > self._patience:
            raise error
        time.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST)
