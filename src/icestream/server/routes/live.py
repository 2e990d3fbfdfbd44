"""What is live: one WebSocket for a page, and streams of server-sent events for programs."""

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import StreamingResponse

from icestream.server.access import CurrentPerson, Person, may_see, person_of
from icestream.server.catalogue import Entry, UnknownSession
from icestream.server.context import Server, ThisServer
from icestream.server.errors import Refused
from icestream.server.live.hub import Listener, hub_of
from icestream.server.live.topics import Topic
from icestream.server.live.wire import beat, blocks, message, refusal
from icestream.server.people.gate import NOT_LOGGED_IN
from icestream.server.sessions import ThisSession

__all__ = ["router"]

router = APIRouter(tags=["live"])

_POLICY = 1008
_MOST_TOPICS = 64
"""Topics of one connection, at most."""
_MOST_TEXT = 4096
"""Characters of a message from a client, at most."""
_MOST_MISTAKES = 20
"""Messages that are no question, until the connection is closed."""
_CHECK = 30.0
"""Seconds until it is looked again whether somebody still may listen."""
_BEAT = 15.0
"""Seconds of silence after which a stream says that it is still there."""
_STREAM = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No proxy keeps events back."""


class _Asked(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(extra="forbid")

    subscribe: Annotated[str, Field(max_length=300)] | None = None
    unsubscribe: Annotated[str, Field(max_length=300)] | None = None
    since: Annotated[int, Field(ge=0, lt=1 << 63)] | None = None


@router.websocket("/ws")
async def web_socket(socket: WebSocket, server: ThisServer, person: CurrentPerson) -> None:
    """Topics with what happens in them, for as long as the page is open."""
    await socket.accept()
    with Listener(hub_of(server), "websocket") as listener:
        hearing = _Hearing(socket, server, listener, person)
        await _first_to_end(_tell(socket, listener), hearing.hear(), hearing.keep_checking())


async def _first_to_end(*parts: Coroutine[Any, Any, None]) -> None:
    """Run parts beside each other until one of them ends, and end the others then."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        # The peer may be gone at any time: whatever is sent then fails, and that is no defect.
        if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect | OSError):
            raise error


async def _tell(socket: WebSocket, listener: Listener) -> None:
    while True:
        for topic, news in await listener.next():
            await socket.send_text(message(topic, news))


class _Hearing:
    """What a client of a WebSocket asks for, and what is answered where that is not possible."""

    def __init__(
        self, socket: WebSocket, server: Server, listener: Listener, person: Person
    ) -> None:
        self._socket = socket
        self._server = server
        self._listener = listener
        self._person = person
        self._mistakes = 0

    async def hear(self) -> None:
        """Do what the client asks, until it has gone."""
        while True:
            text = await self._socket.receive_text()
            try:
                if len(text) > _MOST_TEXT:
                    raise Refused(400, "the message is too long")
                asked = _Asked.model_validate_json(text)
                await self._obey(asked)
            except ValidationError as error:
                why = error.errors()[0]
                where = ".".join(map(str, why["loc"]))
                await self._refuse(f"{where}: {why['msg']}" if where else str(why["msg"]))
            except Refused as refused:
                await self._refuse(str(refused))
            except UnknownSession as unknown:
                await self._refuse(str(unknown), asked.subscribe)
            if self._mistakes > _MOST_MISTAKES:
                await self._socket.close(_POLICY, "too many messages that ask for nothing")
                return

    async def keep_checking(self) -> None:
        """End what somebody may not listen to any more: they logged out, or are no longer of it."""
        while True:
            await asyncio.sleep(_CHECK)
            try:
                self._person = await run_in_threadpool(person_of, self._socket)
            except Refused as refused:
                await self._socket.send_text(refusal(str(refused)))
                await self._socket.close(NOT_LOGGED_IN, "log in first")
                return
            for topic in self._listener.names:
                session_id = _session_of(topic)
                if session_id and not await self._sees(session_id):
                    self._listener.leave(topic)
                    await self._socket.send_text(refusal(_unseen(session_id), topic))

    async def _sees(self, session_id: str) -> bool:
        return await run_in_threadpool(_visible, self._server, self._person, session_id)

    async def _refuse(self, why: str, topic: str | None = None) -> None:
        self._mistakes += 1
        await self._socket.send_text(refusal(why, topic))

    async def _obey(self, asked: _Asked) -> None:
        if (asked.subscribe is None) == (asked.unsubscribe is None):
            raise Refused(400, "a message has subscribe or unsubscribe, with the name of a topic")
        if asked.unsubscribe is not None:
            self._listener.leave(asked.unsubscribe)
        elif asked.subscribe is not None:
            if len(self._listener) >= _MOST_TOPICS and asked.subscribe not in self._listener.names:
                raise Refused(400, f"one connection has {_MOST_TOPICS} topics at most")
            self._listener.listen(asked.subscribe, await self._topic(asked.subscribe, asked.since))

    async def _topic(self, name: str, since: int | None) -> Topic:
        hub = hub_of(self._server)
        if name == "sessions":
            # Whoever asks may see other sessions later than now.
            return hub.sessions(
                lambda entry: may_see(self._person, entry), since, nameless=self._person.shared
            )
        session_id = _session_of(name)
        if not session_id:
            raise Refused(
                400, f"no topic {name!r}; there are sessions, session/ID and session/ID/alerts"
            )
        if not await self._sees(session_id):
            raise UnknownSession(_unseen(session_id))
        return hub.session(session_id, since, alerts=name.endswith("/alerts"))


def _session_of(topic: str) -> str:
    """Id of the session that a topic is about; empty where it is about none."""
    first, _, rest = topic.partition("/")
    session_id, slash, what = rest.partition("/")
    known = first == "session" and (not slash or what == "alerts")
    return session_id if known else ""


def _visible(server: Server, person: Person, session_id: str) -> bool:
    try:
        return may_see(person, server.catalogue.entry(session_id))
    except UnknownSession:
        return False


def _unseen(session_id: str) -> str:
    return f"there is no session {session_id}, or you may not see it"


@router.get(
    "/sessions/{id}/events/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream_events(
    request: Request,
    entry: ThisSession,
    server: ThisServer,
    after: Annotated[
        int | None,
        Query(ge=0, lt=1 << 63, description="Number of the last event that is known; 0: all."),
    ] = None,
    kinds: Annotated[list[str] | None, Query(description="Those that are wanted.")] = None,
    last_event_id: Annotated[
        str | None, Header(description="As `after`; it wins. A browser sends it by itself.")
    ] = None,
) -> StreamingResponse:
    """What happens in a session, as server-sent events; without `after`, from now on."""
    since = after
    if last_event_id:
        if not re.fullmatch(r"\d{1,18}", last_event_id, re.ASCII):
            raise Refused(
                400, f"Last-Event-ID is {last_event_id!r}", "it is the number of an event"
            )
        since = int(last_event_id)
    said = _blocks(request, server, entry, since, frozenset(kinds or ()))
    return StreamingResponse(said, media_type="text/event-stream", headers=_STREAM)


async def _blocks(
    connection: HTTPConnection,
    server: Server,
    entry: Entry,
    since: int | None,
    kinds: frozenset[str],
) -> AsyncIterator[str]:
    hub = hub_of(server)
    loop = asyncio.get_running_loop()
    yield "retry: 2000\n\n"
    with Listener(hub, "stream") as listener:
        listener.listen("events", hub.session(entry.id, since, whole=True))
        place, checked = since, loop.time()
        while True:
            try:
                async with asyncio.timeout(_BEAT):
                    found = await listener.next()
            except TimeoutError:
                yield ": \n\n" if place is None else beat(place)
                found = []
            for _, news in found:
                if said := "".join(blocks(news, kinds)):
                    yield said
                place = place if news.problem else news.seq
            if loop.time() - checked > _CHECK:
                checked = loop.time()
                if not await run_in_threadpool(_still_sees, connection, server, entry):
                    return


def _still_sees(connection: HTTPConnection, server: Server, entry: Entry) -> bool:
    try:
        return _visible(server, person_of(connection), entry.id)
    except Refused:
        return False
