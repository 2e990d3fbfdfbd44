"""Leases on this machine: persistent worker processes, one lease each at a time.

Every worker has a socket of its own, so that killing one costs the lease that it ran and
nothing else. All workers are started by one thread that lives as long as the executor: the
kernel kills a worker when the thread that started it ends.
"""

import contextlib
import queue
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from icestream.engine.executors.contract import Fusing, Gpus, Inbox, Lease
from icestream.engine.executors.pool import Pool
from icestream.engine.executors.workers import NEVER, SILENCE, Worker, Workers
from icestream.engine.machine.programs import end_programs
from icestream.engine.machine.watched import run_once

__all__ = ["LocalExecutor"]


class LocalExecutor:
    """Runs leases in `workers` processes of this machine, and in more that are bound to GPUs.

    Parameters
    ----------
    workers
        How many leases run at once.
    warm
        Protocols (``module:Class``) that a worker imports before its first lease.
    mark
        Beginning of the names of all leases: when this process is killed, a guardian ends every
        program that leases with such names have left behind.
    silence
        Seconds without a sign of life after which a worker is killed, and its lease lost.
    """

    def __init__(
        self,
        workers: int,
        *,
        warm: Iterable[str] = (),
        mark: str = "",
        silence: float = SILENCE,
    ) -> None:
        self._workers = Workers(workers, tuple(warm), mark, silence)
        self._gpus = Gpus()
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._pool: Pool
        self._thread: threading.Thread | None = None
        self._stopping = False

    def sweep(self, mark: str, scratch: Path) -> None:
        """End the programs that dead leases have left, and remove what they wrote."""
        end_programs(mark)
        shutil.rmtree(scratch, ignore_errors=True)

    def start(self, inbox: Inbox) -> None:
        """Start the workers."""
        self._pool = Pool(self._workers, inbox)
        run = ("executor", self._serve, inbox)
        self._thread = threading.Thread(target=run_once, args=run, name="executor", daemon=True)
        self._thread.start()

    def fusing(self) -> Fusing:
        """A lease costs some milliseconds of this process."""
        return Fusing(seconds=0.02, most=16)

    def allow(self, gpus: Iterable[int]) -> None:
        """Place leases on these GPUs only; idle workers on others are ended."""
        allowed = frozenset(gpus)
        self._ask(lambda: self._pool.allow(allowed))

    def gpus(self) -> Gpus:
        """Which GPUs leases and workers hold."""
        return self._gpus

    def submit(self, lease: Lease) -> None:
        """Run a lease on a free worker, or as soon as one is."""
        self._ask(lambda: self._pool.submit(lease))

    def cancel(self, lease: str) -> None:
        """Kill the worker that runs a lease, and its programs."""
        self._ask(lambda: self._pool.cancel(lease))

    def stop(self) -> None:
        """Kill all workers and what they started; nothing more is said to the inbox."""
        self._stopping = True
        self._ring()
        if self._thread is not None:
            self._thread.join()
        self._bell.close()
        self._ear.close()
        self._workers.close()

    def _ask(self, what: Callable[[], None]) -> None:
        self._asked.put(what)
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            self._bell.send(b"!")

    # In the executor's own thread.

    def _serve(self) -> None:
        try:
            while not self._stopping:
                self._gpus = self._pool.turn()
                self._listen()
        finally:
            self._pool.close()

    def _listen(self) -> None:
        """Wait until a worker says something, somebody asks for something, or it is time."""
        by_source: dict[Any, Worker] = {w.process.connection: w for w in self._workers}
        sources = [self._ear.fileno(), *by_source]
        due = self._workers.due()
        patience = None if due == NEVER else max(0.0, due - time.monotonic())
        for source in wait(sources, patience):
            if source == self._ear.fileno():
                self._ear.recv(4096)
            elif by_source[source] in self._workers:
                self._pool.hear(by_source[source])
        with contextlib.suppress(queue.Empty):
            while True:
                self._asked.get_nowait()()
        self._pool.check_deadlines()
