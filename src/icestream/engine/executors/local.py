"""Leases on this machine: persistent worker processes, one lease each at a time.

Every worker has a socket of its own, so that killing one costs the lease that it ran and
nothing else. All workers are started by one thread that lives as long as the executor: the
kernel kills a worker when the thread that started it ends.
"""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from icestream.engine.executors.contract import Ended, Lease
from icestream.engine.machine.programs import end_programs
from icestream.engine.machine.watched import ThreadDied, run_once

__all__ = ["LocalExecutor"]


@dataclass(slots=True)
class _Worker:
    process: "subprocess.Popen[bytes]"
    connection: Connection
    lease: Lease | None = None
    deadline: float = field(default=float("inf"))
    why: str = ""
    """Why we killed it; empty when we did not."""


class LocalExecutor:
    """Runs leases in `workers` processes of this machine.

    Parameters
    ----------
    workers
        How many leases run at once.
    warm
        Protocols (``module:Class``) that a worker imports before its first lease.
    mark
        Beginning of the names of all leases: when this process is killed, a guardian ends every
        program that leases with such names have left behind.
    """

    def __init__(self, workers: int, *, warm: Iterable[str] = (), mark: str = "") -> None:
        self._count = workers
        self._warm = tuple(warm)
        self._mark = mark
        self._guardian: subprocess.Popen[bytes] | None = None
        self._workers: list[_Worker] = []
        self._waiting: deque[Lease] = deque()
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._inbox: Callable[[Ended | ThreadDied], None] = _unheard
        self._thread = threading.Thread(target=self._run, name="executor", daemon=True)
        self._stopping = False

    def start(self, inbox: Callable[[Ended | ThreadDied], None]) -> None:
        """Start the workers."""
        self._inbox = inbox
        if self._mark:
            self._guardian = _guard(self._mark)
        self._thread.start()

    def submit(self, lease: Lease) -> None:
        """Run a lease on a free worker, or as soon as one is."""
        self._ask(lambda: self._waiting.append(lease))

    def cancel(self, lease: str) -> None:
        """Kill the worker that runs a lease, and its programs."""
        self._ask(lambda: self._cancel(lease))

    def capacity(self) -> int:
        """How many leases can run at once."""
        return self._count

    def stop(self) -> None:
        """Kill all workers and what they started; nothing more is said to the inbox."""
        self._stopping = True
        self._ring()
        if self._thread.is_alive():
            self._thread.join()
        self._bell.close()
        self._ear.close()
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            self._guardian.wait()

    def _ask(self, what: Callable[[], None]) -> None:
        self._asked.put(what)
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            self._bell.send(b"!")

    # Everything below runs in the executor's own thread.

    def _run(self) -> None:
        run_once("executor", self._serve, self._inbox)

    def _serve(self) -> None:
        self._workers = [self._spawn() for _ in range(self._count)]
        while not self._stopping:
            busy = min((w.deadline for w in self._workers), default=float("inf"))
            timeout = None if busy == float("inf") else max(0.0, busy - time.monotonic())
            sources: list[Any] = [self._ear.fileno(), *(w.connection for w in self._workers)]
            for source in wait(sources, timeout):
                if source == self._ear.fileno():
                    self._ear.recv(4096)
                else:
                    self._hear(next(w for w in self._workers if w.connection is source))
            with contextlib.suppress(queue.Empty):
                while True:
                    self._asked.get_nowait()()
            self._check_deadlines()
            self._hand_out()
        for worker in self._workers:
            self._kill(worker, "stopped")
            worker.process.wait()
            worker.connection.close()

    def _spawn(self) -> _Worker:
        ours, theirs = socket.socketpair()
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "NUMBA_NUM_THREADS": str(self._count),
        }
        with theirs:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "from icestream.engine.executors.worker import main; main()",
                    str(theirs.fileno()),
                    str(os.getpid()),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,
            )
        connection = Connection(ours.detach())
        with contextlib.suppress(OSError):
            connection.send((sys.path, self._warm))
        return _Worker(process, connection)

    def _hand_out(self) -> None:
        for place, worker in enumerate(self._workers):
            if not self._waiting:
                return
            if worker.lease is not None:
                continue
            lease = self._waiting.popleft()
            worker.lease = lease
            worker.deadline = time.monotonic() + lease.timeout
            try:
                worker.connection.send(lease)
            except OSError:  # it has just died
                self._bury(place, worker)

    def _hear(self, worker: _Worker) -> None:
        try:
            endings = worker.connection.recv()
        except (EOFError, OSError):
            self._bury(self._workers.index(worker), worker)
            return
        lease, worker.lease, worker.deadline = worker.lease, None, float("inf")
        self._hand_out()
        if lease is not None:
            self._inbox(Ended(lease.id, endings))

    def _bury(self, place: int, worker: _Worker) -> None:
        """Put a new worker in the place of a dead one, and say that its lease is lost."""
        worker.connection.close()
        with contextlib.suppress(ProcessLookupError):
            worker.process.kill()
        status = worker.process.wait()
        if not self._stopping:
            self._workers[place] = self._spawn()
        if worker.lease is not None:
            end_programs(worker.lease.id)
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            why = worker.why or f"the worker process ended with {how}"
            self._inbox(Ended(worker.lease.id, (), why))

    def _kill(self, worker: _Worker, why: str) -> None:
        worker.why = why
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.process.pid, signal.SIGKILL)
        if worker.lease is not None:
            end_programs(worker.lease.id)

    def _cancel(self, lease: str) -> None:
        for worker in self._workers:
            if worker.lease is not None and worker.lease.id == lease:
                self._kill(worker, "cancelled")  # its socket closes, and it is buried
                return
        for waiting in self._waiting:
            if waiting.id == lease:
                self._waiting.remove(waiting)
                self._inbox(Ended(lease, (), "cancelled"))
                return

    def _check_deadlines(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            if worker.deadline <= now and worker.lease is not None:
                worker.deadline = float("inf")
                self._kill(worker, f"took longer than {worker.lease.timeout:g} s")


def _unheard(said: Ended | ThreadDied) -> None:
    raise RuntimeError(f"{said} was said before the executor was started")


def _guard(mark: str) -> "subprocess.Popen[bytes]":
    """Start a process that outlives this one by a moment, and ends the programs it left.

    Programs die with their worker and workers with their coordinator, by the kernel's doing. What
    a program has started itself does not: the guardian's end of a pipe tells it when.
    """
    code = (
        "import sys, time; from icestream.engine.machine.programs import end_programs\n"
        "sys.stdin.buffer.read()\n"
        "for _ in range(3):\n"
        "    if not end_programs(sys.argv[1]): break\n"
        "    time.sleep(0.1)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, mark],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
