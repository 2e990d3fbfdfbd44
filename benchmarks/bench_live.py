"""What it costs to tell fifty connections what happens in a session, and how soon they know.

A session of some thousand exposures is written on faster than a fast microscope acquires: an
exposure each two seconds, with the tasks of its steps. `icestream serve` runs in a process of its
own; its processor time is measured once with nobody listening and once with fifty connections, each
of which has the session's topic, its alerts and the list of sessions. From the commit of each event
to its arrival at each connection is its delay. What was measured: docs/reference/websocket.md.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import numpy as np
import psutil
from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from icestream.store import tables as t
from icestream.store.events import TaskDone
from icestream.store.follow import newest_event
from icestream.store.writing import Writes
from post_office import free_port
from report_session import ITEM_STEPS, SampleSession

CONNECTIONS = 50
EXPOSURES = 5000
EVERY = 2.0
"""Seconds between two exposures."""
SECONDS = 60.0


class Growing(threading.Thread):
    """Writes a session on, and remembers when each event was there for all to see."""

    def __init__(self, sample: SampleSession, *, every: float = EVERY) -> None:
        super().__init__(daemon=True)
        self.sample = sample
        self.every = every
        self.committed: dict[int, float] = {}
        self.stopping = threading.Event()
        self._seen = newest_event(sample.store)

    def run(self) -> None:
        """Commit what happens, until it is stopped."""
        while not self.stopping.is_set():
            self.sample.grow(1, settle=False)
            self._remember()
            exposure, _, number, _ = self.sample.going[-1]
            steps = () if self.sample.fails(number) else ITEM_STEPS
            for step in steps:
                if self.stopping.wait(self.every / (len(steps) + 1)):
                    return
                with self.sample.store.write() as connection:
                    writes = Writes(self.sample.numbers, time.time())
                    number = self.sample.step_ids[step]
                    if self.sample.documents:  # its tasks are written when it is settled
                        writes.event(TaskDone(result=None), step_id=number, subject_id=exposure)
                        writes.count(number, running=0)
                    else:
                        writes.count(number, running=0, done=1, seconds=1.5)
                        self.sample._task(writes, step, exposure, "done", result_id=0)  # noqa: SLF001
                    writes.flush(connection)
                self._remember()
            if self.stopping.wait(self.every / (len(steps) + 1)):
                return

    def _remember(self) -> None:
        now, last = time.time(), self.sample.numbers.last("event")
        for seq in range(self._seen + 1, last + 1):
            self.committed[seq] = now
        self._seen = last


class Served(NamedTuple):
    """A session that grows, and who serves it."""

    address: str
    session: str
    server: psutil.Process
    growing: Growing


async def listen(address: str, session: str, delays: list[float], growing: Growing) -> None:
    """One connection, as a page of the application has it."""
    async with connect(f"{address.replace('http', 'ws')}/api/ws") as socket:
        for topic in ("sessions", f"session/{session}", f"session/{session}/alerts"):
            await socket.send(json.dumps({"subscribe": topic}))
        async for text in socket:
            now, said = time.time(), json.loads(text)
            if said["topic"] == f"session/{session}":
                told = (event["seq"] for event in said.get("events", ()))
                delays += (now - at for seq in told if (at := growing.committed.get(seq)))


async def measure(address: str, session: str, server: psutil.Process, growing: Growing) -> None:
    """Listen for a minute, and print what it cost."""
    delays: list[float] = []
    for connections in (0, CONNECTIONS):
        tasks = [
            asyncio.create_task(listen(address, session, delays, growing))
            for _ in range(connections)
        ]
        await asyncio.sleep(5.0)
        delays.clear()
        before, began = server.cpu_times(), time.monotonic()
        await asyncio.sleep(SECONDS)
        after, took = server.cpu_times(), time.monotonic() - began
        used = (after.user + after.system - before.user - before.system) / took
        memory = server.memory_info().rss / 1e6
        print(f"{connections:3} connections: {100 * used:5.1f} % of a core, {memory:.0f} MB")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    low, high = np.percentile(delays, [50, 95])
    print(f"{len(delays)} events told: delay {low:.2f} s (median), {high:.2f} s (95 %)")


@contextmanager
def growing_session(
    exposures: int, *, every: float = EVERY, pictures: bool = False
) -> Iterator[Served]:
    """A session that is written on, and a server over it in a process of its own.

    Its exposures have results and `pictures`, or numbers alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        sample = SampleSession(Path(folder) / "grid", start=time.time() - 12.0 * exposures,
                               documents=pictures)  # fmt: skip
        with sample.store.write() as connection:
            connection.execute(t.session.update().values(uid=uuid.uuid4().hex))
        sample.grow(exposures)
        if pictures:
            sample.classify()
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "icestream", "serve", folder, "--port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        growing = Growing(sample, every=every)
        try:
            with closing(sample.store):
                session = _when_there(address)
                growing.start()
                yield Served(address, session, psutil.Process(process.pid), growing)
                growing.stopping.set()
                growing.join()
        finally:
            process.terminate()
            process.wait(20)


def _when_there(address: str) -> str:
    while True:
        try:
            return str(httpx2.get(f"{address}/api/sessions", timeout=20).json()[0]["id"])
        except httpx2.TransportError:
            time.sleep(0.1)


def main() -> int:
    """Make the session, serve it, and measure."""
    with growing_session(EXPOSURES) as served:
        asyncio.run(measure(*served))
    return 0


if __name__ == "__main__":
    sys.exit(main())
