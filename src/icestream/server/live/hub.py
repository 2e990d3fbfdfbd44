"""Who listens to what: one reader for each session, for as long as anybody listens to it."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from pydantic import TypeAdapter

from icestream.server.catalogue import Catalogue, Entry
from icestream.server.context import Server
from icestream.server.live.overview import SessionsOverview
from icestream.server.live.tail import Tail
from icestream.server.live.topics import News, SessionsTopic, SessionTopic, Topic
from icestream.server.summary import summary_of
from icestream.store.summaries import SessionSummary

__all__ = ["Hub", "Listener", "hub_of"]

_LINGER = 5.0
"""Seconds that a session is read on when nobody listens any more: a page may be loaded anew."""


class Hub:
    """Readers that are shared by all connections of one server.

    Parameters
    ----------
    catalogue
        Where sessions are found.
    sum_up
        Makes the summary of a session, as JSON.
    """

    def __init__(self, catalogue: Catalogue, sum_up: Callable[[Entry], str]) -> None:
        self.linger = _LINGER
        self.connections: dict[str, int] = {}
        """Connections that listen, by their kind."""
        self._catalogue = catalogue
        self._sum_up = sum_up
        self._tails: dict[str, Tail] = {}
        self._overview: SessionsOverview | None = None

    @property
    def read_now(self) -> frozenset[str]:
        """Ids of the sessions whose events are being read."""
        return frozenset(self._tails)

    def session(
        self,
        session_id: str,
        since: int | None = None,
        *,
        alerts: bool = False,
        whole: bool = False,
    ) -> SessionTopic:
        """Events of a session that exists.

        Parameters
        ----------
        session_id
            Of the session.
        since
            Number of the last event that is known; None: begin with what happens next.
        alerts
            Only those about alerts.
        whole
            Everything that happened since, however much.
        """
        tail = self._tails.get(session_id)
        if tail is None:
            loop = asyncio.get_running_loop()
            tail = self._tails[session_id] = Tail(session_id, self._catalogue, loop)
        return SessionTopic(tail, since, alerts=alerts, whole=whole)

    def sessions(
        self, may_see: Callable[[Entry], bool], since: int | None = None, *, nameless: bool = False
    ) -> SessionsTopic:
        """Summaries of all sessions that somebody may see; `nameless`: without their people."""
        if self._overview is None:
            self._overview = SessionsOverview(
                self._catalogue, self._sum_up, asyncio.get_running_loop()
            )
        self._overview.start()
        return SessionsTopic(self._overview, since, may_see, nameless=nameless)

    def rest(self) -> None:
        """Stop reading what nobody listens to, a little later."""
        asyncio.get_running_loop().call_later(self.linger, self._stop_idle)

    def close(self) -> None:
        """Stop reading."""
        for tail in self._tails.values():
            tail.stop()
        self._tails.clear()
        if self._overview is not None:
            self._overview.stop()

    def _stop_idle(self) -> None:
        for session_id in [one for one, tail in self._tails.items() if not tail.listeners]:
            self._tails.pop(session_id).stop()
        if self._overview is not None and not self._overview.listeners:
            self._overview.stop()


def hub_of(server: Server) -> Hub:
    """The hub of a server."""
    return server.one(Hub, _made)


def _made(server: Server) -> Hub:
    encode = TypeAdapter(SessionSummary).dump_json
    return Hub(server.catalogue, lambda entry: encode(summary_of(server, entry)).decode())


class Listener:
    """One connection: what it listens to, and how far it has been told.

    Parameters
    ----------
    hub
        The server's.
    kind
        Of the connection, by which they are counted.
    """

    def __init__(self, hub: Hub, kind: str) -> None:
        self._hub = hub
        self._kind = kind
        self._woken = asyncio.Event()
        self._topics: dict[str, Topic] = {}
        self._found: list[tuple[str, News]] = []
        """What would be lost if the waiting were given up just now."""

    def __enter__(self) -> Self:
        self._hub.connections[self._kind] = self._hub.connections.get(self._kind, 0) + 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for name in list(self._topics):
            self.leave(name)
        self._hub.connections[self._kind] -= 1

    def __len__(self) -> int:
        return len(self._topics)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the topics that it listens to."""
        return tuple(self._topics)

    def listen(self, name: str, topic: Topic) -> None:
        """Listen to a topic, or anew from another place."""
        self.leave(name)
        self._topics[name] = topic
        topic.listeners.add(self._woken)
        self._woken.set()

    def leave(self, name: str) -> None:
        """Listen to a topic no more."""
        topic = self._topics.pop(name, None)
        if topic is not None:
            others = (one.listeners for one in self._topics.values())
            if not any(listeners is topic.listeners for listeners in others):
                topic.listeners.discard(self._woken)
            self._hub.rest()

    async def next(self) -> list[tuple[str, News]]:
        """What comes next, by topic; waits until there is something."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            for name, topic in list(self._topics.items()):
                news = await topic.news()
                if news is not None and self._topics.get(name) is topic:
                    self._found.append((name, news))
            if self._found:
                self._woken.set()  # there may be more than fits into a message
                found, self._found = self._found, []
                return found
