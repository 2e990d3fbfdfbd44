"""What every executor must keep; one that runs leases elsewhere is added to `EXECUTORS`.

Those in `SEPARATE` run leases in processes of their own, which can be killed and bound to GPUs.
"""

import itertools
import json
import os
import queue
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import toys
from icestream.engine.executors.cluster.executor import ClusterExecutor
from icestream.engine.executors.cluster.kinds import DaskCluster, NodeKind
from icestream.engine.executors.contract import (
    BLAMELESS,
    CANCELLED,
    NO_ROOM,
    Call,
    CapacityChanged,
    Ended,
    Executor,
    Fusing,
    Gpus,
    Lease,
)
from icestream.engine.executors.local import LocalExecutor
from icestream.engine.executors.pool import Pool
from icestream.engine.machine.programs import LEASE
from icestream.engine.machine.watched import ThreadDied
from toy_session import InlineExecutor, wait_for


def on_a_node() -> ClusterExecutor:
    """Leases on a node of Dask, which is a process of this machine."""
    here = NodeKind(cores=2, memory=2**32, least=1)  # type: ignore[arg-type]
    made = ClusterExecutor(DaskCluster(nodes={"here": here}), warm=["toys:Add"])
    made.sweep("contract:", Path(tempfile.mkdtemp(prefix="session")) / ".scratch")
    return made


EXECUTORS: dict[str, Callable[[], Executor]] = {
    "cluster": on_a_node,
    "inline": InlineExecutor,
    "local": lambda: LocalExecutor(2, warm=["toys:Add"], mark="contract:"),
}
SEPARATE = ["cluster", "local"]
EACH = [*SEPARATE, *sorted(EXECUTORS.keys() - SEPARATE)]
BINDING = ["local"]
"""Those that bind their workers to GPUs of this machine."""
BROKEN: dict[str, tuple[type, str]] = {
    "cluster": (ClusterExecutor, "_turn"),
    "inline": (InlineExecutor, "run"),
    "local": (Pool, "turn"),
}
"""What to break for the executor's own thread to die."""


class Bench:
    """An executor that was started, and what it said."""

    def __init__(self, name: str, executor: Executor, folder: Path) -> None:
        self.name = name
        self.executor = executor
        self.folder = folder
        self.said: queue.Queue[Any] = queue.Queue()
        self.numbers = itertools.count(1)
        self.rooms: list[CapacityChanged] = []
        executor.start(self.said.put)
        self.hear(CapacityChanged)

    def submit(self, name: str, protocol: str = "Add", **options: Any) -> Lease:
        timeout, gpus = options.pop("timeout", 30.0), options.pop("gpus", 0)
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
        # As in a session: no two leases have one name, and what ended may still be in the cluster.
        lease = Lease(id=f"contract:{name}-{next(self.numbers)};", calls=(call,), timeout=timeout)
        self.executor.submit(lease)
        return lease

    def hear(self, kind: type) -> Any:
        """The next message of a kind; room is noted on the way."""
        while True:
            said = self.said.get(timeout=120.0)  # a node may take its time
            if isinstance(said, CapacityChanged):
                self.rooms.append(said)
            if isinstance(said, kind):
                return said
            assert isinstance(said, CapacityChanged), said

    def next(self) -> Ended:
        ended: Ended = self.hear(Ended)
        return ended

    @property
    def room(self) -> int:
        return self.rooms[-1].leases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One executor of each kind serves all tests: a node takes seconds of a processor to come."""
    if "separate" in metafunc.fixturenames:
        metafunc.parametrize("bench", SEPARATE, indirect=True, scope="module")
    elif "bench" in metafunc.fixturenames:
        metafunc.parametrize("bench", EACH, indirect=True, scope="module")


@pytest.fixture(scope="module")
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    made = EXECUTORS[request.param]()
    yield Bench(request.param, made, tmp_path_factory.mktemp("executor"))
    made.stop()


@pytest.fixture
def separate(bench: Bench) -> Bench:
    """Only executors whose leases run in processes of their own."""
    return bench


# -- leases ----------------------------------------------------------------------------------------


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


def test_a_lease_that_waits_can_be_cancelled(bench: Bench) -> None:
    running = [bench.submit(f"long{n}", seconds=0.5).id for n in range(2)]
    waiting = bench.submit("waiting")
    bench.executor.cancel(waiting.id)
    ended = [bench.next() for _ in range(3)]
    assert ended[0] == Ended(waiting.id, (), CANCELLED)
    assert {one.lease for one in ended[1:]} == set(running)


def test_cancelling_what_has_ended_does_nothing(bench: Bench) -> None:
    lease = bench.submit("ended")
    bench.next()
    bench.executor.cancel(lease.id)
    assert bench.submit("next").id == bench.next().lease


def test_it_says_how_much_work_makes_a_lease(bench: Bench) -> None:
    fusing = bench.executor.fusing()
    assert isinstance(fusing, Fusing)
    assert fusing.seconds >= 0.0
    assert fusing.most >= 1
    assert fusing == bench.executor.fusing()


# -- room, and the executor's own end --------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(EXECUTORS))
def test_room_is_the_first_that_is_said(name: str, tmp_path: Path) -> None:
    bench = Bench(name, EXECUTORS[name](), tmp_path)
    bench.executor.stop()
    assert bench.rooms == [CapacityChanged(2)]


class Starved:
    """Takes an executor its room away, and gives it back."""

    def __init__(self, bench: Bench) -> None:
        self.name = bench.name
        self.executor: Any = bench.executor
        self.patch = pytest.MonkeyPatch()

    def __enter__(self) -> None:
        def full(*_: object) -> None:
            raise OSError(11, "Resource temporarily unavailable")

        if self.name == "inline":
            self.executor.say_room(0, "Resource temporarily unavailable")
            return
        if self.name == "cluster":
            self.patch.setattr("icestream.engine.executors.cluster.jobs._popen", full)
            self.patch.setattr("icestream.engine.executors.cluster.fleet._FIRST", 0.1)
            for node in nodes():
                node.kill()
            return
        self.patch.setattr("icestream.engine.executors.workers.start_worker", full)
        for worker in workers():
            worker.kill()

    def __exit__(self, *_: object) -> None:
        self.patch.undo()
        if self.name == "inline":
            self.executor.say_room(2)


def test_room_is_said_whenever_it_changes_and_0_holds_nothing_up(bench: Bench) -> None:
    for number in range(2):
        bench.submit(f"before{number}", seconds=0.3)
    assert [bench.next().lost for _ in range(2)] == ["", ""]
    with Starved(bench):
        while bench.room:
            bench.hear(CapacityChanged)
        assert "Resource temporarily unavailable" in bench.rooms[-1].reason
        lease = bench.submit("meanwhile")
        assert bench.next() == Ended(lease.id, (), NO_ROOM)
    while bench.rooms[-1] != CapacityChanged(2):
        bench.hear(CapacityChanged)
    bench.submit("after")
    assert bench.next().endings[0].outcome == "done"


@pytest.mark.parametrize("name", sorted(EXECUTORS))
def test_stopping_ends_everything_and_says_nothing_more(name: str, tmp_path: Path) -> None:
    bench = Bench(name, EXECUTORS[name](), tmp_path)
    for number in range(5):
        bench.submit(f"stopped{number}", seconds=0.3)
    time.sleep(0.1)
    bench.executor.stop()
    assert bench.said.empty()


@pytest.mark.parametrize("name", sorted(EXECUTORS))
def test_one_that_was_never_started_can_be_stopped(name: str) -> None:
    executor = EXECUTORS[name]()
    assert executor.gpus() == Gpus()
    executor.stop()


@pytest.mark.parametrize("error", [RuntimeError("a defect"), SystemExit(3)])
@pytest.mark.parametrize("name", sorted(EXECUTORS))
def test_the_death_of_its_thread_is_said(
    name: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(name, EXECUTORS[name](), tmp_path)

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(*BROKEN[name], fail)
        bench.submit("never")
        died = bench.hear(ThreadDied)
    assert (died.name, died.error, died.again) == ("executor", error, False)
    bench.executor.stop()
    assert bench.said.empty()


@pytest.mark.parametrize("name", sorted(EXECUTORS))
def test_a_sweep_removes_what_dead_leases_wrote_and_ends_what_they_left(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "scratch" / "1" / "7.1").mkdir(parents=True)
    (tmp_path / "scratch" / "1" / "7.1" / "half.mrc").write_text("half")
    (tmp_path / "kept").write_text("whole")
    programs = {
        mark: subprocess.Popen(["sleep", "600"], env={**os.environ, LEASE: f"{mark}1.1;"})
        for mark in ("swept:", "another:")
    }
    try:
        executor = EXECUTORS[name]()
        executor.sweep("swept:", tmp_path / "scratch")
        executor.sweep("swept:", tmp_path / "scratch")  # there may be nothing
        if name in SEPARATE:  # else leases die with this process
            assert programs["swept:"].wait(20.0) == -signal.SIGKILL
        assert programs["another:"].poll() is None
        assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]
        executor.stop()
    finally:
        for program in programs.values():
            program.kill()
            program.wait()


# -- processes that die, or have to ----------------------------------------------------------------


def workers() -> list[psutil.Process]:
    name = "icestream.engine.executors.worker"
    return [c for c in psutil.Process().children(recursive=True) if name in " ".join(c.cmdline())]


def nodes() -> list[psutil.Process]:
    return [c for c in psutil.Process().children() if "distributed.cli" in " ".join(c.cmdline())]


def check_room(bench: Bench, name: str) -> None:
    """As many leases run at once as it says."""
    leases = [bench.submit(f"{name}{n}", "Echo", seconds=6543 + n).id for n in range(bench.room)]
    for program in [sleeping(6543 + n) for n in range(bench.room)]:
        program.kill()  # a lease that is cancelled would take its worker along
    assert {bench.next().lease for _ in leases} == set(leases)
    assert bench.room == 2


def sleeping(seconds: int) -> psutil.Process:
    """The program of an `Echo` that sleeps for so long."""

    def find() -> psutil.Process | None:
        commands = {one: one.info["cmdline"] for one in psutil.process_iter(["cmdline"])}
        return next((one for one in commands if commands[one] == ["sleep", f"{seconds}.0"]), None)

    found: psutil.Process = wait_for(find, every=0.1)
    return found


def test_as_many_leases_run_at_once_as_it_says(separate: Bench) -> None:
    check_room(separate, "room")


def test_a_worker_that_dies_costs_its_lease_alone(separate: Bench) -> None:
    dying, living = separate.submit("dies", fail="exit"), separate.submit("lives", seconds=0.3)
    ended = {one.lease: one for one in (separate.next(), separate.next())}
    assert "signal 9" in ended[dying.id].lost
    assert ended[dying.id].lost not in BLAMELESS
    assert ended[living.id].endings[0].outcome == "done"
    check_room(separate, "after a death")


def test_an_idle_worker_that_is_killed_costs_nothing(separate: Bench) -> None:
    for number in range(2):
        separate.submit(f"makes sure that it is ready {number}", seconds=0.3)
    assert [separate.next().lost for _ in range(2)] == ["", ""]
    for worker in workers():
        worker.kill()
    lease = separate.submit("after all were killed")
    ended = separate.next()
    assert (ended.lease, ended.lost) == (lease.id, "")
    check_room(separate, "after many deaths")


def test_a_worker_that_dies_before_it_reads_its_lease_costs_nothing(separate: Bench) -> None:
    for number in range(2):
        separate.submit(f"is surely ready {number}", seconds=0.3)
    assert [separate.next().lost for _ in range(2)] == ["", ""]
    stopped = workers()
    for worker in stopped:
        worker.suspend()
    leases = [separate.submit(f"unread {number}").id for number in range(2)]
    time.sleep(0.3)  # they are in the sockets of workers that will never read them
    for worker in stopped:
        worker.kill()
    assert sorted((one.lease, one.lost) for one in (separate.next(), separate.next())) == [
        (lease, "") for lease in leases
    ]
    check_room(separate, "after unread leases")


def test_a_cancelled_lease_and_its_programs_end_within_a_second(separate: Bench) -> None:
    lease = separate.submit("cancelled", "Echo", seconds=5432)
    while not toys.programs_of("sleep 5432"):
        time.sleep(0.02)
    began = time.monotonic()
    separate.executor.cancel(lease.id)
    assert separate.next().lost == CANCELLED
    while toys.programs_of("sleep 5432"):
        assert time.monotonic() - began < 1.0
        time.sleep(0.02)
    check_room(separate, "after a cancel")


def test_a_lease_that_takes_too_long_is_ended(separate: Bench) -> None:
    separate.submit("slow", seconds=600, timeout=0.3)
    assert separate.next().lost == "took longer than 0.3 s"
    check_room(separate, "after a timeout")


def test_a_worker_uses_one_thread_and_ignores_the_terminal(separate: Bench) -> None:
    separate.submit("here")
    assert separate.next().endings
    (worker, *_) = workers()
    assert worker.environ()["OMP_NUM_THREADS"] == "1"
    os.kill(worker.pid, signal.SIGINT)
    separate.submit("still there")
    assert separate.next().endings


@pytest.mark.parametrize("cores", [1, 2])
def test_a_call_computes_in_no_more_threads_than_its_cores(separate: Bench, cores: int) -> None:
    separate.submit(f"busy{cores}", "Busy", cores=cores)
    (ending,) = separate.next().endings
    assert ending.outcome == "done", ending.details
    # The thread that waits for the others computes nothing.
    assert ending.qualities["toy.value"] <= (0 if cores == 1 else cores)


def test_a_program_dies_with_its_worker(separate: Bench) -> None:
    lease = separate.submit("orphan", "Echo", seconds=6542)
    program = sleeping(6542)
    next(one for one in program.parents() if one in workers()).kill()
    ended = separate.next()
    assert (ended.lease, ended.endings) == (lease.id, ())
    assert "signal 9" in ended.lost
    program.wait(5.0)


@pytest.mark.parametrize("name", SEPARATE)
def test_what_lies_in_the_current_folder_is_not_run_and_programs_end_when_it_is_stopped(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People start sessions in folders into which anybody may have written."""
    for module in ("json", "signal", "ctypes", "numpy", "psutil"):
        (tmp_path / f"{module}.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    bench = Bench(name, EXECUTORS[name](), tmp_path)
    bench.submit("here")
    assert bench.next().endings[0].outcome == "done"
    bench.submit("stopped", "Echo", seconds=6549)
    program = sleeping(6549)
    bench.executor.stop()
    assert not (tmp_path / "run").exists()
    program.wait(5.0)
    assert bench.said.empty()


# -- GPUs ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=BINDING)
def binding(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    made = EXECUTORS[request.param]()
    yield Bench(request.param, made, tmp_path_factory.mktemp("executor"))
    made.stop()


@pytest.fixture
def on_gpus(binding: Bench) -> Bench:
    """An executor that may use the GPUs 1, 2 and 5, and has none yet: nothing touches them."""
    binding.executor.allow(())
    wait_for(lambda: binding.executor.gpus() == Gpus())
    binding.executor.allow((1, 2, 5))
    return binding


def seen(bench: Bench, seconds: int, **options: Any) -> tuple[Lease, dict[str, str]]:
    """A program that runs, and its environment."""
    lease = bench.submit(f"gpu{seconds}", "Echo", seconds=seconds, cores=3, **options)
    environment: dict[str, str] = sleeping(seconds).environ()
    return lease, environment


def test_a_program_sees_the_gpus_and_the_cores_of_its_call(on_gpus: Bench) -> None:
    one, environment = seen(on_gpus, 6551, gpus=2)
    assert environment["CUDA_VISIBLE_DEVICES"] == "1,2"
    assert environment["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert environment["OMP_NUM_THREADS"] == "3"
    other, environment = seen(on_gpus, 6552, gpus=1)
    assert environment["CUDA_VISIBLE_DEVICES"] == "5"
    assert wait_for(lambda: on_gpus.executor.gpus() == Gpus(frozenset({1, 2, 5}), {1, 2, 5}))  # type: ignore[arg-type]
    none, environment = seen(on_gpus, 6553)
    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    for lease in (one, other, none):
        on_gpus.executor.cancel(lease.id)
        assert on_gpus.next().lost == CANCELLED
    assert wait_for(lambda: on_gpus.executor.gpus() == Gpus(frozenset(), {1, 2, 5}))  # type: ignore[arg-type]


def bound(gpus: str) -> list[psutil.Process]:
    """Workers that were started for these GPUs."""
    return [one for one in workers() if one.environ().get("CUDA_VISIBLE_DEVICES") == gpus]


def test_a_worker_stays_warm_on_its_gpu_and_only_there(on_gpus: Bench) -> None:
    on_gpus.submit("first", gpus=1)
    assert on_gpus.next().endings[0].outcome == "done"
    (worker,) = bound("1")
    on_gpus.submit("second", gpus=1)
    assert on_gpus.next().endings[0].outcome == "done"
    assert bound("1") == [worker]
    on_gpus.submit("both", gpus=3)  # a worker holds memory of its GPU: it makes room
    assert on_gpus.next().endings[0].outcome == "done"
    assert (bound("1"), len(bound("1,2,5"))) == ([], 1)


def test_a_lease_waits_for_gpus_and_does_not_hold_up_others(on_gpus: Bench) -> None:
    first, _ = seen(on_gpus, 6554, gpus=2)
    waiting = on_gpus.submit("waits", gpus=2)
    passes = on_gpus.submit("passes", gpus=1)
    assert on_gpus.next().lease == passes.id
    on_gpus.executor.cancel(first.id)
    assert [on_gpus.next().lease for _ in range(2)] == [first.id, waiting.id]


def test_a_gpu_that_is_taken_back_in_use_is_let_go_when_its_lease_ends(on_gpus: Bench) -> None:
    lease, _ = seen(on_gpus, 6555, gpus=1)
    on_gpus.executor.allow((2,))
    held = frozenset({1, 2})
    assert wait_for(lambda: on_gpus.executor.gpus() == Gpus(frozenset({1}), held))
    two = on_gpus.submit("never there", gpus=2)
    on_gpus.executor.cancel(lease.id)
    assert on_gpus.next().lease == lease.id
    assert wait_for(lambda: on_gpus.executor.gpus() == Gpus(frozenset(), frozenset({2})))
    assert bound("1") == []
    on_gpus.executor.cancel(two.id)
    assert on_gpus.next() == Ended(two.id, (), CANCELLED)
    on_gpus.submit("elsewhere", gpus=1)
    assert on_gpus.next().endings[0].outcome == "done"
    on_gpus.executor.allow(())
    assert wait_for(lambda: on_gpus.executor.gpus() == Gpus())
    assert bound("2") == []


def test_a_worker_on_a_gpu_that_dies_costs_its_lease_alone(on_gpus: Bench) -> None:
    dying = on_gpus.submit("dies", fail="exit", gpus=1)
    ended = on_gpus.next()
    assert (ended.lease, "signal 9" in ended.lost) == (dying.id, True)
    on_gpus.submit("after", gpus=3)
    assert on_gpus.next().endings[0].outcome == "done"
