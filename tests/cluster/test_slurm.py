"""Sessions on the nodes of a real Slurm."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from dask_cluster import alerts, attempts, is_whole, numbers, some_done, wait_until
from icestream.engine.executors.cluster.kinds import NodeKind, QueueCluster
from icestream.engine.requests.models import CreateBranch
from slurm_server import Slurm, slurm
from toy_branches import Folder, ask, done
from toy_session import Session


@pytest.fixture(scope="module")
def queue() -> Iterator[Slurm]:
    with slurm() as running:
        yield running


@pytest.fixture(autouse=True)
def around(queue: Slurm, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in queue.environment.items():
        monkeypatch.setenv(name, value)
    yield
    wait_until(lambda: not queue.jobs())  # none is left behind
    wait_until(lambda: not nodes_of(session))


def nodes_of(session: Session) -> list[psutil.Process]:
    """Processes that joined the session's scheduler, or tried to."""
    name = f"icestream-{session.folder.name}"
    return [
        one
        for one in psutil.process_iter(["cmdline"])
        if "distributed.cli.dask_worker" in (words := one.info["cmdline"] or [])
        and any(word.startswith(name) for word in words)
    ]


def cluster(**nodes: dict[str, Any]) -> QueueCluster:
    kinds = {
        name: NodeKind(**{"cores": 2, "memory": "2GB", "queue": "all", "idle": 2.0, **given})
        for name, given in nodes.items()
    }
    return QueueCluster(kind="slurm", host="127.0.0.1", nodes=kinds, arrives_within=5.0)


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """Have the program that answers do something."""
    program = folder / "bin" / "toy-answer"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{line}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


def test_jobs_come_with_the_work_and_go_when_there_is_none(
    queue: Slurm, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.engine.executors.cluster.fleet._SETTLE", 1.0)
    running = session.start(*numbers(24, 0.5, close=False), cluster=cluster(cpu={"most": 2}))
    wait_until(lambda: len(queue.jobs("RUNNING")) == 2)
    wait_until(lambda: is_whole(session, 24))
    wait_until(lambda: not queue.jobs())
    assert running.stop().state == "stopped"
    assert alerts(session) == []


def test_a_job_that_is_cancelled_costs_no_result(queue: Slurm, session: Session) -> None:
    running = session.start(*numbers(12, 0.5), cluster=cluster(cpu={}))
    some_done(session)
    first, *_ = queue.jobs("RUNNING")
    queue.ask("scancel", "--signal=KILL", "--full", first)
    assert running.join(180.0).complete
    assert is_whole(session, 12)
    assert any("was it stopped or killed" in message for message in alerts(session))


def test_gpus_are_those_that_slurm_gives_to_a_job(queue: Slurm, session: Session) -> None:
    steps = (
        ("src", "toy.count", {"count": 6}, {}),
        ("bound", "toy.bound-to-one", {}, {"number": "src"}),
        ("add", "toy.add", {}, {"number": "src"}),
    )
    nodes = cluster(cpu={"cores": 1}, gpu={"cores": 1, "gpus": 1})
    assert session.start(*steps, cluster=nodes).join(180.0).complete
    assert set(session.values("bound").values()) <= {0.0, 1.0}
    assert len(session.values("bound")) == len(session.values("add")) == 6


def test_a_partition_that_is_refused_is_said_and_others_go_on(
    queue: Slurm, session: Session
) -> None:
    nodes = cluster(cpu={}, never={"queue": "nowhere", "least": 1})
    running = session.start(*numbers(4, 0.1, close=False), cluster=nodes)
    wait_until(lambda: is_whole(session, 4))
    said = wait_until(lambda: [m for m in alerts(session) if "cannot be started" in m])
    assert "nodes of the kind never cannot be started: sbatch: " in said[0]
    assert "invalid partition" in said[0]
    running.stop()


def test_what_is_done_again_takes_no_node_of_what_comes_in(
    queue: Slurm, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    put_on_path(
        tmp_path, monkeypatch, f"test $1 = --version || echo $1 $SLURM_JOB_PARTITION >> {seen}"
    )
    files = Folder(tmp_path / "files", 3)
    steps = (
        ("src", "toy.count", {"folder": files.path}, {}),
        ("add", "toy.add", {}, {"number": "src"}),
        ("ask", "toy.answer", {}, {"number": "add"}),
    )
    nodes = cluster(
        now={"lane": "live", "queue": "fast", "most": 1},
        again={"lane": "reprocess", "most": 1},
    )
    running = session.start(*steps, cluster=nodes)
    wait_until(lambda: done(session, "ask") == 3)
    ask(session, CreateBranch(name="again", changes={"add": {"add": 100}}))
    files.bring(2)
    files.close()
    assert running.join(180.0).complete
    where: dict[str, set[float]] = {"all": set(), "fast": set()}
    for number, partition in [line.split() for line in seen.read_text().splitlines()]:
        where[partition].add(float(number))
    assert where == {"fast": {1.0, 2.0, 3.0, 4.0, 5.0}, "all": {100.0, 101.0, 102.0, 103.0, 104.0}}


def test_a_program_on_two_hosts_has_the_whole_allocation(
    queue: Slurm, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    put_on_path(tmp_path, monkeypatch, f"scontrol show hostnames >> {seen}")
    steps = (
        ("src", "toy.count", {"count": 1}, {}),
        ("ask", "toy.answer", {}, {"number": "src"}),
    )
    nodes = cluster(mpi={"cores": 2, "hosts": 2})
    assert session.start(*steps, cluster=nodes).join(180.0).complete
    assert len(set(seen.read_text().split())) == 2
    assert attempts(session) == 1
