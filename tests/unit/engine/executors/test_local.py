"""The local executor's own parts; the contract that it keeps is tested in ``tests/contract``."""

import os
import signal
import subprocess
import sys
import time
import uuid

import pytest

from icestream.engine.executors.contract import Ended
from icestream.engine.executors.local import LocalExecutor, _guard
from icestream.engine.machine.programs import LEASE


def program(lease: str | None) -> "subprocess.Popen[bytes]":
    """A program that a lease has started, or nobody."""
    environment = {k: v for k, v in os.environ.items() if k != LEASE}
    if lease is not None:
        environment[LEASE] = lease
    return subprocess.Popen(["sleep", "600"], env=environment, start_new_session=True)


@pytest.fixture
def mark() -> str:
    """Beginning of the names of leases that nobody else has."""
    return f"{uuid.uuid4().hex}:"


def test_the_guardian_ends_what_is_left_when_the_coordinator_is_gone(mark: str) -> None:
    guardian, left = _guard(mark), program(f"{mark}1.1;")
    try:
        assert left.poll() is None
        assert guardian.stdin is not None
        guardian.stdin.close()  # as the kernel does it when the coordinator is killed
        assert left.wait(20.0) == -signal.SIGKILL
        assert guardian.wait(20.0) == 0
    finally:
        for one in (guardian, left):
            one.kill()
            one.wait()


def test_an_executor_that_was_never_started_can_be_stopped() -> None:
    executor = LocalExecutor(2)
    assert executor.capacity() == 2
    executor.stop()


def test_a_lease_cannot_end_before_the_executor_was_started() -> None:
    executor = LocalExecutor(1)
    with pytest.raises(RuntimeError, match=r"m:1.1;.* was said before"):
        executor._inbox(Ended("m:1.1;", ()))
    executor.stop()


def test_workers_have_as_many_threads_as_the_executor_has_workers_and_no_blas_threads() -> None:
    """numba may use them all, for a lone movie; each call says how many of them it takes."""
    executor = LocalExecutor(3)
    worker = executor._spawn()
    try:
        pid = worker.process.pid
        found: dict[bytes, bytes] = {}
        deadline = time.monotonic() + 60
        while b"NUMBA_NUM_THREADS" not in found and time.monotonic() < deadline:  # it is starting
            with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - it has no size
                parts = file.read().split(b"\0")
            found = dict(part.split(b"=", 1) for part in parts if b"=" in part)
        assert found[b"NUMBA_NUM_THREADS"] == b"3"
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        assert {found[name.encode()] for name in threads} == {b"1"}
        assert found[b"PYTHONPATH"] == os.pathsep.join(filter(None, sys.path)).encode()
        assert os.getsid(pid) == pid  # a session of its own: it can be killed with its programs
    finally:
        worker.process.kill()
        worker.process.wait()
        worker.connection.close()
        executor.stop()
