"""Sessions on a scheduler of Dask: whatever is killed, each result is there once."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import trustme

from dask_cluster import Dask, alerts, attempts, ended, is_whole, numbers, some_done
from icestream.engine.executors.cluster.kinds import DaskCluster, NodeKind, Tls
from toy_session import Session, wait_for


def joined(dask: Dask, **more: Any) -> DaskCluster:
    return DaskCluster(address=dask.address, arrives_within=5.0, **more)


def here(**given: Any) -> DaskCluster:
    node = NodeKind(**{"cores": 2, "memory": "2GB", **given})
    return DaskCluster(nodes={"here": node}, arrives_within=5.0)


def nodes(name: str) -> list[psutil.Process]:
    """Nodes of a session, by the name of its folder."""
    word = f"icestream-{name}"
    return [
        one
        for one in psutil.process_iter(["cmdline"])
        if any(part.startswith(word) for part in one.info["cmdline"] or ())
    ]


def test_a_scheduler_that_is_killed_takes_no_result_along(dask: Dask, session: Session) -> None:
    dask.start()
    dask.work("a")
    running = session.start(*numbers(24, 1.0), cluster=joined(dask))
    some_done(session)
    assert dask.scheduler is not None
    dask.scheduler.kill()
    dask.scheduler.wait()
    wait_for(lambda: any("the scheduler" in message for message in alerts(session)), 120.0)
    assert not is_whole(session, 24)
    dask.start()
    dask.work("b")
    assert running.join(180.0).complete
    assert is_whole(session, 24)
    assert attempts(session) <= 3


def test_a_node_that_is_killed_costs_its_leases_alone(dask: Dask, session: Session) -> None:
    dask.start()
    first = dask.work("a")
    dask.work("b")
    running = session.start(*numbers(24, 1.0), cluster=joined(dask))
    some_done(session)
    started = psutil.Process(first.pid).children(recursive=True)
    assert started
    first.kill()
    wait_for(lambda: ended(*started))
    assert running.join(180.0).complete
    assert is_whole(session, 24)


def test_the_late_word_of_a_silent_node_counts_for_nothing(
    dask: Dask, session: Session, tmp_path: Path
) -> None:
    dask.start()
    silent = psutil.Process(dask.work("a", threads=1).pid)
    log = tmp_path / "runs"
    running = session.start(*numbers(3, 1.5, log=log), cluster=joined(dask))
    wait_for(log.exists, 120.0)
    silent.suspend()
    wait_for(lambda: any("has gone" in message for message in alerts(session)), 120.0)
    dask.work("b", threads=1)
    wait_for(lambda: session.values("add"), 120.0)
    silent.resume()
    assert running.join(180.0).complete
    assert is_whole(session, 3)
    assert len(log.read_text().splitlines()) > 3  # one was done twice, and counted once


@pytest.mark.parametrize("ours", [True, False])
def test_only_whoever_has_a_certificate_is_let_in(
    dask: Dask, session: Session, tmp_path: Path, ours: bool
) -> None:
    authority, other = trustme.CA(), trustme.CA()
    dask.tls = options(authority, tmp_path / "server")
    dask.start()
    dask.work("a")
    options(authority if ours else other, tmp_path / "client")
    made = tmp_path / "client"
    tls = Tls(authority=made / "ca.pem", certificate=made / "cert.pem", key=made / "key.pem")
    running = session.start(*numbers(3, 0.0), cluster=joined(dask, tls=tls))
    if ours:
        assert running.join(120.0).complete
        return
    wait_for(lambda: any("does not answer" in message for message in alerts(session)), 120.0)
    running.stop()
    assert session.values("add") == {}


def options(authority: trustme.CA, folder: Path) -> tuple[str, ...]:
    """A certificate, and the words by which Dask finds it."""
    folder.mkdir()
    made = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    made.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    made.private_key_pem.write_to_path(str(folder / "key.pem"))
    return (
        *("--tls-ca-file", str(folder / "ca.pem"), "--tls-cert", str(folder / "cert.pem")),
        *("--tls-key", str(folder / "key.pem")),
    )


def test_nodes_of_its_own_are_replaced_and_leave_nothing(session: Session) -> None:
    running = session.start(*numbers(20, 1.0), cluster=here(cores=1, most=2))
    some_done(session)
    first, *_ = nodes(session.folder.name)
    first.kill()
    assert running.join(180.0).complete
    assert is_whole(session, 20)
    assert nodes(session.folder.name) == []


def test_a_coordinator_that_is_killed_leaves_nothing_and_goes_on(session: Session) -> None:
    steps = numbers(20, 1.0)
    cluster = here(most=2).model_dump_json(exclude_none=True)
    words = [sys.executable, "-m", "kill_target", str(session.folder), json.dumps(steps), cluster]
    path = os.pathsep.join(filter(None, sys.path))
    process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": path})
    try:
        some_done(session)
        started = psutil.Process(process.pid).children(recursive=True)
        assert nodes(session.folder.name)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_for(lambda: ended(*started))
        assert not is_whole(session, 20)
    finally:
        process.kill()
        process.wait()
    assert session.start(*steps, cluster=here(most=2)).join(180.0).complete
    assert is_whole(session, 20)
