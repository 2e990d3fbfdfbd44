"""What every executor must keep; one that runs leases elsewhere is added to `EXECUTORS`."""

import json
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import toys
from icestream.engine.executors.contract import Call, Ended, Executor, Lease
from icestream.engine.executors.local import LocalExecutor
from toy_session import wait_for

EXECUTORS: dict[str, Callable[[], Executor]] = {
    "local": lambda: LocalExecutor(2, warm=["toys:Add"], mark="contract:"),
}


class Bench:
    """An executor that was started, and what it said."""

    def __init__(self, executor: Executor, folder: Path) -> None:
        self.executor = executor
        self.folder = folder
        self.said: queue.Queue[Ended] = queue.Queue()
        executor.start(self.said.put)

    def submit(self, name: str, protocol: str = "Add", **options: Any) -> Lease:
        timeout, gpus = options.pop("timeout", 30.0), options.pop("gpus", ())
        cores = options.pop("cores", 1)
        document = json.dumps({"number": {"exposure": "e3", "value": 3.0}})
        call = Call(
            task=7,
            attempt=1,
            target=f"toys:{protocol}",
            parameters=options,
            inputs=json.dumps([["number", "", 1, "number"]]),
            documents={1: document},
            session=str(self.folder),
            scratch=str(self.folder / name),
            folder="step",
            name="e3",
            key="abcdef0123",
            cores=cores,
            gpus=gpus,
        )
        lease = Lease(id=f"contract:{name};", calls=(call,), timeout=timeout)
        self.executor.submit(lease)
        return lease

    def next(self) -> Ended:
        return self.said.get(timeout=20.0)


@pytest.fixture(scope="module", params=sorted(EXECUTORS))
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    made = EXECUTORS[request.param]()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def bench(executor: Executor, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(executor, tmp_path_factory.mktemp("executor"))


def test_a_lease_ends_once_with_what_its_calls_made(bench: Bench) -> None:
    lease = bench.submit("done", add=4.0)
    ended = bench.next()
    assert (ended.lease, ended.lost) == (lease.id, "")
    (ending,) = ended.endings
    assert (ending.task, ending.outcome) == (7, "done")
    assert json.loads(ending.document)["number"]["value"] == 7.0
    assert ending.qualities == {"toy.value": 7.0}
    assert bench.said.empty()


@pytest.mark.parametrize(
    ("fail", "outcome"),
    [("item", "item"), ("again", "again"), ("defect", "defect"), ("full", "storage")],
)
def test_a_failure_is_said_and_the_worker_goes_on(bench: Bench, fail: str, outcome: str) -> None:
    bench.submit("failed", fail=fail)
    assert bench.next().endings[0].outcome == outcome


def test_more_leases_than_there_is_room_for_wait_their_turn(bench: Bench) -> None:
    names = {bench.submit(f"many{n}").id for n in range(9)}
    assert {bench.next().lease for _ in names} == names


def test_a_worker_that_dies_costs_its_lease_alone(bench: Bench) -> None:
    dying, living = bench.submit("dies", fail="exit"), bench.submit("lives", seconds=0.3)
    ended = {one.lease: one for one in (bench.next(), bench.next())}
    assert "signal 9" in ended[dying.id].lost
    assert ended[living.id].endings[0].outcome == "done"
    bench.submit("after")
    assert bench.next().endings[0].outcome == "done"


def test_an_idle_worker_that_is_killed_costs_nothing(bench: Bench) -> None:
    workers = [c for c in psutil.Process().children() if "worker" in " ".join(c.cmdline())]
    assert workers
    for worker in workers:
        worker.kill()
    bench.submit("after all were killed")
    assert bench.next().lease == "contract:after all were killed;"


def test_a_cancelled_lease_and_its_programs_end_within_a_second(bench: Bench) -> None:
    lease = bench.submit("cancelled", "Echo", seconds=5432)
    while not toys.programs_of("sleep 5432"):
        time.sleep(0.02)
    began = time.monotonic()
    bench.executor.cancel(lease.id)
    assert bench.next().lost == "cancelled"
    while toys.programs_of("sleep 5432"):
        assert time.monotonic() - began < 1.0
        time.sleep(0.02)


def test_a_lease_that_waits_can_be_cancelled(bench: Bench) -> None:
    running = [bench.submit(f"long{n}", seconds=0.5).id for n in range(2)]
    waiting = bench.submit("waiting")
    bench.executor.cancel(waiting.id)
    ended = [bench.next() for _ in range(3)]
    assert ended[0] == Ended(waiting.id, (), "cancelled")
    assert {one.lease for one in ended[1:]} == set(running)


def test_a_lease_that_takes_too_long_is_ended(bench: Bench) -> None:
    bench.submit("slow", seconds=600, timeout=0.3)
    assert bench.next().lost == "took longer than 0.3 s"


def test_a_worker_uses_one_thread_and_ignores_the_terminal(bench: Bench) -> None:
    (worker, *_) = [c for c in psutil.Process().children() if "worker" in " ".join(c.cmdline())]
    assert worker.environ()["OMP_NUM_THREADS"] == "1"
    os.kill(worker.pid, signal.SIGINT)
    bench.submit("still there")
    assert bench.next().endings
    assert worker.is_running()


def sleeping(seconds: int) -> psutil.Process:
    """The program of an `Echo` that sleeps for so long."""

    def find() -> psutil.Process | None:
        commands = {one: one.info["cmdline"] for one in psutil.process_iter(["cmdline"])}
        return next((one for one in commands if commands[one] == ["sleep", f"{seconds}.0"]), None)

    found: psutil.Process = wait_for(find)
    return found


@pytest.mark.parametrize("cores", [1, 2])
def test_a_call_computes_in_no_more_threads_than_its_cores(bench: Bench, cores: int) -> None:
    bench.submit(f"busy{cores}", "Busy", cores=cores)
    (ending,) = bench.next().endings
    assert ending.outcome == "done", ending.details
    # The thread that waits for the others computes nothing.
    assert ending.qualities["toy.value"] <= (0 if cores == 1 else cores)


def test_a_program_sees_the_gpus_and_the_cores_of_its_call(bench: Bench) -> None:
    lease = bench.submit("gpus", "Echo", seconds=6541, gpus=(0, 2), cores=3)
    environment = sleeping(6541).environ()
    bench.executor.cancel(lease.id)
    assert bench.next().lost == "cancelled"
    assert environment["CUDA_VISIBLE_DEVICES"] == "0,2"
    assert environment["OMP_NUM_THREADS"] == "3"


def test_a_program_dies_with_its_worker(bench: Bench) -> None:
    lease = bench.submit("orphan", "Echo", seconds=6542)
    program = sleeping(6542)
    worker = next(one for one in program.parents() if one.ppid() == os.getpid())
    worker.kill()
    ended = bench.next()
    assert (ended.lease, ended.endings) == (lease.id, ())
    assert "signal 9" in ended.lost
    program.wait(5.0)


def test_as_many_leases_run_at_once_as_it_says(bench: Bench) -> None:
    room = bench.executor.capacity()
    leases = [bench.submit(f"room{n}", "Echo", seconds=6543 + n).id for n in range(room)]
    for n in range(room):
        sleeping(6543 + n)
    for lease in leases:
        bench.executor.cancel(lease)
    assert {bench.next().lease for _ in leases} == set(leases)


@pytest.mark.parametrize("name", sorted(EXECUTORS))
def test_stopping_ends_everything_and_says_nothing_more(name: str, tmp_path: Path) -> None:
    bench = Bench(EXECUTORS[name](), tmp_path)
    bench.submit("stopped", "Echo", seconds=6549)
    program = sleeping(6549)
    bench.executor.stop()
    program.wait(5.0)
    assert bench.said.empty()
