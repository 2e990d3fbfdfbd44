"""Leases on workers, with processes that only pretend: every answer at the moment of the test."""

from collections import deque
from typing import Any

import pytest

from icestream.engine.executors import pool as module
from icestream.engine.executors import workers as workers_module
from icestream.engine.executors.contract import (
    CANCELLED,
    Call,
    CapacityChanged,
    Ended,
    Ending,
    Gpus,
    Lease,
)
from icestream.engine.executors.pool import Pool
from icestream.engine.executors.wire import Answer, Beat, LeaseBegun, WorkerReady
from icestream.engine.executors.workers import SILENCE, START, Worker, Workers

DONE = (Ending(task=7, outcome="done"),)


class Process:
    """A worker's process and its socket: what is sent is kept, what it says is put there."""

    def __init__(self, prepare: Any) -> None:
        self.gpus = prepare.gpus
        self.connection = self
        self.sent: list[Any] = []
        self.said: deque[Any] = deque()
        self.killed = self.buried = False
        self.deaf: Exception | None = None
        self.used = 0.0

    def send(self, what: Any) -> None:
        if self.deaf is not None:
            raise self.deaf
        self.sent.append(what)

    def recv(self) -> Any:
        if not self.said:
            raise EOFError
        said = self.said.popleft()
        if isinstance(said, Exception):
            raise said
        return said

    def kill(self) -> None:
        self.killed = True

    def cpu_seconds(self) -> float:
        return self.used

    def bury(self, patience: float = 10.0) -> str:
        self.buried = True
        return "signal 9"


class Bench:
    """A pool, its processes by GPUs, and what it said."""

    def __init__(self, count: int = 2, allowed: tuple[int, ...] = ()) -> None:
        self.said: list[Any] = []
        self.processes: list[Process] = []
        self.pool = Pool(Workers(count, (), ""), self.said.append)
        self.pool.allow(frozenset(allowed))
        self.pool.turn()

    def start(self, prepare: Any, threads: int) -> Any:
        self.processes.append(Process(prepare))
        return self.processes[-1]

    def worker(self, place: int) -> Worker:
        return next(w for w in self.pool.workers if w.process is self.processes[place])

    def hear(self, place: int, *said: Any) -> None:
        self.processes[place].said.extend(said)
        self.pool.hear(self.worker(place))
        self.pool.turn()

    def submit(self, name: str, gpus: int = 0, timeout: float = 10.0) -> Lease:
        call = Call(task=7, attempt=1, target="", parameters={}, inputs="", documents={}, gpus=gpus)
        lease = Lease(id=name, calls=(call,), timeout=timeout)
        self.pool.submit(lease)
        self.pool.turn()
        return lease

    def ended(self) -> list[Ended]:
        return [one for one in self.said if isinstance(one, Ended)]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes benches; gives the clock's hand too."""
    clock = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(module, "end_programs", lambda lease: 0)

    def made(*given: Any, **named: Any) -> tuple[Bench, list[float]]:
        bench = Bench.__new__(Bench)
        monkeypatch.setattr(workers_module, "start_worker", bench.start)
        bench.__init__(*given, **named)  # type: ignore[misc]
        return bench, clock

    return made


def test_a_lease_goes_to_a_worker_that_is_ready(make: Any) -> None:
    bench, _ = make()
    assert bench.said == [CapacityChanged(2)]
    lease = bench.submit("a")
    assert [one.sent for one in bench.processes] == [[], []]
    bench.hear(1, WorkerReady())
    assert bench.processes[1].sent == [lease]
    bench.hear(1, Answer("a", DONE))
    assert bench.said[1:] == [Ended("a", DONE)]


def test_the_next_lease_is_sent_before_the_end_of_the_last_is_said(make: Any) -> None:
    bench, _ = make(1)
    bench.hear(0, WorkerReady())
    bench.submit("a")
    lease = bench.submit("b")
    bench.processes[0].said.append(Answer("a", DONE))
    order: list[str] = []
    bench.pool._inbox = lambda said: order.append(str(len(bench.processes[0].sent)))
    bench.pool.hear(bench.worker(0))
    assert order == ["2"]
    assert bench.processes[0].sent[-1] == lease


def test_a_worker_that_dies_loses_its_lease_and_is_replaced(make: Any) -> None:
    bench, _ = make(1)
    bench.hear(0, WorkerReady())
    bench.submit("a")
    bench.hear(0, LeaseBegun())
    bench.hear(0)
    assert bench.ended() == [Ended("a", (), "the worker process ended with signal 9")]
    assert len(bench.processes) == 2
    assert bench.processes[0].buried


def test_a_worker_that_cannot_be_understood_is_ended(make: Any) -> None:
    bench, _ = make(1)
    bench.hear(0, WorkerReady())
    bench.submit("a")
    bench.hear(0, AttributeError("no such class"))
    (ended,) = bench.ended()
    assert ended.lost == "the worker process cannot be understood: no such class"
    assert bench.processes[0].buried


def test_a_lease_that_is_sent_to_a_worker_that_has_just_died_is_given_to_another(make: Any) -> None:
    bench, _ = make(1)
    bench.hear(0, WorkerReady())
    bench.processes[0].deaf = BrokenPipeError()
    lease = bench.submit("a")
    bench.hear(0)
    assert [one.buried for one in bench.processes] == [True, False]
    bench.hear(1, WorkerReady())
    assert bench.processes[1].sent == [lease]
    bench.hear(1, LeaseBegun())
    assert bench.ended() == []
    bench.hear(1, Answer("a", ()))
    assert bench.ended() == [Ended("a", ())]


def test_a_lease_that_five_workers_died_before_reading_is_lost(make: Any) -> None:
    bench, _ = make(1)
    bench.submit("a")
    for place in range(5):
        assert bench.ended() == []
        bench.hear(place, WorkerReady())
        bench.hear(place)
    assert bench.ended() == [Ended("a", (), "the worker process ended with signal 9")]


def test_the_next_lease_of_a_worker_is_not_begun_before_it_says_so(make: Any) -> None:
    bench, _ = make(1)
    bench.hear(0, WorkerReady())
    bench.submit("a")
    bench.hear(0, LeaseBegun())
    bench.hear(0, Answer("a", ()))
    bench.submit("b")
    bench.hear(0)
    assert bench.ended() == [Ended("a", ())]


def test_a_lease_that_cannot_be_sent_is_lost_alone(make: Any) -> None:
    bench, _ = make(1)
    bench.hear(0, WorkerReady())
    bench.processes[0].deaf = TypeError("cannot pickle")
    bench.submit("a")
    assert bench.ended() == [Ended("a", (), "it cannot be sent to a worker: cannot pickle")]
    bench.processes[0].deaf = None
    lease = bench.submit("b")
    assert bench.processes[0].sent == [lease]


def test_what_takes_too_long_is_killed_from_when_it_was_sent(make: Any) -> None:
    bench, clock = make(1)
    bench.submit("a", timeout=10.0)
    clock[0] += 50.0
    bench.pool.check_deadlines()
    bench.hear(0, WorkerReady())
    clock[0] += 9.0
    bench.pool.check_deadlines()
    assert not bench.processes[0].killed
    clock[0] += 1.0
    bench.pool.check_deadlines()
    assert bench.processes[0].killed
    bench.hear(0)
    assert bench.ended() == [Ended("a", (), "took longer than 10 s")]


def test_a_worker_that_is_never_ready_is_killed_and_the_lease_stays(make: Any) -> None:
    bench, clock = make(1)
    bench.submit("a")
    clock[0] += START
    bench.pool.check_deadlines()
    assert bench.processes[0].killed
    bench.hear(0)
    assert bench.ended() == []
    clock[0] += 1.0
    bench.pool.turn()
    bench.hear(1, WorkerReady())
    assert [lease.id for lease in bench.processes[1].sent] == ["a"]


# -- GPUs ------------------------------------------------------------------------------------------


def test_a_worker_is_started_for_a_gpu_and_kept(make: Any) -> None:
    bench, _ = make(1, (4, 6))
    bench.submit("a", gpus=1)
    assert [one.gpus for one in bench.processes] == [(), (4,)]
    assert bench.pool.turn() == Gpus(frozenset({4}), frozenset({4, 6}))
    bench.hear(1, WorkerReady())
    bench.hear(1, Answer("a", DONE))
    bench.submit("b", gpus=1)
    assert len(bench.processes) == 2
    assert [lease.id for lease in bench.processes[1].sent] == ["a", "b"]


def test_a_worker_makes_room_for_one_that_is_bound_to_its_gpu_and_another(make: Any) -> None:
    bench, _ = make(1, (4, 6))
    bench.submit("a", gpus=1)
    bench.hear(1, WorkerReady())
    bench.hear(1, Answer("a", DONE))
    bench.submit("b", gpus=2)
    assert bench.processes[1].buried
    assert bench.processes[2].gpus == (4, 6)


def test_a_lease_whose_gpu_is_taken_back_before_it_was_sent_waits_for_another(make: Any) -> None:
    bench, _ = make(1, (4,))
    bench.submit("a", gpus=1)
    bench.pool.allow(frozenset({6}))
    bench.pool.turn()
    assert bench.processes[1].buried
    assert bench.processes[2].gpus == (6,)
    bench.hear(2, WorkerReady())
    assert [lease.id for lease in bench.processes[2].sent] == ["a"]
    assert bench.ended() == []


def test_a_lease_whose_worker_is_not_ready_can_be_cancelled(make: Any) -> None:
    bench, _ = make(1, (4,))
    bench.submit("a", gpus=1)
    bench.pool.cancel("a")
    assert bench.ended() == [Ended("a", (), CANCELLED)]
    assert not bench.processes[1].killed  # it may serve another
    bench.hear(1, WorkerReady())
    assert bench.processes[1].sent == []


def test_closing_ends_every_worker_and_says_nothing(make: Any) -> None:
    bench, _ = make(2, (4,))
    bench.hear(0, WorkerReady())
    bench.submit("a")
    bench.submit("b", gpus=1)
    bench.pool.close()
    assert all(process.buried for process in bench.processes)
    assert bench.ended() == []


# -- signs of life ---------------------------------------------------------------------------------


def pass_time(bench: Bench, clock: list[float], seconds: float, *beating: int) -> None:
    """Let time pass in small steps; these workers give signs of life."""
    for _ in range(10):
        clock[0] += seconds / 10
        for place in beating:
            bench.hear(place, Beat())
        bench.pool.check_deadlines()


def test_a_worker_that_says_nothing_any_more_is_killed_and_its_lease_not_blamed(make: Any) -> None:
    bench, clock = make(2)
    for place in (0, 1):
        bench.hear(place, WorkerReady())
        bench.submit(f"{place}", timeout=1e6)
    pass_time(bench, clock, SILENCE - 1.0, 1)
    assert not bench.processes[0].killed
    pass_time(bench, clock, 2.0, 1)
    assert [one.killed for one in bench.processes] == [True, False]
    bench.hear(0)  # its socket closes
    (ended,) = bench.ended()
    assert ended.lease == "0"
    assert ended.blameless
    assert ended.lost.startswith("the worker process has not answered for 12")


def test_one_that_takes_too_long_is_to_blame(make: Any) -> None:
    bench, clock = make(1)
    bench.hear(0, WorkerReady())
    bench.submit("a", timeout=50.0)
    pass_time(bench, clock, 50.0, 0)
    assert bench.processes[0].killed
    bench.hear(0)
    assert [one.blameless for one in bench.ended()] == [False]


def test_one_that_computes_in_a_library_that_lets_nothing_else_run_is_left_alone(make: Any) -> None:
    bench, clock = make(1)
    bench.hear(0, WorkerReady())
    bench.submit("a", timeout=1e6)
    for _ in range(5):
        bench.processes[0].used += 0.5 * SILENCE
        pass_time(bench, clock, SILENCE + 1.0)
    assert not bench.processes[0].killed
    pass_time(bench, clock, SILENCE + 1.0)
    pass_time(bench, clock, SILENCE + 1.0)
    assert bench.processes[0].killed


def test_who_was_stopped_itself_does_not_blame_others(make: Any) -> None:
    """Ctrl-Z, or a computer that slept."""
    bench, clock = make(1)
    bench.hear(0, WorkerReady())
    clock[0] += 100 * SILENCE
    bench.pool.check_deadlines()
    assert not bench.processes[0].killed


def test_one_that_even_the_kernel_cannot_end_is_left_behind(make: Any) -> None:
    bench, clock = make(1)
    bench.hear(0, WorkerReady())
    bench.submit("a", timeout=1e6)
    pass_time(bench, clock, SILENCE + 1.0)
    assert bench.processes[0].killed
    assert bench.ended() == []
    pass_time(bench, clock, 10.0)
    (ended,) = bench.ended()
    assert ended.blameless
    bench.pool.turn()
    assert len(bench.processes) == 2  # another has taken its place
