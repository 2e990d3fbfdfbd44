"""The main program of a worker process: reads leases from its socket, answers with endings.

Run as ``python -m icestream.engine.executors.worker FD PARENT``; what is said is in
`icestream.engine.executors.wire`.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from icestream.engine.executors.contract import Lease
from icestream.engine.executors.pulse import keep_telling
from icestream.engine.executors.wire import Answer, Beat, LeaseBegun, Prepare, WorkerReady
from icestream.engine.machine.programs import LEASE

__all__ = ["main"]


def main() -> None:
    """Serve leases until the coordinator hangs up."""
    parent = int(sys.argv[2])
    # The kernel kills the worker when the coordinator dies, however that happens.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the coordinator alone
    with contextlib.suppress(_HungUp):
        try:
            _serve(Connection(int(sys.argv[1])))
        except (OSError, MemoryError, ImportError, RuntimeError) as error:
            # No memory, no thread, no descriptor, a library that cannot be read: no defect. Who
            # started it hears of its end, and starts another.
            sys.exit(f"icestream: a worker process had to end: {type(error).__name__}: {error}")


class _HungUp(Exception):
    """Nobody is at the other end any more: the session is over, or goes on without this worker."""


def _serve(connection: Connection) -> None:
    """Get ready, then run one lease after another."""
    turn = threading.Lock()

    def hear() -> Any:
        try:
            return connection.recv()
        except (EOFError, ConnectionError) as error:
            raise _HungUp from error

    def say(what: WorkerReady | LeaseBegun | Answer) -> None:
        try:
            with turn:
                connection.send(what)
        except ConnectionError as error:
            raise _HungUp from error

    def beat() -> None:
        with turn:
            connection.send(Beat())

    prepare: Prepare = hear()
    sys.path[:] = prepare.path
    from icestream.engine.executors import attempt  # heavy: numpy, pydantic

    attempt.warm(prepare.warm)
    say(WorkerReady())
    keep_telling(beat, prepare.beat, of=threading.get_native_id())
    while True:
        lease: Lease = hear()
        say(LeaseBegun())
        os.environ[LEASE] = lease.id
        say(Answer(lease.id, attempt.run_lease(lease, prepare.gpus)))


if __name__ == "__main__":
    main()
