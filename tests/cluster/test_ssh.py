"""Nodes on hosts by a real sshd, on loopback."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dask_cluster import ended, is_whole, numbers, some_done, wait_until
from icestream.engine.executors.cluster.kinds import NodeKind, SshCluster
from rsync_server import Sshd, sshd
from toy_session import Session


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sshd]:
    """A host, and an ssh that knows its port and key."""
    with sshd(tmp_path / "sshd") as made:
        ssh = tmp_path / "bin" / "ssh"
        ssh.parent.mkdir()
        options = " ".join(["-p", str(made.port), *made.options])
        ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} {options} "$@"\n')
        ssh.chmod(0o755)
        monkeypatch.setenv("PATH", str(ssh.parent), prepend=os.pathsep)
        yield made


def nodes(session: Session) -> list[psutil.Process]:
    """Processes of its nodes, with the ssh that holds each."""
    word = f"icestream-{session.folder.name}-host"
    return [
        one
        for one in psutil.process_iter(["cmdline"])
        if word in " ".join(one.info["cmdline"] or ())
    ]


def test_tasks_run_on_hosts_by_ssh_and_nothing_stays_there(host: Sshd, session: Session) -> None:
    node = NodeKind(cores=2, memory="2GB")  # type: ignore[arg-type]
    cluster = SshCluster(
        kind="ssh", hosts=("127.0.0.1",), node=node, host="127.0.0.1", arrives_within=5.0
    )
    running = session.start(*numbers(12, 0.5), cluster=cluster)
    some_done(session)
    there = [one for one in nodes(session) if one.name().startswith("python")]
    assert there
    there[-1].kill()  # it is started again
    assert running.join(180.0).complete
    assert is_whole(session, 12)
    wait_until(lambda: ended(*there) and not nodes(session))
