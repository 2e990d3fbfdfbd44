"""Starting workers and the guardian: what they get, and that nothing is left when they cannot."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.engine.executors.processes import WorkerProcess, start_guardian, start_worker
from icestream.engine.executors.wire import Prepare, WorkerReady
from icestream.engine.machine.programs import LEASE
from toy_session import wait_for


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    made = start_worker(Prepare(path=tuple(sys.path), gpus=(1, 3)), threads=3)
    yield made
    made.bury()


def environment(worker: WorkerProcess) -> dict[str, str]:
    """That with which it was started."""

    def read() -> dict[str, str]:
        parts = Path(f"/proc/{worker.process.pid}/environ").read_text().split("\0")
        found = dict(part.split("=", 1) for part in parts if "=" in part)
        return found if "NUMBA_NUM_THREADS" in found else {}  # it is starting

    found: dict[str, str] = wait_for(read)
    return found


def test_a_worker_has_the_threads_of_the_machine_and_no_blas_threads(
    worker: WorkerProcess,
) -> None:
    """numba may use them all, for a lone movie; each call says how many of them it takes."""
    found = environment(worker)
    assert found["NUMBA_NUM_THREADS"] == "3"
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    assert {found[name] for name in threads} == {"1"}
    assert found["PYTHONPATH"] == os.pathsep.join(filter(None, sys.path))
    # A session of its own: it can be killed with its programs.
    assert os.getsid(worker.process.pid) == worker.process.pid


@pytest.mark.parametrize(("gpus", "visible"), [((), ""), ((0,), "0"), ((1, 3), "1,3")])
def test_a_worker_sees_the_gpus_that_it_is_bound_to_from_its_start(
    monkeypatch: pytest.MonkeyPatch, gpus: tuple[int, ...], visible: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    worker = start_worker(Prepare(path=tuple(sys.path), gpus=gpus), threads=1)
    try:
        found = environment(worker)
        assert found["CUDA_VISIBLE_DEVICES"] == visible
        assert found["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    finally:
        worker.bury()


def test_a_worker_says_when_it_is_ready_and_how_it_ended(worker: WorkerProcess) -> None:
    assert worker.connection.poll(60.0)
    assert worker.connection.recv() == WorkerReady()
    worker.kill()
    assert worker.bury() == "signal 9"


def test_a_worker_that_cannot_be_started_leaves_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - it lists itself too
    monkeypatch.setattr(subprocess, "Popen", fail)
    for _ in range(5):
        with pytest.raises(BlockingIOError):
            start_worker(Prepare(path=()), threads=1)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def program(lease: str) -> "subprocess.Popen[bytes]":
    """A program that a lease has started."""
    return subprocess.Popen(
        ["sleep", "600"], env={**os.environ, LEASE: lease}, start_new_session=True
    )


def test_the_guardian_ends_what_is_left_when_the_coordinator_is_gone() -> None:
    mark = f"{uuid.uuid4().hex}:"
    guardian, left = start_guardian(mark), program(f"{mark}1.1;")
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
