"""One reader serves all who listen to a session, and rests when the last has gone."""

import asyncio
import json

from icestream.server.context import Server
from icestream.server.live.hub import Hub, Listener, hub_of
from icestream.server.people.gate import visitors_of
from people_of_tests import add_people
from report_session import SampleSession


def test_many_listeners_share_one_reader(server: Server, sample: SampleSession) -> None:
    async def check() -> None:
        hub = hub_of(server)
        assert hub_of(server) is hub
        hub.linger = 0.0
        session_id = server.catalogue.entries()[0].id
        with Listener(hub, "websocket") as first, Listener(hub, "websocket") as second:
            for listener in (first, second):
                listener.listen("all", hub.session(session_id))
                await listener.next()
            assert hub.connections == {"websocket": 2}
            assert hub.read_now == {session_id}
            sample.grow(1)
            for listener in (first, second):
                assert [news.batch.events[0].kind for _, news in await _events(listener)] == [
                    "exposure.state"
                ]
            first.leave("all")
            assert first.names == ()
            await asyncio.sleep(0.05)
            assert hub.read_now == {session_id}
        await asyncio.sleep(0.05)
        assert hub.read_now == frozenset()
        assert hub.connections == {"websocket": 0}

    asyncio.run(check())


async def _events(listener: Listener) -> list:
    while True:
        found = [one for one in await listener.next() if one[1].batch and one[1].batch.events]
        if found:
            return found


def test_what_was_found_is_not_lost_when_the_waiting_is_given_up(
    server: Server, sample: SampleSession
) -> None:
    """Two topics: the first has news when the second is given up in the midst of its question."""

    class Slow:
        def __init__(self) -> None:
            self.listeners: set[asyncio.Event] = set()

        async def news(self) -> None:
            await asyncio.sleep(0.2)

    async def check() -> None:
        hub = hub_of(server)
        session_id = server.catalogue.entries()[0].id
        with Listener(hub, "stream") as listener:
            listener.listen("events", hub.session(session_id, 0))
            listener.listen("slow", Slow())
            seen: list[int] = []
            while len(seen) < 30:
                try:
                    async with asyncio.timeout(0.1):
                        found = await listener.next()
                except TimeoutError:
                    listener._woken.set()  # as the next commit would
                    await asyncio.sleep(0)
                    listener.leave("slow")
                    continue
                for _, news in found:
                    seen += [event.seq for event in news.batch.events]
            assert seen == list(range(1, 31))

    asyncio.run(check())


def test_summaries_are_those_of_the_list(server: Server, sample: SampleSession) -> None:
    (entry,) = server.catalogue.entries()
    add_people(visitors_of(server))
    visitors_of(server).members.add(entry.key, "vic", "ada")

    async def check() -> None:
        hub: Hub = hub_of(server)
        with Listener(hub, "websocket") as listener:
            listener.listen("sessions", hub.sessions(lambda entry: True))
            ((_, news),) = await _events(listener)
            told = json.loads(news.batch.events[0].text)
            assert (told["folder"], told["people"]) == (str(sample.folder), ["vic"])
        with Listener(hub, "websocket") as listener:  # who comes by a shared link
            topic = hub.sessions(lambda entry: True, hub._overview.first, nameless=True)
            listener.listen("sessions", topic)
            ((_, news),) = await _events(listener)
            told = json.loads(news.batch.events[0].text)
            assert (told["folder"], told["people"]) == (str(sample.folder), [])
        with Listener(hub, "websocket") as listener:
            listener.listen("sessions", hub.sessions(lambda entry: False, hub._overview.first))
            ((_, news),) = await listener.next()
            assert news.batch.events == ()

    asyncio.run(check())
