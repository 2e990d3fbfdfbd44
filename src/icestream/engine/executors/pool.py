"""Leases on workers: which one runs where, and what becomes of it; one thread's own."""

import time
from collections import Counter, deque

from icestream.engine.executors.contract import (
    CANCELLED,
    NO_ROOM,
    CapacityChanged,
    Ended,
    Gpus,
    Inbox,
    Lease,
)
from icestream.engine.executors.placement import choose
from icestream.engine.executors.wire import Beat, LeaseBegun, WorkerReady
from icestream.engine.executors.workers import NEVER, START, Worker, Workers
from icestream.engine.machine.programs import end_programs

__all__ = ["Pool"]

_END = 5.0
"""Seconds that a worker has for ending when it was killed; then it is left to the kernel."""
_BUSY = 0.25
"""Part of the time for which a silent process computes if it does anything at all."""
_UNREAD = 5
"""Workers that may die before they read one lease, until it is taken to be what kills them."""


class Pool:
    """Hands leases to workers, and says to the inbox what becomes of them."""

    def __init__(self, workers: Workers, inbox: Inbox) -> None:
        self.workers = workers
        self._inbox = inbox
        self._waiting: deque[Lease] = deque()
        self._unread: Counter[str] = Counter()
        self._allowed: frozenset[int] = frozenset()
        self._told: CapacityChanged | None = None
        self._looked = time.monotonic()

    def turn(self) -> Gpus:
        """Start what can be started, and say how much room there is; returns what GPUs do."""
        self.workers.fill()
        self._hand_out()
        self.workers.mend()
        room = self.workers.capacity()
        if room != self._told:
            self._told = room
            self._inbox(room)
        while self._waiting and not room.leases:
            self._inbox(Ended(self._waiting.popleft().id, (), NO_ROOM))
        return self.workers.gpus(self._allowed)

    def submit(self, lease: Lease) -> None:
        """Run a lease as soon as a worker is free."""
        self._waiting.append(lease)

    def cancel(self, lease: str) -> None:
        """Kill the worker that runs a lease."""
        for worker in self.workers:
            if worker.lease is not None and worker.lease.id == lease:
                if worker.ready:
                    self._kill(worker, CANCELLED)
                else:
                    worker.lease = None
                    self._inbox(Ended(lease, (), CANCELLED))
                return
        for waiting in self._waiting:
            if waiting.id == lease:
                self._waiting.remove(waiting)
                self._inbox(Ended(lease, (), CANCELLED))
                return

    def allow(self, gpus: frozenset[int]) -> None:
        """Place leases on these GPUs only, and leave the others as soon as nothing runs there."""
        self._allowed = gpus
        for worker in self.workers:
            self._let_go(worker)

    def hear(self, worker: Worker) -> None:
        """Take in what a worker says."""
        try:
            said = worker.process.connection.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        except Exception as error:
            worker.why = worker.why or f"the worker process cannot be understood: {error}"
            self._bury(worker)
            return
        worker.hear()
        if isinstance(said, Beat):
            return
        if isinstance(said, LeaseBegun):
            worker.begun = True
            return
        if isinstance(said, WorkerReady):
            worker.ready, worker.counted, worker.deadline = True, True, NEVER
            if worker.lease is not None:
                self._send(worker, worker.lease)
            return
        lease, worker.lease, worker.deadline = worker.lease, None, NEVER
        self._let_go(worker)
        self._hand_out()
        if lease is not None:
            self._inbox(Ended(lease.id, said.endings))

    def check_deadlines(self) -> None:
        """Kill what takes too long, and what has said nothing for too long."""
        now, before = time.monotonic(), self._looked
        self._looked = now
        for worker in self.workers:
            if now - before > self.workers.silence / 2:  # it is looked four times in that time
                worker.heard = now  # this process was stopped itself, and could not listen
            if worker.deadline > now:
                self._look_for_life(worker, now)
                continue
            worker.deadline = NEVER
            if worker.why:
                self._bury(worker, patience=0.1)
            elif not worker.ready:
                self._kill(worker, f"was not ready after {START:g} s")
            elif worker.lease is not None:
                self._kill(worker, f"took longer than {worker.lease.timeout:g} s")

    def _look_for_life(self, worker: Worker, now: float) -> None:
        """Kill a worker that is silent and does nothing.

        One that computes may be in a library that lets no other thread of Python run.
        """
        quiet = now - worker.heard
        if not worker.ready or worker.why or quiet < self.workers.silence:
            return
        if worker.process.cpu_seconds() - worker.used >= _BUSY * quiet:
            worker.hear()
            return
        worker.silent = True
        self._kill(worker, f"the worker process has not answered for {quiet:.0f} s")

    def close(self) -> None:
        """End all workers, and what they run."""
        for worker in self.workers:
            self._end(worker)

    def _hand_out(self) -> None:
        for lease in tuple(self._waiting):
            worker = self._place(lease.gpus)
            if worker is not None:
                self._waiting.remove(lease)
                worker.lease = lease
                if worker.ready:
                    self._send(worker, lease)

    def _place(self, many: int) -> Worker | None:
        """An idle worker that is bound to so many GPUs; None when the lease has to wait."""
        if not many:
            plain = (
                worker for worker in self.workers.plain() if worker.ready and worker.lease is None
            )
            return next(plain, None)
        bound = self.workers.bound()
        idle = {worker.gpus: worker for worker in bound if worker.lease is None}
        busy = {gpu for worker in bound if worker.lease is not None for gpu in worker.gpus}
        gpus = choose(many, self._allowed - busy, tuple(idle))
        if not gpus or gpus in idle:
            return idle.get(gpus)
        for other, worker in idle.items():
            if set(other) & set(gpus):
                self._end(worker)  # it holds memory of a GPU that this lease is to have alone
        return self.workers.start(gpus)

    def _send(self, worker: Worker, lease: Lease) -> None:
        worker.deadline, worker.begun = time.monotonic() + lease.timeout, False
        try:
            worker.process.connection.send(lease)
        except OSError:
            pass  # it has just died, which its socket will say
        except Exception as error:
            worker.lease, worker.deadline = None, NEVER
            self._inbox(Ended(lease.id, (), f"it cannot be sent to a worker: {error}"))

    def _let_go(self, worker: Worker) -> None:
        """End a worker that runs nothing, and whose GPUs are not ours any more."""
        if not worker.runs and not self._allowed.issuperset(worker.gpus):
            self._end(worker)

    def _kill(self, worker: Worker, why: str) -> None:
        """Kill a worker: its socket closes, and it is buried."""
        worker.why = why
        worker.deadline = time.monotonic() + _END
        worker.process.kill()
        if worker.lease is not None:
            end_programs(worker.lease.id)

    def _end(self, worker: Worker) -> None:
        """End a worker that is not wanted any more; what it was to run waits for another."""
        self.workers.remove(worker)
        if worker.lease is None:
            return
        if worker.ready:
            end_programs(worker.lease.id)
        else:
            self._waiting.appendleft(worker.lease)

    def _bury(self, worker: Worker, patience: float = 10.0) -> None:
        """A worker has died: its lease is lost, and another worker will take its place."""
        how = self.workers.remove(worker, patience)
        if not worker.ready:
            self.workers.failed(worker.why or f"ended with {how} before it was ready")
            if worker.lease is not None:
                self._waiting.appendleft(worker.lease)
        elif worker.lease is not None and self._died_idle(worker, worker.lease):
            self._waiting.appendleft(worker.lease)
        elif worker.lease is not None:
            end_programs(worker.lease.id)
            why = worker.why or f"the worker process ended with {how}"
            self._inbox(Ended(worker.lease.id, (), why, blameless=worker.silent))

    def _died_idle(self, worker: Worker, lease: Lease) -> bool:
        """Whether a worker died by itself before it read its lease, which another may then run."""
        if worker.begun or worker.why:
            return False
        self._unread[lease.id] += 1
        return self._unread[lease.id] < _UNREAD
