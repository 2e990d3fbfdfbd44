"""The cluster's executor: who has joined, what has gone, and how much room that leaves.

The contract that it keeps is tested in ``tests/contract``.
"""

import json
import pickle
import queue
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.executors.cluster import executor as module
from icestream.engine.executors.cluster.executor import ClusterExecutor
from icestream.engine.executors.cluster.jobs import CannotStart, Door
from icestream.engine.executors.cluster.kinds import DaskCluster, NodeKind
from icestream.engine.executors.cluster.link import Joiner, LinkLost
from icestream.engine.executors.cluster.node import MARKER
from icestream.engine.executors.cluster.present import PresentNodes, read_nodes
from icestream.engine.executors.contract import NO_ROOM, Call, CapacityChanged, Ended, Lease
from toy_session import wait_for

WELL = {"host": "h", "visible": "", "memory": 10**9, "cores": 2, "gpus": 0, "problem": ""}


class Scheduler:
    """A link to a scheduler that is none."""

    def __init__(self) -> None:
        self.door = Door("tcp://head:1")
        self.joined: dict[str, Joiner] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.greeted: list[tuple[str, dict[str, Any]]] = []
        self.sent: dict[str, tuple[str, Callable[[bytes, str], None]]] = {}
        self.left: list[str] = []
        self.lost = ""
        self.closed = 0

    def join(self, name: str, **said: Any) -> None:
        address = f"tcp://{name}:1"
        self.answers[address] = {**WELL, **said}
        self.joined[address] = Joiner(name, name, 2, 0)

    def members(self) -> Mapping[str, Joiner]:
        if self.lost:
            raise LinkLost(self.lost)
        return dict(self.joined)

    def greet(self, address: str, data: bytes, threads: int, done: Any) -> None:
        self.greeted.append((address, json.loads(data)))
        done(self.answers[address])

    def send(self, lease: str, address: str, mark: str, data: bytes, done: Any) -> None:
        self.sent[lease] = address, done

    def forget(self, lease: str) -> None:
        pass

    def cancel(self, address: str, mark: str, lease: str) -> None:
        pass

    def leave(self, addresses: list[str], mark: str) -> None:
        self.left += addresses

    def close(self) -> None:
        self.closed += 1


class Bench:
    """An executor on a scheduler that is none."""

    def __init__(self, folder: Path, cluster: DaskCluster) -> None:
        self.scheduler = Scheduler()
        self.said: queue.Queue[Any] = queue.Queue()
        self.refused = ""
        self.silent = 0.0
        self.executor = ClusterExecutor(cluster, silence=30.0, connect=self.connect)
        self.scratch = folder / "S" / ".scratch"
        self.executor.sweep("m:", self.scratch)

    def connect(self, cluster: Any, secrets: Path, silent: float) -> Scheduler:
        if self.refused:
            raise LinkLost(self.refused)
        self.silent = silent
        return self.scheduler

    def start(self) -> CapacityChanged:
        self.executor.start(self.said.put)
        first: CapacityChanged = self.said.get(timeout=30.0)
        return first

    def submit(self, number: int, **given: Any) -> None:
        call = Call(
            task=number, attempt=1, target="a:B", parameters={}, inputs="[]", documents={}, **given
        )
        self.executor.submit(Lease(id=f"m:{number};", calls=(call,), timeout=60.0))

    def hear(self) -> Any:
        return self.said.get(timeout=30.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.02)
    monkeypatch.setattr(module, "_PAUSES", (0.02, 0.05))


@pytest.fixture
def joined(tmp_path: Path) -> Iterator[Bench]:
    """On a scheduler whose nodes join by themselves."""
    made = Bench(tmp_path, DaskCluster(address="tcp://head:1"))
    yield made
    made.executor.stop()
    assert made.scheduler.closed


def test_there_is_room_as_nodes_join_and_leave(joined: Bench) -> None:
    assert joined.start() == CapacityChanged(0, "no node has joined tcp://head:1")
    joined.scheduler.join("a")
    assert joined.hear() == CapacityChanged(2)
    joined.scheduler.join("b", cores=6)
    assert joined.hear() == CapacityChanged(8)
    (address, hello), *_ = joined.scheduler.greeted
    assert (address, hello["mark"], hello["silence"], hello["gpus"]) == (
        "tcp://a:1", "m:", 30.0, None,
    )  # fmt: skip
    assert Path(hello["scratch"], MARKER).read_text() == hello["epoch"]
    assert joined.silent == 30.0
    del joined.scheduler.joined["tcp://b:1"]
    assert joined.hear() == CapacityChanged(2)


def test_leases_are_sent_and_their_ends_told(joined: Bench) -> None:
    joined.start()
    joined.scheduler.join("a")
    joined.hear()
    joined.submit(1)
    wait_for(lambda: "m:1;" in joined.scheduler.sent)
    address, done = joined.scheduler.sent["m:1;"]
    assert address == "tcp://a:1"
    done(pickle.dumps(Ended("m:1;", ())), "")
    assert joined.hear() == Ended("m:1;", ())


def test_without_a_node_leases_come_back(joined: Bench) -> None:
    joined.start()
    joined.submit(1)
    assert joined.hear() == Ended("m:1;", (), NO_ROOM)


def test_what_is_too_large_for_all_that_have_joined_is_refused(joined: Bench) -> None:
    joined.start()
    joined.scheduler.join("a")
    joined.hear()
    joined.submit(1, cores=3)
    assert joined.hear().lost == "no node of the cluster is large enough for it"


def test_a_node_that_cannot_be_used_is_spoken_of(joined: Bench) -> None:
    joined.scheduler.join("a", problem="it does not see the session's folder /S")
    joined.start()
    while (said := joined.hear()).reason.startswith("no node"):
        pass
    assert said == CapacityChanged(0, "h (tcp://a:1): it does not see the session's folder /S")
    joined.scheduler.join("b")
    assert joined.hear().leases == 2
    del joined.scheduler.joined["tcp://a:1"]
    assert joined.hear() == CapacityChanged(2)


def test_one_that_could_not_answer_is_greeted_again(joined: Bench) -> None:
    joined.scheduler.join("a", problem="TimeoutError", again=True)
    joined.start()
    wait_for(lambda: len(joined.scheduler.greeted) >= 3)
    joined.scheduler.join("a")
    while joined.hear() != CapacityChanged(2):
        pass


def test_a_scheduler_that_goes_is_looked_for_again(joined: Bench) -> None:
    joined.start()
    joined.scheduler.join("a")
    joined.hear()
    joined.submit(1)
    wait_for(lambda: joined.scheduler.sent)
    joined.refused = "the scheduler tcp://head:1 does not answer: refused"
    joined.scheduler.lost = "it has gone"
    lost = joined.hear()
    assert (lost.lost, lost.blameless) == (
        "the node h (tcp://a:1) is lost with its scheduler",
        True,
    )
    assert joined.hear() == CapacityChanged(0, "it has gone")
    assert joined.hear() == CapacityChanged(0, joined.refused)
    joined.scheduler.lost = joined.refused = ""
    while joined.hear() != CapacityChanged(2):
        pass
    assert len(joined.scheduler.greeted) == 2


def test_a_node_that_was_started_anew_is_greeted_again(joined: Bench) -> None:
    joined.start()
    joined.scheduler.join("a")
    joined.hear()
    joined.submit(1)
    wait_for(lambda: joined.scheduler.sent)
    joined.scheduler.sent["m:1;"][1](b"", "was started anew")
    assert joined.hear().lost == "the node h (tcp://a:1) was started anew"
    wait_for(lambda: len(joined.scheduler.greeted) >= 2)


def test_it_says_goodbye_to_nodes_that_stay(tmp_path: Path) -> None:
    bench = Bench(tmp_path, DaskCluster(address="tcp://head:1"))
    bench.start()
    bench.scheduler.join("a")
    bench.hear()
    bench.executor.stop()
    assert (bench.scheduler.left, bench.scheduler.closed) == (["tcp://a:1"], 1)


# -- nodes of its own ------------------------------------------------------------------------------


class Starter:
    """Starts nodes that join the scheduler at once."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.refuses = ""
        self.said: dict[str, Any] = {}
        self.ended: list[str] = []

    def start(self, name: str, kind: NodeKind, door: Door) -> str:
        if self.refuses:
            raise CannotStart(self.refuses)
        self.scheduler.join(name, **self.said)
        return name

    def stop(self, called: str) -> None:
        self.ended.append(called)
        self.scheduler.joined.pop(f"tcp://{called}:1", None)

    def look(self, called: str) -> tuple[bool, str]:
        return True, ""

    def close(self) -> None:
        pass


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bench, Starter]]:
    kind = NodeKind(cores=2, memory=10**9, gpus=1, most=3, idle=0.2)  # type: ignore[arg-type]
    made = Bench(tmp_path, DaskCluster(nodes={"gpu": kind}))
    starter = Starter(made.scheduler)
    monkeypatch.setattr(module, "starter_of", lambda *_: starter)
    for name, seconds in {
        "_TURN": 0.02,
        "_SETTLE": 0.05,
        "_FAREWELL": 0.05,
        "_FIRST": 0.02,
    }.items():
        monkeypatch.setattr(f"icestream.engine.executors.cluster.fleet.{name}", seconds)
    yield made, starter
    made.executor.stop()


def test_nodes_come_with_the_work_and_go_when_it_is_done(own: tuple[Bench, Starter]) -> None:
    bench, starter = own
    starter.said = {"gpus": 1}
    assert bench.start() == CapacityChanged(6)
    for number in range(3):
        bench.submit(number)
    wait_for(lambda: len(bench.scheduler.sent) == 3)
    assert {hello["gpus"] for _, hello in bench.scheduler.greeted} == {1}
    assert len(bench.scheduler.joined) == 2
    for number in range(3):
        bench.scheduler.sent[f"m:{number};"][1](pickle.dumps(Ended(f"m:{number};", ())), "")
    assert {bench.hear().lease for _ in range(3)} == {"m:0;", "m:1;", "m:2;"}
    wait_for(lambda: not bench.scheduler.joined)
    assert len(starter.ended) == 2


def test_a_kind_that_cannot_be_started_is_no_room(own: tuple[Bench, Starter]) -> None:
    bench, starter = own
    starter.refuses = "sbatch: error: invalid partition"
    bench.start()
    bench.submit(1)
    said = bench.hear()
    assert said.leases == 0
    assert (
        "nodes of the kind gpu cannot be started: sbatch: error: invalid partition" in said.reason
    )
    assert bench.hear() == Ended("m:1;", (), NO_ROOM)
    starter.refuses = ""
    while bench.hear() != CapacityChanged(6):
        pass


def test_a_node_without_the_gpus_that_it_should_have_is_spoken_of(
    own: tuple[Bench, Starter],
) -> None:
    bench, starter = own
    starter.said = {"gpus": 0, "visible": "GPU-8932"}
    bench.start()
    bench.submit(1)
    said = bench.hear()
    assert "was to have GPUs: 1, and sees 0 on h (CUDA_VISIBLE_DEVICES is 'GPU-8932'" in said.reason


def test_nodes_of_others_are_left_alone(own: tuple[Bench, Starter]) -> None:
    bench, _ = own
    bench.start()
    bench.scheduler.join("another")
    bench.submit(1)
    wait_for(lambda: bench.scheduler.sent)
    assert "tcp://another:1" not in [address for address, _ in bench.scheduler.greeted]


def test_others_read_who_serves_the_session(own: tuple[Bench, Starter]) -> None:
    bench, starter = own
    starter.said = {"gpus": 1, "age": 10.0, "left": 3600.0}
    bench.start()
    scratch = bench.scratch
    wait_for(lambda: read_nodes(scratch) == PresentNodes())
    bench.submit(1)
    wait_for(lambda: bench.scheduler.sent)
    wait_for(lambda: (said := read_nodes(scratch)) and said.nodes and said.nodes[0].busy == 1)
    said = read_nodes(scratch)
    assert said is not None
    (node,) = said.nodes
    assert (node.name, node.kind, node.host, node.job) == ("icestream-S-gpu-1", "gpu", "h", "")
    assert (node.cores, node.gpus, node.gpus_busy, node.lane) == (2, 1, 0, "")
    assert node.left is not None
    assert 3500.0 < node.left <= 3600.0
    bench.executor.stop()
    assert read_nodes(scratch) is None


def test_a_node_whose_time_is_over_gets_no_lease_and_another_comes(
    own: tuple[Bench, Starter],
) -> None:
    bench, starter = own
    starter.said = {"gpus": 1, "left": 0.0}
    bench.start()
    bench.submit(1)
    wait_for(lambda: starter.ended)
    assert not bench.scheduler.sent
    starter.said = {"gpus": 1, "left": 3600.0}
    wait_for(lambda: bench.scheduler.sent)
