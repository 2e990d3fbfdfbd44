"""The workers of this machine: starting those that are missing, and what to do when that fails."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from icestream.engine.executors.contract import CapacityChanged, Gpus, Lease
from icestream.engine.executors.processes import WorkerProcess, start_guardian, start_worker
from icestream.engine.executors.wire import Prepare

__all__ = ["NEVER", "SILENCE", "START", "StartTrouble", "Worker", "Workers"]

NEVER = float("inf")
START = 600.0
"""Seconds that a worker may take to be ready: the first compiles the kernels for all."""
SILENCE = 120.0
"""Seconds without a sign of life after which a worker is killed, unless it is said otherwise."""
_FIRST = 0.5
_LONGEST = 60.0
"""Seconds of the first and of the longest pause before it is tried again to start a worker."""


@dataclass(slots=True, eq=False)
class Worker:
    """A worker, and the lease that it has."""

    process: WorkerProcess
    gpus: tuple[int, ...]
    """That it is bound to; most have none."""
    counted: bool
    """Whether it is room for a lease: it is ready, or nothing says that it will not be."""
    deadline: float
    """When it is killed."""
    ready: bool = False
    lease: Lease | None = None
    """That it runs; of one that is not ready, that it is to run."""
    begun: bool = False
    """Whether it has said that it has read its lease."""
    why: str = ""
    """Why we killed it; empty when we did not."""
    heard: float = 0.0
    """When it last said anything."""
    used: float = 0.0
    """Processor time that it had used then, seconds."""
    silent: bool = False
    """Whether it was killed because it said nothing for too long."""

    def hear(self) -> None:
        """Note that it lives."""
        self.heard = time.monotonic()
        self.used = self.process.cpu_seconds()

    @property
    def runs(self) -> bool:
        """Whether a lease is lost when it ends."""
        return self.ready and self.lease is not None


@dataclass(slots=True)
class StartTrouble:
    """Workers cannot be started: how often in a row, why, and when it is tried again."""

    times: int = 0
    reason: str = ""
    again: float = 0.0

    def begin(self, reason: str) -> None:
        """Note a worker that could not be started; those of one moment are one."""
        now = time.monotonic()
        self.reason = f"worker processes cannot be started ({reason})"
        if now >= self.again:
            self.again = now + min(_LONGEST, _FIRST * 2 ** min(self.times, 10))
            self.times += 1

    @property
    def known(self) -> bool:
        """Whether it has happened again: a first time may be chance, and is over at once."""
        return self.times > 1

    @property
    def pausing(self) -> bool:
        """Whether it is not the time to try it again."""
        return time.monotonic() < self.again


class Workers:
    """So many workers without a GPU, and those that are bound to GPUs; one thread's own.

    Parameters
    ----------
    count
        Workers without a GPU.
    warm
        Protocols (``module:Class``) that they import before their first lease.
    mark
        Of the programs that a guardian ends when this process is killed.
    silence
        Seconds without a sign of life after which one is killed.
    """

    def __init__(
        self, count: int, warm: tuple[str, ...], mark: str, silence: float = SILENCE
    ) -> None:
        self.silence = silence
        self._count = count
        self._warm = warm
        self._mark = mark
        self._workers: list[Worker] = []
        self._guardian: subprocess.Popen[bytes] | None = None
        self._trouble = StartTrouble()

    def __iter__(self) -> Iterator[Worker]:
        return iter(tuple(self._workers))

    def __contains__(self, worker: Worker) -> bool:
        return worker in self._workers

    def plain(self) -> list[Worker]:
        """Those without a GPU: the room for leases."""
        return [worker for worker in self._workers if not worker.gpus]

    def bound(self) -> list[Worker]:
        """Those with GPUs."""
        return [worker for worker in self._workers if worker.gpus]

    def fill(self) -> None:
        """Start what is missing, if it is the time to try it."""
        if self._trouble.pausing:
            return
        if self._mark and self._guardian is None:
            try:
                self._guardian = start_guardian(self._mark)
            except OSError as error:
                self._trouble.begin(str(error))
                return
        for _ in range(self._count - len(self.plain())):
            # While they fail one is tried, and the next when that one is ready.
            if self._trouble.times and not all(worker.ready for worker in self._workers):
                return
            if self.start(()) is None:
                return

    def start(self, gpus: tuple[int, ...]) -> Worker | None:
        """Start one that is bound to these GPUs; None when it cannot be started now."""
        if self._trouble.pausing:
            return None
        path = tuple(filter(None, sys.path))
        try:
            prepare = Prepare(path=path, warm=self._warm, gpus=gpus, beat=self.silence / 8)
            process = start_worker(prepare, self._count)
        except OSError as error:
            self._trouble.begin(str(error))
            return None
        deadline = time.monotonic() + START
        worker = Worker(process, gpus, counted=not self._trouble.known, deadline=deadline)
        self._workers.append(worker)
        return worker

    def remove(self, worker: Worker, patience: float = 10.0) -> str:
        """Make sure that one ends, and forget it; returns how it ended."""
        how = worker.process.bury(patience)
        self._workers.remove(worker)
        return how

    def failed(self, why: str) -> None:
        """One has ended before it was ready."""
        self._trouble.begin(f"one {why}")

    def mend(self) -> None:
        """Trouble is over when everything that was to be started is ready."""
        if not self._trouble.times or self._trouble.pausing:
            return
        guarded = self._guardian is not None or not self._mark
        if guarded and len(self.plain()) >= self._count and all(w.ready for w in self._workers):
            self._trouble = StartTrouble()

    def capacity(self) -> CapacityChanged:
        """How many leases can run at once."""
        if not self._trouble.known:
            return CapacityChanged(self._count)
        room = sum(worker.counted for worker in self._workers if not worker.gpus)
        return CapacityChanged(room, self._trouble.reason)

    def gpus(self, allowed: frozenset[int]) -> Gpus:
        """What they do with GPUs, of which those that are allowed may be used."""
        bound = self.bound()
        if not bound:
            return Gpus(held=allowed)
        busy = frozenset(gpu for worker in bound if worker.lease is not None for gpu in worker.gpus)
        return Gpus(busy, allowed.union(gpu for worker in bound for gpu in worker.gpus))

    def due(self) -> float:
        """When the next is to be killed or started."""
        when = min((worker.deadline for worker in self._workers), default=NEVER)
        if any(worker.ready for worker in self._workers):
            when = min(when, time.monotonic() + self.silence / 4)  # whether they give signs of life
        return min(when, self._trouble.again) if self._trouble.pausing else when

    def close(self) -> None:
        """Dismiss the guardian, which looks a last time."""
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            self._guardian.wait()
