"""Workers that cannot be started: people hear of it, and it is tried again after pauses."""

import errno
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from icestream.engine.executors import workers as module
from icestream.engine.executors.contract import CapacityChanged, Gpus
from icestream.engine.executors.workers import StartTrouble, Worker, Workers

EAGAIN = "[Errno 11] Resource temporarily unavailable"
FAILS = f"worker processes cannot be started ({EAGAIN})"


class Process:
    """A worker's process that only says that it was ended."""

    def __init__(self) -> None:
        self.connection = object()
        self.buried = False

    def bury(self, patience: float = 10.0) -> str:
        self.buried = True
        return "signal 9"


class Machine:
    """A machine with room for so many more processes, and a clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.room = 100
        self.tried: list[float] = []
        monkeypatch.setattr(module, "start_worker", self.start)
        monkeypatch.setattr(module, "start_guardian", self.start)
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)

    def start(self, *_: object) -> Any:
        self.tried.append(self.now)
        if not self.room:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        self.room -= 1
        return Process()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def turn(workers: Workers) -> CapacityChanged:
    workers.fill()
    workers.mend()
    return workers.capacity()


def all_ready(workers: Workers) -> None:
    for worker in workers:
        worker.ready = worker.counted = True


def test_there_are_as_many_as_were_asked_for(machine: Machine) -> None:
    workers = Workers(3, (), "")
    assert turn(workers) == CapacityChanged(3)
    assert len(workers.plain()) == 3
    assert turn(workers) == CapacityChanged(3)
    assert len(machine.tried) == 3


def test_one_failure_is_no_news_and_two_are(machine: Machine) -> None:
    machine.room = 1
    workers = Workers(3, (), "")
    assert turn(workers) == CapacityChanged(3)
    assert turn(workers) == CapacityChanged(3)
    assert len(machine.tried) == 2  # not without a pause
    all_ready(workers)
    machine.now += 0.5
    assert turn(workers) == CapacityChanged(1, FAILS)


def test_it_is_tried_again_with_growing_pauses(machine: Machine) -> None:
    machine.room = 0
    workers = Workers(2, (), "")
    for _ in range(400):
        turn(workers)
        machine.now = workers.due()
    pauses = [later - before for before, later in itertools.pairwise(machine.tried)]
    assert pauses[:9] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert set(pauses[9:]) == {60.0}


def test_room_comes_back_with_the_workers_and_the_trouble_is_over(machine: Machine) -> None:
    machine.room = 0
    workers = Workers(2, (), "")
    for _ in range(3):
        turn(workers)
        machine.now += 60.0
    assert turn(workers) == CapacityChanged(0, FAILS)
    machine.room = 100
    machine.now += 60.0
    assert turn(workers).leases == 0  # whether they come to life is not known
    assert len(workers.plain()) == 1
    all_ready(workers)
    assert turn(workers) == CapacityChanged(1, FAILS)
    assert len(workers.plain()) == 2
    all_ready(workers)
    assert turn(workers) == CapacityChanged(2)


def test_a_worker_that_ends_before_it_is_ready_could_not_be_started(machine: Machine) -> None:
    workers = Workers(1, (), "")
    for _ in range(2):
        turn(workers)
        (worker,) = workers
        assert workers.remove(worker) == "signal 9"
        workers.failed("ended with signal 9 before it was ready")
        machine.now += 0.6
    assert turn(workers) == CapacityChanged(
        0,
        "worker processes cannot be started (one ended with signal 9 before it was ready)",
    )
    assert not workers.plain()
    machine.now = workers.due()
    turn(workers)
    assert len(workers.plain()) == 1


def test_many_that_fail_at_once_are_one_failure() -> None:
    trouble = StartTrouble()
    for _ in range(64):
        trouble.begin("x")
    assert trouble.times == 1


def test_a_worker_that_lived_is_replaced_at_once(machine: Machine) -> None:
    workers = Workers(2, (), "")
    turn(workers)
    all_ready(workers)
    workers.remove(next(iter(workers)))
    assert turn(workers) == CapacityChanged(2)
    assert len(workers.plain()) == 2


def test_without_a_guardian_it_works_and_tries_again(machine: Machine) -> None:
    workers = Workers(1, (), "mark:")
    assert turn(workers) == CapacityChanged(1)
    assert len(machine.tried) == 2
    machine.room = 0
    workers = Workers(1, (), "mark:")
    turn(workers)
    machine.now += 1.0
    machine.room = 100
    turn(workers)
    all_ready(workers)
    assert turn(workers) == CapacityChanged(1)


def test_a_worker_on_a_gpu_is_no_room_and_holds_its_gpu(machine: Machine) -> None:
    workers = Workers(1, (), "")
    turn(workers)
    assert workers.gpus(frozenset({0, 1})) == Gpus(frozenset(), frozenset({0, 1}))
    worker = workers.start((1,))
    assert worker is not None
    assert turn(workers) == CapacityChanged(1)
    assert workers.gpus(frozenset({0})) == Gpus(frozenset(), frozenset({0, 1}))
    worker.lease = object()  # type: ignore[assignment]
    assert workers.gpus(frozenset({0})) == Gpus(frozenset({1}), frozenset({0, 1}))
    workers.remove(worker)
    assert workers.gpus(frozenset({0})) == Gpus(frozenset(), frozenset({0}))


def test_a_worker_for_a_gpu_that_cannot_be_started_is_trouble_until_it_can(
    machine: Machine,
) -> None:
    workers = Workers(1, (), "")
    turn(workers)
    all_ready(workers)
    machine.room = 0
    for _ in range(2):
        assert workers.start((0,)) is None
        assert workers.start((0,)) is None  # pausing
        machine.now += 0.5
        turn_without_mending = workers.capacity()
    assert turn_without_mending == CapacityChanged(1, FAILS)
    machine.now += 60.0
    assert turn(workers) == CapacityChanged(1)  # nobody wants one now


def test_what_is_due_first_is_waited_for(machine: Machine) -> None:
    workers = Workers(1, (), "")
    assert workers.due() == module.NEVER
    turn(workers)
    assert workers.due() == machine.now + module.START
    (worker,) = workers
    worker.ready, worker.deadline = True, module.NEVER
    assert workers.due() == machine.now + module.SILENCE / 4
    workers.failed("x")
    assert workers.due() == machine.now + 0.5


@pytest.mark.parametrize(
    ("ready", "lease", "runs"),
    [(True, object(), True), (False, object(), False), (True, None, False)],
)
def test_a_lease_runs_on_a_worker_that_is_ready(ready: bool, lease: Any, runs: bool) -> None:
    made: Callable[..., Worker] = Worker
    assert made(Process(), (), True, 0.0, ready=ready, lease=lease).runs is runs
