"""A session is read on by one thread, through whatever happens to its store."""

import asyncio
import json
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from icestream.server.catalogue import Catalogue
from icestream.server.context import Server
from icestream.server.live.tail import Tail
from icestream.store import queries
from report_session import SampleSession


@pytest.fixture
def session_id(server: Server) -> str:
    return server.catalogue.entries()[0].id


@asynccontextmanager
async def tail_of(catalogue: Catalogue, session_id: str) -> AsyncIterator[Tail]:
    tail = Tail(session_id, catalogue, asyncio.get_running_loop())
    try:
        yield tail
    finally:
        tail.stop()


async def until(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("it has not come true in time")


def test_what_is_written_is_told_in_order_and_soon(
    server: Server, sample: SampleSession, session_id: str
) -> None:
    async def check() -> None:
        async with tail_of(server.catalogue, session_id) as tail:
            ring = await until(lambda: tail.ring)
            start = ring.start
            began = time.monotonic()
            sample.grow(3)
            await until(lambda: ring.last > start)
            assert time.monotonic() - began < 5.0  # a second on a machine that does nothing else
            await asyncio.sleep(0.5)
            found = [json.loads(one.text) for one in ring.after(start, 1000).events]
            assert [one["seq"] for one in found] == list(range(start + 1, ring.last + 1))
            assert [one["kind"] for one in found].count("exposure.state") == 3

    asyncio.run(check())


def test_counts_are_told_when_they_change_and_not_more_often_than_twice_a_second(
    server: Server, sample: SampleSession, session_id: str
) -> None:
    async def check() -> None:
        async with tail_of(server.catalogue, session_id) as tail:
            await until(lambda: tail.counted.version)
            said = json.loads(f"{{{tail.counted.text}}}")
            assert sum(said["exposures"].values()) == 30
            assert {step["name"] for step in said["steps"]} >= {"import", "ctf"}
            last = queries.exposures(sample.store, limit=100)[-1]
            assert said["newest"] == {"number": last.number, "name": last.name}
            await asyncio.sleep(1.0)
            version, began = tail.counted.version, time.monotonic()
            assert version == 1  # nothing has changed
            for _ in range(20):
                sample.grow(1)
                await asyncio.sleep(0.1)
            told = tail.counted.version - version
            assert 1 <= told <= 2 * (time.monotonic() - began) + 1
            await until(
                lambda: sum(json.loads(f"{{{tail.counted.text}}}")["exposures"].values()) == 50
            )

    asyncio.run(check())


def test_another_session_in_its_place_is_begun_anew(
    server: Server, sample: SampleSession, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that was brought back from a backup has fewer events: no place in it holds."""
    monkeypatch.setattr("icestream.server.live.tail._LEASE", 0.2)
    backup = sample.folder.parent / "backup"

    async def check() -> None:
        async with tail_of(server.catalogue, session_id) as tail:
            ring = await until(lambda: tail.ring)
            sample.grow(5)
            await until(lambda: ring.last > ring.start)
            shutil.rmtree(sample.folder)
            await until(lambda: tail.problem)
            backup.rename(sample.folder)
            await until(lambda: tail.renewed)
            assert not tail.problem
            assert tail.ring is not None
            assert tail.ring.last < ring.last

    shutil.copytree(sample.folder, backup)
    sample.store.close()
    shutil.rmtree(backup)
    shutil.copytree(sample.folder, backup)
    server.catalogue.entries(fresh=True)
    asyncio.run(check())


def test_it_ends_when_it_is_stopped(server: Server, session_id: str) -> None:
    async def check() -> None:
        async with tail_of(server.catalogue, session_id) as tail:
            await until(lambda: tail.ring)
        await until(lambda: f"tail-{session_id}" not in [t.name for t in threading.enumerate()])

    asyncio.run(check())
