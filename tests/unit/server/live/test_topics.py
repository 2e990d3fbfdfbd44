"""Each connection is told every event once, wherever it begins, or that it must load anew."""

import asyncio
import time

import pytest

from icestream.server.context import Server
from icestream.server.live import topics
from icestream.server.live.tail import Tail
from icestream.server.live.topics import News, SessionTopic
from icestream.store.follow import newest_event
from report_session import SampleSession


async def all_of(topic: SessionTopic, last: int) -> list[int]:
    """Numbers of all events up to the last."""
    seen: list[int] = []
    ends = time.monotonic() + 20
    while seen[-1:] != [last]:
        assert time.monotonic() < ends
        news = await topic.news()
        if news is None:
            await asyncio.sleep(0.01)
        elif news.batch is not None:
            seen += [event.seq for event in news.batch.events]
    return seen


async def next_of(topic: SessionTopic) -> News:
    ends = time.monotonic() + 20
    while (news := await topic.news()) is None:
        assert time.monotonic() < ends
        await asyncio.sleep(0.01)
    return news


def tail_of(server: Server) -> Tail:
    session_id = server.catalogue.entries()[0].id
    return Tail(session_id, server.catalogue, asyncio.get_running_loop())


@pytest.mark.parametrize("place", [0, 3, 30])
def test_every_event_is_told_once_from_store_and_memory(
    server: Server, sample: SampleSession, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "_PAGE", 7)

    async def check() -> None:
        tail = tail_of(server)
        topic = SessionTopic(tail, place)
        while tail.ring is None:
            await asyncio.sleep(0.01)
        sample.grow(30)  # these go through memory
        last = newest_event(sample.store)
        assert await all_of(topic, last) == list(range(place + 1, last + 1))
        assert (await next_of(SessionTopic(tail, None))).seq == last
        tail.stop()

    asyncio.run(check())


def test_whoever_has_loaded_what_is_not_read_on_yet_is_not_lost(
    server: Server, sample: SampleSession
) -> None:
    async def check() -> None:
        tail = tail_of(server)
        while tail.ring is None:
            await asyncio.sleep(0.01)
        sample.grow(5)  # the loop has not been told of it
        last = newest_event(sample.store)
        assert tail.ring.last < last
        first = await next_of(SessionTopic(tail, last))
        assert (first.reset, first.seq) == (False, last)
        assert (await next_of(SessionTopic(tail, last + 1))).reset
        tail.stop()

    asyncio.run(check())


def test_whoever_wants_the_whole_is_never_too_late(
    server: Server, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "MOST_BEHIND", 5)

    async def check() -> None:
        tail = tail_of(server)
        last = newest_event(sample.store)
        assert (await next_of(SessionTopic(tail, 1))).reset
        assert await all_of(SessionTopic(tail, 1, whole=True), last) == list(range(2, last + 1))
        tail.stop()

    asyncio.run(check())


def test_a_session_that_cannot_be_read_is_told_once_and_then_goes_on(
    server: Server, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        tail = tail_of(server)
        topic = SessionTopic(tail, None)
        first = await next_of(topic)
        tail.problem = "the disk is away"
        assert (await next_of(topic)).problem == "the disk is away"
        assert await topic.news() is None
        tail.problem = ""
        sample.grow(1)
        assert await all_of(topic, first.seq + 1) == [first.seq + 1]
        tail.stop()

    asyncio.run(check())
