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

from dask_cluster import Dask, alerts, attempts, ended, is_whole, numbers, some_done, wait_until
from icestream.engine.executors.cluster.kinds import DaskCluster, NodeKind, Tls
from toy_session import Session


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
    running = session.start(*numbers(16, 0.5), cluster=joined(dask))
    some_done(session)
    assert dask.scheduler is not None
    dask.scheduler.kill()
    dask.scheduler.wait()
    wait_until(lambda: any("the scheduler" in message for message in alerts(session)))
    assert not is_whole(session, 16)
    dask.start()
    dask.work("b")
    assert running.join(180.0).complete
    assert is_whole(session, 16)
    assert attempts(session) <= 3


def test_the_late_word_of_a_silent_node_counts_for_nothing(
    dask: Dask, session: Session, tmp_path: Path
) -> None:
    dask.start()
    silent = psutil.Process(dask.work("a", threads=1).pid)
    log = tmp_path / "runs"
    running = session.start(*numbers(3, 1.5, log=log), cluster=joined(dask))
    wait_until(log.exists)
    silent.suspend()
    wait_until(lambda: any("has gone" in message for message in alerts(session)))
    dask.work("b", threads=1)
    wait_until(lambda: session.values("add"))
    silent.resume()
    assert running.join(180.0).complete
    assert is_whole(session, 3)
    assert len(log.read_text().splitlines()) > 3  # one was done twice, and counted once


def test_only_whoever_has_a_certificate_is_let_in(
    dask: Dask, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    dask.tls = options(authority, tmp_path / "server")
    dask.start()
    with monkeypatch.context() as patch:
        patch.setattr("icestream.engine.executors.cluster.link._PATIENCE", 3.0)
        tls = certificate(stranger, tmp_path / "stranger")
        running = session.start(*numbers(3, 0.0), cluster=joined(dask, tls=tls))
        wait_until(lambda: any("does not answer" in message for message in alerts(session)))
        running.stop()
    assert session.values("add") == {}
    dask.work("a")
    tls = certificate(authority, tmp_path / "client")
    assert session.start(*numbers(3, 0.0), cluster=joined(dask, tls=tls)).join(120.0).complete


def certificate(authority: trustme.CA, folder: Path) -> Tls:
    """One for a session."""
    options(authority, folder)
    return Tls(authority=folder / "ca.pem", certificate=folder / "cert.pem", key=folder / "key.pem")


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


def test_a_node_that_is_killed_takes_its_workers_along_and_is_replaced(session: Session) -> None:
    running = session.start(*numbers(12, 0.5), cluster=here())
    some_done(session)
    (first,) = nodes(session.folder.name)
    started = first.children(recursive=True)
    assert started
    first.kill()
    wait_until(lambda: ended(*started))
    assert running.join(180.0).complete
    assert is_whole(session, 12)
    assert nodes(session.folder.name) == []


def test_a_coordinator_that_is_killed_leaves_nothing_and_goes_on(session: Session) -> None:
    steps = numbers(12, 0.5)
    cluster = here().model_dump_json(exclude_none=True)
    words = [sys.executable, "-m", "kill_target", str(session.folder), json.dumps(steps), cluster]
    path = os.pathsep.join(filter(None, sys.path))
    process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": path})
    try:
        some_done(session)
        started = psutil.Process(process.pid).children(recursive=True)
        assert nodes(session.folder.name)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: ended(*started))
        assert not is_whole(session, 12)
    finally:
        process.kill()
        process.wait()
    assert session.start(*steps, cluster=here()).join(180.0).complete
    assert is_whole(session, 12)
