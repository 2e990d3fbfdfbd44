"""What fifty open tabs of a session cost its server while the session is written on.

    python benchmarks/bench_tabs.py [--real 2] [--tabs 50] [--every 3.6]

Tabs are on the first screen of a session of two thousand exposures, all of them seen; an exposure
comes and is processed each so many seconds (3.6: a thousand an hour). Fifty pages that draw are
more than two cores can do: a few are pages of a real Chromium, and the others are connections that
ask what a page asks, when it would ask (`frontend/src/api/live.ts`). How often both ask is printed,
so that a page that asks for more is noticed. The server runs in a process of its own; its processor
time and its resident size are measured for a minute without tabs and for a minute with them.
Figures: docs/explanation/web-benchmarks.md.
"""

import argparse
import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx2
import psutil
from playwright.sync_api import BrowserContext, Request, sync_playwright
from websockets.asyncio.client import connect

from bench_live import Served, growing_session
from bench_screens import CHROMIUM, first_view

EXPOSURES = 2000
SECONDS = 60.0
FIRST, BESIDE, SOON = 5.0, 20.0, 0.3
"""Seconds between two looks at where the session stands, at what is beside it, and until both."""
NAMES = "time,square,ctf.resolution,ctf.defocus,ctf.astigmatism,motion.total,picks.count"
BESIDES = (
    f"columns?names={NAMES}&most=3000",
    "qualities",
    "squares?quality=ctf.resolution",
    "classes",
    "volumes",
)


def used(server: psutil.Process, seconds: float = SECONDS) -> float:
    """The part of a core that a process takes for some time."""
    before, began = server.cpu_times(), time.monotonic()
    time.sleep(seconds)
    after, took = server.cpu_times(), time.monotonic() - began
    return (after.user + after.system - before.user - before.system) / took


class Connection:
    """What asks as a page does, and counts what it asked."""

    def __init__(self, served: Served, client: httpx2.AsyncClient) -> None:
        self.served = served
        self.client = client
        self.asked = 0
        self.shown = ""
        self.looked = {"first": -BESIDE, "beside": -BESIDE}

    async def run(self) -> None:
        """Ask for as long as it is not cancelled."""
        await asyncio.sleep(random.uniform(0.0, FIRST))
        async with connect(f"{self.served.address.replace('http', 'ws')}/api/ws") as socket:
            for topic in ("sessions", f"session/{self.served.session}"):
                await socket.send(json.dumps({"subscribe": topic}))
            async with asyncio.TaskGroup() as looks:
                looks.create_task(self._look())
                async for text in socket:
                    told = json.loads(text)
                    newest = (told.get("newest") or {}).get("name", "")
                    if newest and newest != self.shown:
                        self.shown = newest
                        looks.create_task(self._show(newest, told["seq"]))

    async def _look(self) -> None:
        """The first part of the screen and what is beside it: there is always something new."""
        while True:
            for part, every, paths in (("first", FIRST, ("live",)), ("beside", BESIDE, BESIDES)):
                if time.monotonic() - self.looked[part] >= every:
                    self.looked[part] = time.monotonic()
                    age = 4 if part == "first" else 15
                    await asyncio.gather(*(self._ask(path, age) for path in paths))
            await asyncio.sleep(SOON)

    async def _show(self, name: str, seq: int) -> None:
        place = f"exposures/{quote(name, safe='')}"
        shown = await self._ask(f"{place}?asof={seq}", 15)
        if "picks.count" in shown["qualities"]:
            await self._ask(f"{place}/picks?asof={seq}", 15)
        pictures = {link["role"]: link["url"] for link in _pictures(shown)}
        for role in ("micrograph", "spectrum"):
            if role in pictures:
                self.asked += 1
                await self.client.get(self.served.address + pictures[role])

    async def _ask(self, path: str, age: int) -> Any:
        self.asked += 1
        place = f"{self.served.address}/api/sessions/{self.served.session}/{path}"
        answer = await self.client.get(place, headers={"Cache-Control": f"max-age={age}"})
        return answer.json()


def _pictures(exposure: dict[str, Any]) -> list[dict[str, Any]]:
    return [link for step in exposure["results"] for link in step["pictures"]]


@contextmanager
def connections(served: Served, count: int) -> Iterator[list[Connection]]:
    """So many connections in a thread, for as long as the block runs."""
    made: list[Connection] = []
    stopping = threading.Event()

    async def run() -> None:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx2.AsyncClient(limits=limits, timeout=30.0) as client:
            made.extend(Connection(served, client) for _ in range(count))
            tasks = [asyncio.create_task(one.run()) for one in made]
            while not stopping.is_set():
                await asyncio.sleep(0.2)
                for task in tasks:
                    if task.done():
                        task.result()  # what went wrong is told
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        yield made
    finally:
        stopping.set()
        thread.join()


def _count(asked: list[int], request: Request) -> None:
    asked[0] += "/api/" in request.url


def open_pages(context: BrowserContext, served: Served, count: int) -> list[int]:
    """Open so many pages; what they ask from now on is counted in the list that is given back."""
    asked = [0]
    for _ in range(count):
        page = context.new_page()
        first_view(page, f"{served.address}/s/{served.session}")
        page.on("request", partial(_count, asked))
    return asked


def main() -> None:
    """Open the tabs, and print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=int, default=2)
    parser.add_argument("--tabs", type=int, default=50)
    parser.add_argument("--every", type=float, default=3.6)
    given = parser.parse_args()
    with (
        growing_session(EXPOSURES, every=given.every, pictures=True) as served,
        sync_playwright() as playwright,
    ):
        print(f"an exposure each {given.every:g} s")
        none = used(served.server)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        asked = open_pages(context, served, given.real)
        with connections(served, given.tabs - given.real) as others:
            context.pages[0].wait_for_timeout(1000 * BESIDE)
            before = asked[0], sum(one.asked for one in others)
            shares: list[float] = []
            measuring = threading.Thread(target=lambda: shares.append(used(served.server)))
            measuring.start()
            context.pages[0].wait_for_timeout(1000 * SECONDS)
            measuring.join()
            of_pages = (asked[0] - before[0]) / SECONDS / max(1, given.real)
            of_others = (sum(one.asked for one in others) - before[1]) / SECONDS / len(others)
            size = served.server.memory_info().rss / 1e6
        browser.close()
    print(f"   no tab: {100 * none:5.1f} % of a core")
    print(f"{given.tabs:3} tabs: {100 * shares[0]:5.1f} % of a core, {size:.0f} MB")
    print(f"asked each second: {of_pages:.2f} by a page, {of_others:.2f} by one of the others")


if __name__ == "__main__":
    main()
