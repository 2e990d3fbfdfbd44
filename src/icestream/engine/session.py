"""Running a session from beginning to end: what a command line or a server calls."""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from icestream.channels.kinds import Channels
from icestream.engine.coordinator.loop import Coordinator, Options
from icestream.engine.decisions.ready import ORDERS, Order
from icestream.engine.executors.cluster.kinds import Cluster, largest_node, whole_cluster
from icestream.engine.executors.contract import Executor
from icestream.engine.executors.local import LocalExecutor
from icestream.engine.executors.workers import SILENCE
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.machine.ledger import Ledger, Share
from icestream.engine.machine.lock import hold
from icestream.engine.progress import Outcome, Progress
from icestream.engine.record.leases import KEPT, SCRATCH
from icestream.engine.record.opening import mark_of, uid_of
from icestream.protocol import Registry
from icestream.store.migrate import OlderStore
from icestream.store.open import NoStore, open_store
from icestream.store.places import state_folder

__all__ = ["Machine", "RunningSession", "bring_up_to_date", "machine_of", "run_session"]

_MANY, _MANY_GPUS = 2**20, 1024
"""Cores, GiB and GPUs of a cluster of which nobody says what it has."""


def gpus_of_machine() -> tuple[int, ...]:
    """NVIDIA GPUs of this machine, as its driver lists them."""
    folder = Path("/proc/driver/nvidia/gpus")
    return tuple(range(len(list(folder.iterdir())))) if folder.is_dir() else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What sessions of this machine may use together, and this one at most."""

    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    memory: int = field(default_factory=lambda: int(psutil.virtual_memory().total * 0.9))
    """Bytes."""
    gpus: tuple[int, ...] = field(default_factory=gpus_of_machine)
    tokens: Mapping[str, int] = field(default_factory=dict)
    """Copies of named programs that may run at once."""
    node: "Machine | None" = None
    """The largest node, where tasks run on nodes of a cluster: no task may need more."""

    def amounts(self, cores: int | None = None) -> dict[str, int]:
        """By kind of the machine's ledger; `cores` limits one session's wish."""
        return {
            "cores": min(self.cores, cores) if cores else self.cores,
            "memory": self.memory,
            **{f"gpu:{gpu}": 1 for gpu in self.gpus},
            **self.licences(),
        }

    def licences(self) -> dict[str, int]:
        """Copies of programs, by kind of the machine's ledger."""
        return {f"token:{name}": many for name, many in self.tokens.items()}


def machine_of(cluster: Cluster, tokens: Mapping[str, int]) -> Machine:
    """What a session may use of a cluster's nodes: nobody of this machine has a share of them.

    Of nodes that join by themselves it is not known before, so nothing is a limit.
    """
    kinds = cluster.nodes_of
    if not kinds:
        return Machine(
            cores=_MANY, memory=_MANY * 2**30, gpus=tuple(range(_MANY_GPUS)), tokens=tokens
        )
    whole, largest = whole_cluster(kinds), largest_node(kinds)
    node = Machine(
        cores=largest["cores"], memory=largest["memory"], gpus=tuple(range(largest["gpus"]))
    )
    gpus = tuple(range(whole["gpus"]))
    return Machine(
        cores=whole["cores"], memory=whole["memory"], gpus=gpus, tokens=tokens, node=node
    )


class RunningSession:
    """A session that runs: hand it to whoever may stop it or wants to know how far it is."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator

    def request_stop(self, *, drain: bool = True) -> None:
        """Ask it to end, from any thread: after what runs now, or at once."""
        self._coordinator.request_stop(drain=drain)

    def progress(self) -> Progress:
        """How far it is."""
        return self._coordinator.progress()


def run_session(  # noqa: PLR0913 - the public face: what may be chosen is said by name
    folder: Path | str,
    workflow: Workflow,
    *,
    registry: Registry | None = None,
    machine: Machine | None = None,
    cores: int | None = None,
    order: Order | None = None,
    url: str | None = None,
    on_start: Callable[[RunningSession], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    executor: Executor | None = None,
    cluster: Cluster | None = None,
    probe: float = 1.0,
    silence: float = SILENCE,
    channels: Channels | None = None,
) -> Outcome:
    """Process a session until all its streams are closed and drained, or it is told to stop.

    A folder that has been processed before goes on from where it was left: what is done is not
    done again, and a stream that was closed is opened again.

    Parameters
    ----------
    folder
        The session's folder; made when it is not there.
    workflow
        What to do. It may add steps to those that the session has, and change parameters.
    registry
        Where protocols come from; all installed packages by default.
    machine
        What all sessions of this machine share; what the machine has by default.
    cores
        At most so many for this session.
    order
        ``newest`` or ``oldest`` exposure first, or ``both`` in turn; by default as the session has
        it, and the newest in a new one.
    url
        Keep a new session's store in this PostgreSQL database instead of in the folder.
    on_start
        Called once with a `RunningSession`, by which other threads (and signals) can stop it.
    on_progress
        Called in the thread of this call, a few times a second while something happens.
    executor
        Runs the leases; worker processes of this machine by default.
    cluster
        Run them on its nodes instead; `machine` has only the tokens then.
    probe
        Seconds between looks whether trouble with storage is over.
    silence
        Seconds without a sign of life after which a worker process is killed, and its task tried
        again.
    channels
        By which alerts reach people; none by default.

    Raises
    ------
    InvalidWorkflow
        If the workflow cannot run, with everything that is wrong.
    SessionBusy
        If another coordinator runs this session.
    """
    folder = Path(folder).absolute()
    registry = registry if registry is not None else Registry()
    problems = validate(workflow, registry)
    if problems:
        raise InvalidWorkflow(workflow.name, problems)
    if order not in (None, *ORDERS):
        raise ValueError(f"order is {order!r}; it can be {', '.join(map(repr, ORDERS))}")
    machine = machine or Machine()
    if cluster is not None:
        machine = machine_of(cluster, machine.tokens)
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder):
        store = open_store(folder, url=url)
        uid, wishes = uid_of(store), machine.amounts(cores)
        mark = mark_of(uid, folder)
        warm = tuple(_targets(workflow, registry))
        runs = executor or _executor(cluster, wishes["cores"], warm, mark, silence)
        options = Options(
            order=order,
            on_progress=on_progress,
            probe=probe,
            most=wishes,
            node=machine.node.amounts(cores) if machine.node is not None else None,
            uid=uid,
            channels=channels or Channels(),
        )
        coordinator = Coordinator(store, registry, runs, options)
        with contextlib.closing(store):
            runs.sweep(mark, folder / SCRATCH)
            shared = machine.amounts() if cluster is None else machine.licences()
            ledger = Ledger(state_folder(), shared)
            sharing = _sharing(ledger, mark, wishes, coordinator, runs)
            # Workers end before the share is given back: they hold memory of GPUs.
            with sharing as share, _started(runs, coordinator):
                if on_start is not None:
                    on_start(RunningSession(coordinator))
                outcome = coordinator.run(workflow, share)
            # What has failed is tried again when the session is run again, and may go on from it.
            if outcome.complete and not any(step.counts.failed for step in outcome.steps):
                shutil.rmtree(folder / KEPT, ignore_errors=True)
            return outcome


def bring_up_to_date(folder: Path | str) -> None:
    """Bring the store that an earlier version left to the present schema; no store is made.

    For whoever is about to run a session and looks into it before.

    Raises
    ------
    SessionBusy
        If a coordinator, of that earlier version then, runs the session.
    NewerStore
        If a newer version has run it.
    """
    try:
        open_store(folder, readonly=True, older=False).close()
    except NoStore:
        return
    except OlderStore:
        with hold(Path(folder)):
            open_store(folder).close()


@contextlib.contextmanager
def _started(executor: Executor, coordinator: Coordinator) -> Iterator[None]:
    executor.start(coordinator.tell)
    try:
        yield
    finally:
        executor.stop()


@contextlib.contextmanager
def _sharing(
    ledger: Ledger,
    holder: str,
    wishes: Mapping[str, int],
    coordinator: Coordinator,
    executor: Executor,
) -> Iterator[Share]:
    def gpus(numbers: Iterable[int]) -> dict[str, int]:
        return {f"gpu:{gpu}": 1 for gpu in numbers}

    def wanted() -> Mapping[str, int]:
        if not coordinator.is_idle():
            return wishes
        return dict.fromkeys(wishes, 0) | coordinator.used() | gpus(executor.gpus().busy)

    def used() -> Mapping[str, int]:
        # Nobody else gets a GPU before the executor has let go of it.
        return coordinator.used() | gpus(executor.gpus().held)

    share = Share(ledger, holder, wanted, used, coordinator.tell)
    share.start()
    try:
        yield share
    finally:
        share.stop()


def _executor(
    cluster: Cluster | None, workers: int, warm: tuple[str, ...], mark: str, silence: float
) -> Executor:
    if cluster is None:
        return LocalExecutor(workers, warm=warm, mark=mark, silence=silence)
    # Slow to load, and not there without its extra.
    from icestream.engine.executors.cluster.executor import ClusterExecutor

    path = tuple(filter(None, sys.path))
    return ClusterExecutor(cluster, warm=warm, silence=silence, path=path)


def _targets(workflow: Workflow, registry: Registry) -> Iterable[str]:
    protocols = [registry.get(step.protocol) for step in workflow.steps]
    return sorted(
        {
            f"{protocol.__module__}:{protocol.__qualname__}"
            for protocol in protocols
            if protocol.runs
        }
    )
