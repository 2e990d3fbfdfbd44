"""The link to a real scheduler of Dask, with a node that is a thread of this process."""

import contextlib
import queue
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.executors.cluster import link as module
from icestream.engine.executors.cluster.kinds import DaskCluster, NodeKind, QueueCluster, Tls
from icestream.engine.executors.cluster.link import STARTED_ANEW, DaskLink, LinkLost, open_link
from icestream.engine.executors.cluster.node import Greeting

HERE = DaskCluster(nodes={"here": NodeKind(cores=1, memory=10**9)})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Any]:
    import distributed

    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp://",
        dashboard_address=None, silence_logs=50,
    ) as made:  # fmt: skip
        yield made


@pytest.fixture(scope="module")
def link(scheduler: Any) -> Iterator[DaskLink]:
    made = open_link(DaskCluster(address=scheduler.scheduler_address), Path("/nowhere"), 30.0)
    yield made
    made.close()
    with pytest.raises(LinkLost, match="has gone"):
        made.members()


def test_who_has_joined_is_known(link: DaskLink) -> None:
    ((address, member),) = link.members().items()
    assert address.startswith("tcp://")
    assert (member.threads, member.memory > 0) == (2, True)


def test_a_node_answers_a_greeting(link: DaskLink) -> None:
    said: queue.Queue[Any] = queue.Queue()
    (address,) = link.members()
    other = Greeting(version="99", mark="m:", epoch="7", scratch="/nowhere")
    link.greet(address, other.as_bytes(), 2, said.put)
    assert "the session 99: install the same on both" in said.get(timeout=30.0)["problem"]
    link.greet(address, b"no greeting", 2, said.put)
    assert said.get(timeout=30.0)["problem"].startswith("JSONDecodeError: ")


def test_a_node_that_is_not_there_is_one_with_a_problem(link: DaskLink) -> None:
    said: queue.Queue[Any] = queue.Queue()
    link.greet("tcp://127.0.0.1:9", b"", 2, said.put)
    assert said.get(timeout=60.0)["problem"]


def test_a_lease_of_which_the_node_knows_nothing_is_said(link: DaskLink) -> None:
    said: queue.Queue[Any] = queue.Queue()
    (address,) = link.members()
    link.send("m:1;", address, "m:", b"", lambda data, why: said.put((data, why)))
    assert said.get(timeout=30.0) == (b"", STARTED_ANEW)


def test_what_is_forgotten_is_not_told(link: DaskLink) -> None:
    said: queue.Queue[Any] = queue.Queue()
    link.send("m:2;", "tcp://127.0.0.1:9", "m:", b"", lambda data, why: said.put((data, why)))
    link.forget("m:2;")
    link.forget("m:2;")
    (address,) = link.members()
    link.cancel(address, "m:", "m:2;")
    link.leave([address], "m:")
    link.send("m:3;", address, "m:", b"", lambda data, why: said.put((data, why)))
    assert said.get(timeout=30.0) == (b"", STARTED_ANEW)
    assert said.empty()


def test_a_scheduler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.3)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(LinkLost, match=f"the scheduler {address} does not answer"):
            open_link(DaskCluster(address=address), Path("/nowhere"), 30.0)


def test_one_of_its_own_has_certificates_that_nobody_else_can_read(tmp_path: Path) -> None:
    secrets = tmp_path / ".keys"
    made = open_link(HERE, secrets, 30.0)
    with contextlib.closing(made):
        assert made.door.address.startswith("tls://127.0.0.1:")
        assert made.door.words[::2] == ("--tls-ca-file", "--tls-cert", "--tls-key")
        assert made.members() == {}
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
        assert {stat.S_IMODE(one.stat().st_mode) for one in secrets.iterdir()} == {0o600}
        others = DaskCluster(address=made.door.address, tls=certificates(tmp_path / "others"))
        with pytest.raises(LinkLost, match="does not answer"):
            open_link(others, tmp_path, 30.0)
        ours = Tls(
            authority=secrets / "cert.pem",
            certificate=secrets / "cert.pem",
            key=secrets / "key.pem",
        )
        known = open_link(DaskCluster(address=made.door.address, tls=ours), tmp_path, 30.0)
        assert known.members() == {}
        known.close()


def certificates(folder: Path) -> Tls:
    """Of somebody else."""
    module._certificates(folder)
    return Tls(
        authority=folder / "cert.pem", certificate=folder / "cert.pem", key=folder / "key.pem"
    )


def test_an_address_that_is_not_ours_is_said(tmp_path: Path) -> None:
    kind = NodeKind(cores=1, memory=10**9)  # type: ignore[arg-type]
    cluster = QueueCluster(kind="slurm", host="192.0.2.7", nodes={"cpu": kind})
    with pytest.raises(LinkLost, match=r"no scheduler can be started at 192\.0\.2\.7"):
        open_link(cluster, tmp_path / ".keys", 30.0)


def test_other_machines_reach_this_one_by_an_address() -> None:
    assert module._address_of_this_machine().count(".") == 3


def test_without_dask_it_is_said_how_to_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(LinkLost, match=r"pip install 'icestream\[cluster\]'"):
        open_link(HERE, tmp_path, 30.0)
