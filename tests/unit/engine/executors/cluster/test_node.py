"""What runs on a node, called here as Dask would call it there."""

import asyncio
import json
import pickle
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from icestream import __version__
from icestream.engine.executors.cluster import node as module
from icestream.engine.executors.cluster.node import (
    MARKER,
    Greeting,
    NotGreeted,
    cancel,
    greet,
    leave,
    read_facts,
    seconds_left,
    serve,
    visible_gpus,
    with_ages,
    with_times,
)
from icestream.engine.executors.contract import (
    CANCELLED,
    NO_ROOM,
    Call,
    CapacityChanged,
    Ended,
    Ending,
    Gpus,
    Lease,
)
from icestream.engine.machine.watched import ThreadDied
from toy_session import wait_for


class Local:
    """Stands for the executor of a node: leases end when the test says so."""

    made: list["Local"]

    def __init__(self, workers: int, *, warm: Any, mark: str, silence: float) -> None:
        self.given = workers, warm, mark, silence
        self.leases: list[str] = []
        self.allowed: tuple[int, ...] = ()
        self.stopped = False
        Local.made.append(self)

    def sweep(self, mark: str, scratch: Path) -> None:
        self.swept = mark

    def start(self, inbox: Any) -> None:
        self.inbox = inbox
        inbox(CapacityChanged(self.given[0]))

    def allow(self, gpus: Any) -> None:
        self.allowed = tuple(gpus)

    def gpus(self) -> Gpus:
        return Gpus()

    def submit(self, lease: Lease) -> None:
        self.leases.append(lease.id)

    def cancel(self, lease: str) -> None:
        self.inbox(Ended(lease, (), CANCELLED))

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture(autouse=True)
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Local.made = []
    monkeypatch.setattr(module, "LocalExecutor", Local)
    monkeypatch.setattr(module, "_sessions", {})
    monkeypatch.setattr(module, "_cores", module._Cores())
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (tmp_path / MARKER).write_text("7")
    yield


def say_hello(folder: Path, threads: int = 4, **given: Any) -> dict[str, Any]:
    hello = Greeting(**{"mark": "m:", "epoch": "7", "scratch": str(folder), **given})
    return dict(asyncio.run(greet(hello.as_bytes(), threads)))


def lease(number: int, cores: int = 1) -> Lease:
    call = Call(
        task=number, attempt=1, target="a:B", parameters={}, inputs="[]", documents={}, cores=cores
    )
    return Lease(id=f"m:{number};", calls=(call,), timeout=10.0)


class DaskPart:
    """What Dask gives a greeting: its part of the node."""

    def __init__(self) -> None:
        self.status = SimpleNamespace(name="running")


def test_a_node_ends_with_its_dask(
    tmp_path: Path, serving: "Serving", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease that is under way would hold it for as long as the lease takes."""
    ended: list[int] = []
    monkeypatch.setattr(module, "_watched", threading.Lock())
    monkeypatch.setattr(module, "_WATCH", 0.01)
    monkeypatch.setattr(module, "_CLOSES", 0.0)
    monkeypatch.setattr(module.os, "_exit", ended.append)
    part, hello = DaskPart(), Greeting(mark="m:", epoch="7", scratch=str(tmp_path))
    for _ in range(2):  # one watch for all
        asyncio.run(greet(hello.as_bytes(), 4, dask_worker=part))
    serving.serve(lease(1))
    wait_for(lambda: Local.made[-1].leases)
    assert ended == []
    part.status.name = "closing"
    wait_for(lambda: ended)
    assert ended == [1]
    assert Local.made[-1].stopped
    assert serving.ended("m:1;").lost == CANCELLED


class Serving:
    """Leases that are served in threads, as Dask does."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(8)
        self.futures: dict[str, Any] = {}

    def serve(self, one: Lease) -> None:
        self.futures[one.id] = self.pool.submit(serve, "m:", pickle.dumps(one))

    def ended(self, lease: str) -> Ended:
        found: Ended = pickle.loads(self.futures[lease].result(30.0))
        return found


@pytest.fixture
def serving() -> Iterator[Serving]:
    made = Serving()
    yield made
    asyncio.run(leave("m:"))
    made.pool.shutdown()


def test_a_node_says_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5,6")
    said = say_hello(tmp_path, gpus=2, warm=("a:B",), silence=9.0)
    assert (said["cores"], said["gpus"], said["problem"]) == (4, 2, "")
    assert (said["visible"], bool(said["host"]), said["memory"] > 10**8) == ("2,5,6", True, True)
    (executor,) = Local.made
    assert executor.given == (4, ["a:B"], f"{module._OWN}m:", 9.0)
    assert (executor.allowed, executor.swept) == ((2, 5), f"{module._OWN}m:")


def test_one_of_another_version_refuses_whatever_it_is_told(tmp_path: Path) -> None:
    told = {
        **asdict(Greeting(mark="m:", epoch="7", scratch=str(tmp_path))),
        "version": "99",
        "x": 1,
    }
    said = asyncio.run(greet(json.dumps(told).encode(), 4))
    assert said["problem"] == (
        f"it has icestream {__version__}, and the session 99: install the same on both"
    )
    assert Local.made == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [({"epoch": "8"}, "it is another folder there"), ({"scratch": "/nowhere"}, "No such file")],
)
def test_one_that_does_not_see_the_folder_says_so(
    wrong: dict[str, str], why: str, tmp_path: Path
) -> None:
    said = say_hello(tmp_path, sees_within=0.0, **wrong)
    assert "it does not see the session's folder" in said["problem"]
    assert why in said["problem"]


def test_a_folder_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / MARKER).unlink()
    timer = threading.Timer(0.3, lambda: (tmp_path / MARKER).write_text("7"))
    timer.start()
    assert say_hello(tmp_path)["problem"] == ""
    timer.join()


def test_a_lease_is_run_to_its_end(tmp_path: Path, serving: Serving) -> None:
    say_hello(tmp_path)
    (executor,) = Local.made
    serving.serve(lease(1))
    wait_for(lambda: executor.leases == [f"{module._OWN}m:1;"])
    executor.inbox(Ended(f"{module._OWN}m:1;", (), "it died"))
    assert serving.ended("m:1;") == Ended("m:1;", (), "it died")


def test_sessions_share_the_cores(tmp_path: Path, serving: Serving) -> None:
    say_hello(tmp_path, 4)
    say_hello(tmp_path, 4, mark="other:")
    executor, other = Local.made
    serving.serve(lease(1, cores=3))
    wait_for(lambda: executor.leases)
    data = pickle.dumps(lease(2, cores=2))
    waiting = serving.pool.submit(serve, "other:", data)
    serving.serve(lease(3))
    wait_for(lambda: len(executor.leases) == 2)
    assert other.leases == []
    executor.inbox(Ended(executor.leases[0], ()))
    wait_for(lambda: other.leases)
    other.inbox(Ended(other.leases[0], ()))
    assert pickle.loads(waiting.result(30.0)) == Ended("m:2;", ())
    cancel("m:", "m:3;")
    assert serving.ended("m:3;").lost == CANCELLED
    asyncio.run(leave("other:"))
    assert other.stopped


def test_one_that_waits_for_cores_can_be_cancelled(tmp_path: Path, serving: Serving) -> None:
    say_hello(tmp_path, 2)
    (executor,) = Local.made
    serving.serve(lease(1, cores=2))
    wait_for(lambda: executor.leases)
    serving.serve(lease(2))
    wait_for(lambda: "m:2;" in module._sessions["m:"].waiting)
    cancel("m:", "m:2;")
    assert serving.ended("m:2;") == Ended("m:2;", (), CANCELLED)
    cancel("m:", "m:2;")
    cancel("another:", "m:1;")
    assert len(executor.leases) == 1


def test_a_session_that_leaves_ends_what_it_runs(tmp_path: Path, serving: Serving) -> None:
    say_hello(tmp_path, 2)
    (executor,) = Local.made
    serving.serve(lease(1, cores=2))
    wait_for(lambda: executor.leases)
    serving.serve(lease(2, cores=2))
    wait_for(lambda: len(module._sessions["m:"].waiting) == 2)
    asyncio.run(leave("m:"))
    assert executor.stopped
    assert {serving.ended(f"m:{n};").lost for n in (1, 2)} == {CANCELLED}
    asyncio.run(leave("m:"))
    with pytest.raises(NotGreeted):
        serve("m:", pickle.dumps(lease(3)))


def test_one_that_comes_again_ends_what_it_left(tmp_path: Path, serving: Serving) -> None:
    """A coordinator that was killed and run again, or that had lost its scheduler."""
    say_hello(tmp_path)
    serving.serve(lease(1))
    wait_for(lambda: Local.made[0].leases)
    say_hello(tmp_path)
    assert serving.ended("m:1;").lost == CANCELLED
    first, second = Local.made
    assert (first.stopped, second.stopped) == (True, False)


def test_without_room_leases_go_back(tmp_path: Path, serving: Serving) -> None:
    say_hello(tmp_path)
    (executor,) = Local.made
    executor.inbox(CapacityChanged(0, "worker processes cannot be started"))
    serving.serve(lease(1))
    assert serving.ended("m:1;").lost == NO_ROOM
    executor.inbox(CapacityChanged(4))
    serving.serve(lease(2))
    wait_for(lambda: executor.leases)
    executor.inbox(ThreadDied("executor", RuntimeError("x")))
    assert serving.ended("m:2;").lost == NO_ROOM
    serving.serve(lease(3))
    assert serving.ended("m:3;").lost == NO_ROOM


def test_sessions_that_have_gone_without_a_word_are_dismissed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_hello(tmp_path, mark="gone:")
    monkeypatch.setattr(module, "_LEFT", 0.0)
    say_hello(tmp_path)
    assert [one.stopped for one in Local.made] == [True, False]
    assert list(module._sessions) == ["m:"]


@pytest.mark.parametrize(
    ("given", "gpus"), [("0,3", (0, 3)), ("", ()), ("GPU-8932", ()), ("NoDevFiles", ())]
)
def test_gpus_are_those_that_were_left_to_it(
    given: str, gpus: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert visible_gpus() == gpus


def test_or_all_that_the_driver_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    folder = Path("/proc/driver/nvidia/gpus")
    many = len(list(folder.iterdir())) if folder.is_dir() else 0
    assert visible_gpus() == tuple(range(many))


@pytest.mark.parametrize("skew", [-7200.0, 7200.0])
def test_clocks_that_differ_move_no_end(skew: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a node says of time is how long, never when; the job's times are another machine's."""
    now = time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + skew)
    monkeypatch.setenv("SLURM_JOB_START_TIME", "1000000000")
    monkeypatch.setenv("SLURM_JOB_END_TIME", "1000600000")
    facts = read_facts()
    began = now - psutil.Process().create_time()
    assert facts["age"] == pytest.approx(began, abs=5.0)
    assert facts["left"] == pytest.approx(600_000.0 - began, abs=5.0)


@pytest.mark.parametrize("said", [None, "soon"])
def test_a_node_without_an_end_says_so(said: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_START_TIME", "1000000000")
    monkeypatch.delenv("SLURM_JOB_END_TIME", raising=False)
    if said is not None:
        monkeypatch.setenv("SLURM_JOB_END_TIME", said)
    assert seconds_left() is None


@pytest.mark.parametrize("skew", [-7200.0, 0.0, 7200.0])
def test_when_a_task_began_is_told_by_the_clock_of_who_asks(
    skew: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = {"here": 5000.0, "there": 5000.0 + skew}
    began = Ending(task=1, outcome="done", started=clock["there"] - 60.0, seconds=50.0)
    unknown = Ending(task=2, outcome="defect")
    monkeypatch.setattr(module.time, "time", lambda: clock["there"])
    said = with_ages(Ended("m:1;", (began, unknown)))
    monkeypatch.setattr(module.time, "time", lambda: clock["here"])
    assert [one.started for one in with_times(said).endings] == [4940.0, 0.0]
