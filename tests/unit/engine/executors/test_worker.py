"""The worker's main program, in a process of its own: a socket in, endings out."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.executors.contract import Call, Lease
from icestream.engine.executors.wire import Answer, LeaseBegun, Prepare, WorkerReady
from icestream.engine.machine.programs import end_programs
from toy_session import wait_for


class Worker:
    """A worker process, and our end of its socket."""

    def __init__(self, parent: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "icestream.engine.executors.worker",
                    str(theirs.fileno()), str(parent),
                ],
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )  # fmt: skip
        self.connection = Connection(ours.detach())
        self.lease = f"worker{self.process.pid}:1;"

    def greet(self, *warm: str, gpus: tuple[int, ...] = ()) -> None:
        self.connection.send(Prepare(path=tuple(sys.path), warm=warm, gpus=gpus))
        assert self.receive() == WorkerReady()

    def run(self, folder: Path, name: str, **parameters: Any) -> Any:
        self.send(folder, name, **parameters)
        return self.answer()

    def answer(self) -> Any:
        """The endings of the lease."""
        assert self.receive() == LeaseBegun()
        answer = self.receive()
        assert answer == Answer(self.lease, answer.endings)
        return answer.endings

    def send(self, folder: Path, name: str, **parameters: Any) -> None:
        document = json.dumps({"number": {"exposure": "e3", "value": 3.0}})
        call = Call(
            task=7, attempt=1, target=f"toys:{name}", parameters=parameters,
            inputs='[["number", "src", 1, "number"]]', documents={1: document},
            session=str(folder), scratch=str(folder / "scratch"), key="0a",
        )  # fmt: skip
        self.connection.send(Lease(id=self.lease, calls=(call,), timeout=10.0))

    def receive(self) -> Any:
        assert self.connection.poll(20.0)
        return self.connection.recv()

    def close(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker(os.getpid())
    yield made
    made.close()


def test_a_worker_runs_leases_with_our_path_until_we_hang_up(
    worker: Worker, tmp_path: Path
) -> None:
    worker.greet("toys:Add", "nowhere:X")  # what cannot be imported is the task's trouble
    for add in (1.0, 2.0):
        (ending,) = worker.run(tmp_path, "Add", add=add)
        assert json.loads(ending.document)["number"]["value"] == 3.0 + add
    worker.connection.close()
    assert worker.process.wait(60.0) == 0


def test_the_programs_of_a_lease_have_its_name_in_their_environment(
    worker: Worker, tmp_path: Path
) -> None:
    """By which they are found and ended when their worker has died."""
    worker.greet()
    worker.send(tmp_path, "Echo", seconds=600)
    assert wait_for(lambda: end_programs(worker.lease)) >= 1
    (ending,) = worker.answer()
    assert (ending.outcome, ending.reason) == ("again", "sh was killed by signal 9 (SIGKILL)")


def test_a_worker_tells_its_calls_the_gpus_that_it_is_bound_to(
    worker: Worker, tmp_path: Path
) -> None:
    worker.greet(gpus=(1, 3))
    (ending,) = worker.run(tmp_path, "Bound")
    assert json.loads(ending.document)["number"]["value"] == 13.0


def test_the_terminals_interrupt_is_not_for_a_worker(worker: Worker, tmp_path: Path) -> None:
    worker.greet()
    assert worker.run(tmp_path, "Add")[0].outcome == "done"  # it is there by now
    worker.process.send_signal(signal.SIGINT)
    assert worker.run(tmp_path, "Add")[0].outcome == "done"


def test_a_worker_whose_parent_is_gone_already_does_not_stay(tmp_path: Path) -> None:
    """It died between starting the worker and the worker's asking to die with it."""
    orphan = Worker(parent=1)
    try:
        assert orphan.process.wait(60.0) == 0
    finally:
        orphan.close()


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        ("ImportError('numpy.so: failed to map segment from shared object')", True),
        ("RuntimeError('no new thread')", True),
        ("KeyError('a defect')", False),
    ],
)
def test_a_worker_that_lacks_something_ends_with_one_line(error: str, lacks: bool) -> None:
    """Found by the campaign of faults, seeds 2 and 4: tracebacks on the terminal of a session."""
    code = (
        "import os, sys\n"
        "from icestream.engine.executors import worker\n"
        f"def serve(_):\n    raise {error}\n"
        "worker._serve = serve\n"
        "sys.argv[1:] = [str(os.dup(0)), str(os.getppid())]\n"
        "worker.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, input=""
    )
    said = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert error.partition("(")[0] in said[-1]
    assert (len(said) == 1) == lacks, said
    assert said[0].startswith("icestream: a worker process had to end: ") == lacks


@pytest.mark.parametrize("when", ["before it is ready", "when it is ready", "while it works"])
def test_a_worker_that_nobody_listens_to_ends_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], when: str
) -> None:
    """What was said to us and not read makes the other end of a socket an error, not an end."""
    worker = Worker(os.getpid())
    try:
        worker.connection.send(Prepare(path=tuple(sys.path)))
        if when != "before it is ready":
            assert worker.connection.poll(20.0)
        if when == "while it works":
            worker.send(tmp_path, "Add", seconds=0.5)
            time.sleep(0.2)
        worker.connection.close()
        assert worker.process.wait(20.0) == 0
        assert capfd.readouterr().err == ""
    finally:
        worker.close()
