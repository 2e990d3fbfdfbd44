"""The main program of a worker process: reads leases from its socket, answers with endings.

Run as ``python -m icestream.engine.executors.worker FD PARENT``; what is said is in
`icestream.engine.executors.wire`.
"""

import ctypes
import os
import signal
import sys
import threading
from multiprocessing.connection import Connection

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
    connection = Connection(int(sys.argv[1]))
    prepare: Prepare = connection.recv()
    sys.path[:] = prepare.path
    from icestream.engine.executors import attempt  # heavy: numpy, pydantic

    attempt.warm(prepare.warm)
    turn = threading.Lock()

    def say(what: WorkerReady | LeaseBegun | Answer | Beat) -> None:
        with turn:
            connection.send(what)

    say(WorkerReady())
    keep_telling(lambda: say(Beat()), prepare.beat, of=threading.get_native_id())
    while True:
        try:
            lease = connection.recv()
        except EOFError:
            return
        say(LeaseBegun())
        os.environ[LEASE] = lease.id
        say(Answer(lease.id, attempt.run_lease(lease, prepare.gpus)))


if __name__ == "__main__":
    main()
