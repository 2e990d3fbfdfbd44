"""Starting worker processes, and the guardian that ends what is left of them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection

from icestream.engine.executors.pulse import cpu_seconds
from icestream.engine.executors.wire import Prepare

__all__ = ["WorkerProcess", "start_guardian", "start_worker"]


@dataclass(slots=True, eq=False)
class WorkerProcess:
    """A worker's process, and our end of its socket."""

    process: "subprocess.Popen[bytes]"
    connection: Connection

    def kill(self) -> None:
        """Kill it with its threads and children; its socket closes when it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def cpu_seconds(self) -> float:
        """Processor time that it has used so far."""
        return cpu_seconds(self.process.pid)

    def bury(self, patience: float = 10.0) -> str:
        """Make sure that it ends; returns how it did.

        One that waits for a disk which does not answer ends as soon as that does, and does
        nothing before. It is not waited for longer than `patience`, in seconds.
        """
        self.connection.close()
        self.kill()
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return "no end yet: the kernel cannot end it before a disk answers"
        return f"signal {-status}" if status < 0 else f"exit status {status}"


def start_worker(prepare: Prepare, threads: int) -> WorkerProcess:
    """Start a worker that is bound to its GPUs and has at most so many threads.

    The kernel kills it when the thread that calls this ends. Raises OSError when it cannot start.
    """
    ours, theirs = socket.socketpair()
    connection = Connection(ours.detach())
    try:
        with theirs:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",  # whatever lies in the folder where the session was started
                    "-c",
                    "from icestream.engine.executors.worker import main; main()",
                    str(theirs.fileno()),
                    str(os.getpid()),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(prepare.gpus, threads),
                start_new_session=True,
            )
    except BaseException:
        connection.close()
        raise
    with contextlib.suppress(OSError):  # it has died already, which its socket will say
        connection.send(prepare)
    return WorkerProcess(process, connection)


def _environment(gpus: tuple[int, ...], threads: int) -> dict[str, str]:
    """A worker's environment: once CUDA is up in a process, its GPUs cannot be changed."""
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "NUMBA_NUM_THREADS": str(threads),
        "CUDA_VISIBLE_DEVICES": ",".join(map(str, gpus)),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # the driver's numbers, not the fastest first
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }


def start_guardian(mark: str) -> "subprocess.Popen[bytes]":
    """Start a process that outlives this one by a moment, and ends the programs it left.

    Programs die with their worker and workers with their coordinator, by the kernel's doing. What
    a program has started itself does not: the guardian's end of a pipe tells it when.
    """
    code = (
        "import sys, time; from icestream.engine.machine.programs import end_programs\n"
        "sys.stdin.buffer.read()\n"
        "for _ in range(3):\n"
        "    if not end_programs(sys.argv[1]): break\n"
        "    time.sleep(0.1)"
    )
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, mark],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
