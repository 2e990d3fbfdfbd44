"""A cluster is tried: one node of each kind is asked for, greeted and given back."""

from pathlib import Path
from typing import Any

import pytest

from icestream.engine.executors.cluster import trial as module
from icestream.engine.executors.cluster.jobs import CannotStart, Door
from icestream.engine.executors.cluster.kinds import DaskCluster, NodeKind
from icestream.engine.executors.cluster.link import Joiner, LinkLost
from icestream.engine.executors.cluster.node import MARKER
from icestream.engine.executors.cluster.trial import Tried, try_cluster

NODE = NodeKind(cores=2, memory=10**9, gpus=1)  # type: ignore[arg-type]
HERE = DaskCluster(nodes={"gpu": NODE})
THERE = DaskCluster(address="tcp://head:1")


class Cluster:
    """A scheduler whose nodes come as soon as they are asked for."""

    door = Door("tcp://head:1")

    def __init__(self) -> None:
        self.joined: dict[str, Joiner] = {}
        self.says: dict[str, Any] = {"host": "h", "gpus": 1, "cores": 2, "problem": ""}
        self.refuses = ""
        self.comes = True
        self.lost = ""
        self.ended: list[str] = []
        self.closed = 0

    def members(self) -> dict[str, Joiner]:
        if self.lost:
            raise LinkLost(self.lost)
        return self.joined

    def greet(self, address: str, data: bytes, threads: int, done: Any) -> None:
        assert b'"epoch"' in data
        done(self.says)

    def leave(self, addresses: list[str], mark: str) -> None:
        pass

    def start(self, name: str, kind: NodeKind, door: Door) -> str:
        if self.refuses:
            raise CannotStart(self.refuses)
        if self.comes:
            self.joined[f"tcp://{name}"] = Joiner(name, "h", 2, 0)
        return f"job of {name}"

    def stop(self, called: str) -> None:
        self.ended.append(called)

    def look(self, called: str) -> tuple[bool, str]:
        return True, "PENDING Resources"

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    cluster = Cluster()
    monkeypatch.setattr(module, "open_link", lambda *_: cluster)
    monkeypatch.setattr(module, "starter_of", lambda given, _: cluster if given is HERE else None)
    monkeypatch.setattr(module, "_LOOK", 0.01)
    return cluster


def trial(folder: Path, cluster: DaskCluster = HERE, patience: float = 0.2) -> list[Tried]:
    found = list(try_cluster(cluster, folder, patience))
    assert list(folder.iterdir()) == []  # nothing is left
    return found


def test_a_node_that_can_be_used_says_what_it_has(made: Cluster, tmp_path: Path) -> None:
    assert trial(tmp_path, patience=60.0) == [Tried("gpu", "well", "h, cores: 2, GPUs: 1")]
    assert made.ended == ["job of icestream-doctor-gpu"]
    assert made.closed == 2  # the starter and the link


def test_one_that_cannot_says_why(made: Cluster, tmp_path: Path) -> None:
    made.says = {"problem": "it does not see the session's folder"}
    said = "it does not see the session's folder"
    assert trial(tmp_path, patience=60.0) == [Tried("gpu", "wrong", said)]


def test_too_few_gpus_are_said(made: Cluster, tmp_path: Path) -> None:
    made.says = {**made.says, "gpus": 0}
    (tried,) = trial(tmp_path, patience=60.0)
    assert tried == Tried("gpu", "wrong", "h has GPUs: 0, and was to have 1")


def test_one_that_is_refused_says_so(made: Cluster, tmp_path: Path) -> None:
    made.refuses = "sbatch: error: invalid partition"
    assert trial(tmp_path) == [Tried("gpu", "wrong", "sbatch: error: invalid partition")]


def test_one_that_does_not_come_is_not_wrong(made: Cluster, tmp_path: Path) -> None:
    made.comes = False
    said = "asked for, and not there after 0 s: PENDING Resources"
    assert trial(tmp_path) == [Tried("gpu", "waits", said)]
    assert made.ended == ["job of icestream-doctor-gpu"]


def test_nodes_that_have_joined_are_greeted(made: Cluster, tmp_path: Path) -> None:
    assert trial(tmp_path, THERE) == [Tried("", "waits", "no node has joined tcp://head:1")]
    made.joined = {"tcp://a": Joiner("a", "h", 2, 0), "tcp://b": Joiner("b", "h", 2, 0)}
    assert [one.kind for one in trial(tmp_path, THERE, 60.0)] == ["a", "b"]


def test_a_scheduler_that_is_not_there_is_wrong(
    made: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.lost = "the scheduler tcp://head:1 has gone"
    assert trial(tmp_path, THERE) == [Tried("", "wrong", made.lost)]

    def refuse(*_: object) -> Any:
        raise LinkLost("Dask is not installed")

    monkeypatch.setattr(module, "open_link", refuse)
    assert trial(tmp_path) == [Tried("", "wrong", "Dask is not installed")]


def test_the_folder_is_the_one_that_nodes_have_to_see(
    made: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def look(address: str, data: bytes, threads: int, done: Any) -> None:
        seen.extend(tmp_path.rglob(MARKER))
        done(made.says)

    monkeypatch.setattr(made, "greet", look)
    trial(tmp_path, patience=60.0)
    assert len(seen) == 1
