"""Sessions of toy protocols that tests run, stop and look into."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import toys
from icestream.engine.executors.attempt import run_lease
from icestream.engine.executors.contract import Ended, Lease
from icestream.engine.graph.workflow import Workflow
from icestream.engine.progress import Outcome
from icestream.engine.session import Machine, RunningSession, run_session
from icestream.store import queries
from icestream.store.open import Store, open_store

Step = tuple[str, str, dict[str, Any], dict[str, Any]]


class InlineExecutor:
    """Runs leases in one thread of the test: nothing has to be started."""

    def __init__(self) -> None:
        self._leases: queue.SimpleQueue[Lease | None] = queue.SimpleQueue()
        self._inbox: Callable[[Ended], None] = print
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self, inbox: Callable[[Ended], None]) -> None:
        self._inbox = inbox
        self._thread.start()

    def submit(self, lease: Lease) -> None:
        self._leases.put(lease)

    def cancel(self, lease: str) -> None:
        pass

    def capacity(self) -> int:
        return 2

    def stop(self) -> None:
        self._leases.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (lease := self._leases.get()) is not None:
            self._inbox(Ended(lease.id, run_lease(lease)))


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


def wait_for(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = what()
        except Exception:
            found = None
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it has not come true in time")
