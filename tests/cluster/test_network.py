"""A node behind a network of its own, whose cable is pulled."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dask_cluster import Dask, alerts, attempts, is_whole, numbers, wait_until
from icestream.engine.executors.cluster.kinds import DaskCluster
from toy_session import Session

ROOM, HERE, THERE = f"ic{os.getpid()}", f"ia{os.getpid()}", f"ib{os.getpid()}"
OURS, THEIRS = "198.51.100.1", "198.51.100.2"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30)


def slow(rate: str) -> None:
    """Let so much through the cable in a second, in either direction."""
    shaped = ("root", "tbf", "rate", rate, "burst", "16kb", "latency", "2s")
    for before, end in (((), HERE), (("ip", "netns", "exec", ROOM), THERE)):
        words = (*before, "tc", "qdisc", "add", "dev", end)
        try:
            subprocess.run([*words, *shaped], check=True, capture_output=True, timeout=30)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine slows no network down: {error.stderr.decode().strip()}")


def _lay_cable() -> None:
    ip("netns", "add", ROOM)
    ip("link", "add", HERE, "type", "veth", "peer", "name", THERE)
    ip("link", "set", THERE, "netns", ROOM)
    ip("addr", "add", f"{OURS}/24", "dev", HERE)
    ip("link", "set", HERE, "up")
    for words in (
        ("addr", "add", f"{THEIRS}/24", "dev", THERE),
        ("link", "set", THERE, "up"),
        ("link", "set", "lo", "up"),
    ):
        ip("netns", "exec", ROOM, "ip", *words)


@pytest.fixture
def cable() -> Iterator[None]:
    """A network namespace at the other end of a cable."""
    if shutil.which("ip") is None or os.getuid() != 0:
        pytest.skip("network namespaces are made by root, with ip (Debian: iproute2)")
    try:
        try:
            _lay_cable()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine makes no such network: {error.stderr.decode().strip()}")
        yield
    finally:
        for words in (("link", "del", HERE), ("netns", "del", ROOM)):
            with contextlib.suppress(subprocess.SubprocessError):
                ip(*words)


@pytest.fixture
def far(dask: Dask, cable: None) -> Dask:
    """A scheduler here, with a worker at the other end."""
    dask.host = OURS
    dask.start()
    dask.work("far", "ip", "netns", "exec", ROOM, threads=1)
    return dask


@pytest.mark.hardware  # not every machine makes network namespaces
def test_what_a_node_has_is_done_elsewhere_when_its_cable_is_pulled(
    far: Dask, session: Session, tmp_path: Path
) -> None:
    log = tmp_path / "runs"
    cluster = DaskCluster(address=far.address, arrives_within=5.0)
    running = session.start(*numbers(4, 0.5, log=log), cluster=cluster)
    wait_until(log.exists)
    ip("link", "set", HERE, "down")
    wait_until(lambda: any("has gone" in message for message in alerts(session)))
    far.work("near", threads=1)
    assert running.join(180.0).complete
    ip("link", "set", HERE, "up")
    assert is_whole(session, 4)


@pytest.mark.hardware
def test_a_slow_link_takes_its_time_and_costs_no_result(far: Dask, session: Session) -> None:
    """At 16 kB/s what is said of a lease takes as long as the lease, and nobody is given up."""
    slow("128kbit")
    running = session.start(*numbers(6, 0.1), cluster=DaskCluster(address=far.address))
    assert running.join(180.0).complete
    assert is_whole(session, 6)
    assert attempts(session) == 1
    assert not [message for message in alerts(session) if "has gone" in message]
