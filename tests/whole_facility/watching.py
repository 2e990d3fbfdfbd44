"""What is seen of a facility meanwhile: answers of the browser's server, lag, CPU, messages."""

import json
import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from icestream.facility.messages.broker import BrokerAway, BrokerLink
from whole_facility.beginning import counts
from whole_facility.parts import coordinator
from whole_facility.world import World

__all__ = ["Heard", "Seen", "percentile"]

QUEUES = ("icestream.answers", "icestream.results", "icestream.alerts", "icestream.dead")


def percentile(values: list[float], part: float) -> float:
    """The value below which a part of them lies; 0 of none."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else 0.0


class Watcher:
    """Something that is done over and over in a thread until it is left."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__)
        self.trouble: Exception | None = None

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self.trouble is not None:
            raise self.trouble

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self.look()
                self._stop.wait(self._every)
        except Exception as error:
            self.trouble = error

    def look(self) -> None:
        raise NotImplementedError


class Heard(Watcher):
    """All that is told on the queues, as a LIMS that reads all the time hears it."""

    def __init__(self, world: World) -> None:
        super().__init__(0.0)
        self.bodies: dict[str, dict[str, str]] = defaultdict(dict)
        """What each queue has told, by its own identity."""
        self.again: Counter[str] = Counter()
        """How often something came once more, by queue."""
        self.other: list[str] = []
        """Identities under which something else came later."""
        self._link = BrokerLink(world.broker.section(), QUEUES)

    def look(self) -> None:
        try:
            if not self._link.is_open:
                self._link.open()
            frames = self._link.frames(0.5)
            for frame in frames:
                self._take(frame.queue, frame.body.decode())
            self._link.acknowledge(frames)
        except BrokerAway:
            self._stop.wait(0.5)

    def _take(self, queue: str, body: str) -> None:
        told = self.bodies[queue]
        key = str(json.loads(body)["id"])
        if key in told:
            self.again[queue] += 1
            self.other += [key] if told[key] != body else []
        told[key] = body

    def of(self, queue: str) -> list[dict[str, Any]]:
        """Documents of a queue, each once."""
        return [json.loads(body) for body in self.bodies[f"icestream.{queue}"].values()]

    def __exit__(self, *given: object) -> None:
        super().__exit__(*given)
        self._link.close()


@dataclass
class Measured:
    """What was measured of the browser's server and of the LIMS."""

    answers: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds of each answer, by what was asked."""
    refused: Counter[str] = field(default_factory=Counter)
    """Questions that found no server, and answers that were none, by why."""
    lags: list[float] = field(default_factory=list)
    """Seconds since the oldest exposure was processed whose row was not in ISPyB, at each look."""


class Seen(Watcher):
    """Asks the server what pages ask, the LIMS how far it is, and the kernel who works."""

    def __init__(self, world: World) -> None:
        super().__init__(1.0)
        self.measured = Measured()
        self.cpu: dict[str, dict[int, float]] = defaultdict(dict)
        """Seconds of CPU of each part by process; a part that is killed has several."""
        self.memory: dict[str, int] = defaultdict(int)
        """Bytes at most of each part."""
        self.history: list[tuple[float, int]] = []
        """Exposures that were processed by then."""
        self._world = world
        self._paths: dict[str, str] = {}
        self._lims = world.lims.engine("ispyb")

    def look(self) -> None:
        self._work()
        self._ask()
        self.history.append((time.time(), sum(counts(one)["done"] for one in self._sessions)))
        self._lag()

    @property
    def _sessions(self) -> list[Any]:
        return [one for one in self._world.microscopes if one.session]

    def _ask(self) -> None:
        paths = {"sessions": "/api/sessions", "microscopes": "/api/facility/microscopes",
                 "duties": "/api/facility/duties", **self._paths}  # fmt: skip
        for name, path in paths.items():
            began = time.monotonic()
            try:
                answer = httpx.get(f"{self._world.url}{path}", timeout=30.0)
            except httpx.TransportError as error:
                self.measured.refused[type(error).__name__] += 1
                return
            if answer.status_code != 200:
                self.measured.refused[f"{name}: {answer.status_code} {answer.text[:200]}"] += 1
                continue
            self.measured.answers[name].append(time.monotonic() - began)
            if name == "sessions" and (shown := answer.json()):
                # Asked anew each time: a session that is being made gets its own id later.
                own = f"/api/sessions/{shown[0]['id']}"
                self._paths = {"live": f"{own}/live", "exposures": f"{own}/exposures?limit=50"}

    def _lag(self) -> None:
        asked = text("SELECT COUNT(*) FROM CTF")
        with suppress(DBAPIError, OSError), self._lims.connect() as connection:
            there = int(connection.execute(asked).scalar() or 0)
            now, done = self.history[-1]
            if there >= done:
                self.measured.lags.append(0.0)
            else:
                since = next(when for when, count in self.history if count > there)
                self.measured.lags.append(now - since)

    def _work(self) -> None:
        sessions = {f"session {one.session}": coordinator(one.folder) for one in self._sessions}
        pids = {"server": self._world.server.pid, "duties": self._world.duties.pid, **sessions}
        for part, pid in pids.items():
            with suppress(psutil.Error):
                if pid:
                    self._note(part, psutil.Process(pid))

    def _note(self, part: str, process: psutil.Process) -> None:
        memory = process.memory_info().rss
        times = process.cpu_times()
        self.cpu[part][process.pid] = times.user + times.system
        for one in process.children(recursive=True) if part.startswith("session ") else ():
            with suppress(psutil.Error):
                times = one.cpu_times()
                self.cpu[f"{part}: workers, report"][one.pid] = times.user + times.system
        self.memory[part] = max(self.memory[part], memory)

    def used(self) -> dict[str, float]:
        """Seconds of CPU of each part."""
        return {part: sum(by.values()) for part, by in self.cpu.items()}

    def __exit__(self, *given: object) -> None:
        super().__exit__(*given)
        self._lims.dispose()
