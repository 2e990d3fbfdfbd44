"""Sessions of toy protocols that tests run, stop and look into."""

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import toys
from icestream.engine.executors.attempt import run_lease
from icestream.engine.executors.contract import (
    CANCELLED,
    NO_ROOM,
    CapacityChanged,
    Ended,
    Fusing,
    Gpus,
    Inbox,
    Lease,
)
from icestream.engine.graph.workflow import Workflow
from icestream.engine.machine.watched import run_once
from icestream.engine.progress import Outcome
from icestream.engine.session import Machine, RunningSession, run_session
from icestream.store import queries
from icestream.store.open import Store, open_store

Step = tuple[str, str, dict[str, Any], dict[str, Any]]


class InlineExecutor:
    """Runs leases in one thread of the test: nothing has to be started, and nothing can be killed.

    `room` is how many leases it says that it can run at once.
    """

    def __init__(self, room: int = 2) -> None:
        self.room = room
        self._leases: deque[Lease] = deque()
        self._change = threading.Condition()
        self._stopping = False
        self._inbox: Inbox = print
        self._thread = threading.Thread(target=self._run, name="executor", daemon=True)

    def sweep(self, mark: str, scratch: Path) -> None:
        shutil.rmtree(scratch, ignore_errors=True)

    def start(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.say_room(self.room)
        self._thread.start()

    def say_room(self, leases: int, reason: str = "") -> None:
        """There is other room from now on; where there is none, what waits is given back."""
        self._inbox(CapacityChanged(leases, reason))
        with self._change:
            self.room = leases
            waiting = () if leases else tuple(self._leases)
            for lease in waiting:
                self._leases.remove(lease)
        for lease in waiting:
            self._inbox(Ended(lease.id, (), NO_ROOM))

    def fusing(self) -> Fusing:
        return Fusing(seconds=0.02, most=16)

    def allow(self, gpus: Iterable[int]) -> None:
        pass

    def gpus(self) -> Gpus:
        return Gpus()

    def submit(self, lease: Lease) -> None:
        with self._change:
            if self.room:
                self._leases.append(lease)
                self._change.notify()
                return
        self._inbox(Ended(lease.id, (), NO_ROOM))

    def cancel(self, lease: str) -> None:
        """What waits ends; what runs comes to its own end."""
        with self._change:
            waiting = next((one for one in self._leases if one.id == lease), None)
            if waiting is not None:
                self._leases.remove(waiting)
        if waiting is not None:
            self._inbox(Ended(lease, (), CANCELLED))

    def stop(self) -> None:
        with self._change:
            self._stopping = True
            self._change.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        run_once("executor", self._serve, self._inbox)

    def _serve(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._leases or self._stopping)
                if self._stopping:
                    return
                lease = self._leases.popleft()
            ended = self.run(lease)
            if not self._stopping:
                self._inbox(ended)

    def run(self, lease: Lease) -> Ended:
        return Ended(lease.id, run_lease(lease))


@dataclass
class Session:
    """One session in a folder, to be run any number of times."""

    folder: Path
    url: str | None = None
    workers: bool = False
    """Worker processes instead of a thread of the test."""
    cores: int = 2
    running: RunningSession | None = None
    options: dict[str, Any] = field(default_factory=dict)
    _store: Store | None = None

    def run(self, *steps: Step, **options: Any) -> Outcome:
        """Run to the end."""
        return run_session(
            self.folder,
            Workflow.from_document(toys.workflow(*steps)),
            registry=toys.registry(),
            machine=Machine(cores=self.cores),
            url=self.url,
            on_start=self._started,
            **{
                "order": "oldest",
                "probe": 0.05,
                "executor": None if self.workers else InlineExecutor(),
                **self.options,
                **options,
            },
        )

    def _started(self, running: RunningSession) -> None:
        self.running = running

    def start(self, *steps: Step, **options: Any) -> "Background":
        """Run in a thread."""
        return Background(self, steps, options)

    def store(self) -> Store:
        """The store, for reading; closed with the session."""
        if self._store is None:
            self._store = open_store(self.folder, readonly=True)
        return self._store

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    def values(self, step: str, port: str = "number") -> dict[str, float]:
        """Value of each exposure's result at a step."""
        found = queries.results(self.store(), step, limit=100_000)
        return {one.exposure: one.outputs[port]["value"] for one in found}


class Background:
    """A session that runs in a thread of the test."""

    def __init__(self, session: Session, steps: tuple[Step, ...], options: dict[str, Any]) -> None:
        self.session = session
        self.outcome: Outcome | None = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(steps, options), daemon=True)
        self._thread.start()

    def _run(self, steps: tuple[Step, ...], options: dict[str, Any]) -> None:
        try:
            self.outcome = self.session.run(*steps, **options)
        except BaseException as error:
            self.error = error

    def join(self, seconds: float = 90.0) -> Outcome:
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the session has not ended in time"
        if self.error is not None:
            raise self.error
        assert self.outcome is not None
        return self.outcome

    def stop(self, *, drain: bool = True) -> Outcome:
        wait_for(lambda: self.session.running is not None or self.error is not None)
        if self.session.running is not None:
            self.session.running.request_stop(drain=drain)
        return self.join()


def wait_for(what: Callable[[], Any], seconds: float = 60.0, *, every: float = 0.02) -> Any:
    """Wait until something is true, and return it; what is dear to ask is asked less often."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = what()
        except Exception:
            found = None
        if found:
            return found
        time.sleep(every)
    raise AssertionError("it has not come true in time")
