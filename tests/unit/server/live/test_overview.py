"""Summaries are made again only of what was written, and numbered as they change."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from icestream.server.catalogue import Entry
from icestream.server.context import Server
from icestream.server.live import overview as module
from icestream.server.live.overview import SessionsOverview
from report_session import SampleSession


async def until(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("it has not come true in time")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.02)
    monkeypatch.setattr(module, "_AGAIN", 0.05)


def test_a_session_is_summed_up_when_something_was_written(
    server: Server, sample: SampleSession
) -> None:
    asked: list[str] = []

    def sum_up(entry: Entry) -> str:
        asked.append(entry.id)
        return json.dumps({"id": entry.id, "total": sample.total})

    async def check() -> None:
        overview = SessionsOverview(server.catalogue, sum_up, asyncio.get_running_loop())
        overview.start()
        place = overview.first
        (first,) = await until(lambda: overview.after(place))
        assert json.loads(first.told.text)["total"] == 30
        await asyncio.sleep(0.3)
        assert len(asked) <= 2  # a copy of the log's header may be written late
        sample.grow(1)
        (second,) = await until(lambda: overview.after(first.told.seq))
        assert json.loads(second.told.text)["total"] == 31
        assert [one.told.seq for one in overview.after(place)] == [second.told.seq]
        overview.stop()
        await until(lambda: "overview" not in [each.name for each in threading.enumerate()])

    asyncio.run(check())


def test_what_has_not_changed_in_the_summary_is_not_told(
    server: Server, sample: SampleSession
) -> None:
    async def check() -> None:
        overview = SessionsOverview(
            server.catalogue, lambda entry: "{}", asyncio.get_running_loop()
        )
        overview.start()
        await until(lambda: overview.last > overview.first)
        sample.grow(1)
        await asyncio.sleep(0.5)
        assert overview.last == overview.first + 1
        overview.stop()

    asyncio.run(check())


def test_a_rate_falls_though_nothing_is_written(
    server: Server, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_OLD", 0.1)

    async def check() -> None:
        numbers = iter(range(1000))
        overview = SessionsOverview(
            server.catalogue, lambda entry: str(next(numbers)), asyncio.get_running_loop()
        )
        overview.start()
        await until(lambda: overview.last >= overview.first + 3)
        overview.stop()

    asyncio.run(check())


def test_it_goes_on_after_a_summary_that_failed(server: Server, sample: SampleSession) -> None:
    times = []

    def sum_up(entry: Entry) -> str:
        times.append(entry)
        if len(times) == 1:
            raise RuntimeError("a defect")
        return "{}"

    async def check() -> None:
        overview = SessionsOverview(server.catalogue, sum_up, asyncio.get_running_loop())
        overview.start()
        await until(lambda: overview.last > overview.first)
        overview.stop()

    asyncio.run(check())
