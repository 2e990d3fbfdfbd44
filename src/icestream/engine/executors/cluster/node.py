"""What runs on a node: the leases of sessions, in worker processes of its own.

All functions here are called by Dask, in the process that has joined the scheduler. They take and
give plain values, so that what comes over the network is read by one version of this file or
refused.
"""

import asyncio
import json
import os
import pickle
import queue
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from icestream import __version__
from icestream.engine.executors.contract import (
    CANCELLED,
    NO_ROOM,
    CapacityChanged,
    Ended,
    Lease,
)
from icestream.engine.executors.local import LocalExecutor
from icestream.engine.executors.seen import unseen
from icestream.engine.machine.watched import ThreadDied

__all__ = [
    "MARKER",
    "Greeting",
    "NotGreeted",
    "cancel",
    "greet",
    "leave",
    "read_facts",
    "seconds_left",
    "serve",
    "with_ages",
    "with_times",
]

MARKER = "here"
"""File in the scratch folder of a session by which a node knows that it sees the same disk."""
_OWN = f"node{os.getpid()}:"
"""How the names of leases begin here: another node on this machine, of the same session even,
never ends what belongs to this one."""
_OPEN = ("undefined", "created", "init", "starting", "running", "paused", "closing_gracefully")
"""States of Dask's part of the node in which leases may be under way."""
_WATCH = 1.0
"""Seconds between two looks at it."""
_CLOSES = 15.0
"""Seconds that it has for closing, before the process ends whatever it waits for."""
_LEFT = 900.0
"""Seconds without a lease after which the workers of a session that did not say goodbye end."""


class NotGreeted(LookupError):
    """The process knows nothing of the session: it took the place of one that has died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What a session says to a node that has joined."""

    version: str = __version__
    """Of icestream, there and here."""
    mark: str
    """How the names of its leases begin."""
    epoch: str
    """What is another one each time that the session is run."""
    scratch: str
    """Its scratch folder, in which `MARKER` holds the epoch."""
    warm: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    """Where Python looks for the modules of plugins on the machine of the session."""
    silence: float = 120.0
    """Seconds without a sign of life after which a worker is killed."""
    gpus: int | None = None
    """How many of its GPUs are used; all that it sees when not given."""
    sees_within: float = 60.0
    """Seconds in which the scratch folder should come to be seen."""

    def as_bytes(self) -> bytes:
        """As it goes over the network: any version can read its own."""
        return json.dumps(asdict(self)).encode()


@dataclass(slots=True)
class _Here:
    """A session on this node."""

    executor: LocalExecutor
    waiting: dict[str, "queue.SimpleQueue[Ended]"] = field(default_factory=dict)
    """Where the end of each lease is awaited."""
    cancelled: set[str] = field(default_factory=set)
    """Leases that were cancelled while they waited for cores."""
    used: float = field(default_factory=time.monotonic)
    problem: str = ""
    """Why nothing can run here now."""
    gone: bool = False
    """Whether the session has left, or has been greeted anew."""

    def hear(self, said: Ended | CapacityChanged | ThreadDied) -> None:
        """Take in what the executor says, from its thread."""
        if isinstance(said, Ended):
            lease = said.lease.removeprefix(_OWN)
            awaited = self.waiting.get(lease)
            if awaited is not None:
                awaited.put(replace(said, lease=lease))
        elif isinstance(said, CapacityChanged):
            self.problem = said.reason if not said.leases else ""
        else:
            self.problem = f"the {said.name} has failed ({said.error})"
            self._answer_all(NO_ROOM)

    def dismiss(self) -> None:
        """End its workers, with every lease that they run."""
        self.gone = True
        self.executor.stop()
        self.cancelled.update(self.waiting)
        with _cores.change:
            _cores.change.notify_all()
        self._answer_all(CANCELLED)

    def _answer_all(self, why: str) -> None:
        for lease, awaited in tuple(self.waiting.items()):
            awaited.put(Ended(lease, (), why))


class _Cores:
    """The cores of this node, which the sessions that use it share."""

    def __init__(self) -> None:
        self.change = threading.Condition()
        self.free: int | None = None
        """None until the first session has come."""

    def take(self, many: int, given_up: "set[str]", lease: str) -> bool:
        """Wait for so many; False when the lease was given up meanwhile."""
        with self.change:
            assert self.free is not None
            self.change.wait_for(lambda: lease in given_up or (self.free or 0) >= many)
            if lease in given_up:
                return False
            self.free -= many
            return True

    def give(self, many: int) -> None:
        """Give so many back."""
        with self.change:
            self.free = (self.free or 0) + many
            self.change.notify_all()


_sessions: dict[str, _Here] = {}
_turn = threading.Lock()
_watched = threading.Lock()
"""Taken for good by the first greeting."""
_cores = _Cores()


async def greet(data: bytes, threads: int, dask_worker: Any = None) -> Mapping[str, Any]:
    """Get ready for the leases of a session; what the node is, or why it cannot be used.

    Parameters
    ----------
    dask_worker
        Given by Dask, for this name.
    """
    given = json.loads(data)
    if given["version"] != __version__:
        return {
            "problem": f"it has icestream {__version__}, and the session {given['version']}: "
            "install the same on both"
        }
    _end_with(dask_worker)
    return await asyncio.to_thread(_greet, Greeting(**given), threads)


def _end_with(dask_worker: Any) -> None:
    """Let the process end when Dask's part of it does, with what runs here.

    Nobody hears of a lease any more then, and Dask would wait for its end: hours, perhaps.
    """

    def watch() -> None:
        while dask_worker.status.name in _OPEN:
            time.sleep(_WATCH)
        with _turn:
            left = tuple(_sessions.values())
            _sessions.clear()
        for here in left:
            here.dismiss()
        time.sleep(_CLOSES)
        os._exit(1)

    if dask_worker is not None and _watched.acquire(blocking=False):
        threading.Thread(target=watch, name="closing", daemon=True).start()


def _greet(greeting: Greeting, threads: int) -> Mapping[str, Any]:
    if problem := _blind(greeting):
        return {"problem": problem}
    for folder in greeting.path:
        if folder not in sys.path and Path(folder).is_dir():
            sys.path.append(folder)
    with _turn:
        if _cores.free is None:
            _cores.free = threads
        _dismiss_left()
        if (before := _sessions.pop(greeting.mark, None)) is not None:
            before.dismiss()
        mark = _OWN + greeting.mark
        executor = LocalExecutor(threads, warm=greeting.warm, mark=mark, silence=greeting.silence)
        here = _Here(executor)
        executor.sweep(mark, Path(greeting.scratch) / f".left.{os.getpid()}")
        executor.start(here.hear)
        gpus = visible_gpus()[: greeting.gpus]
        executor.allow(gpus)
        _sessions[greeting.mark] = here
    return {**read_facts(), "cores": threads, "gpus": len(gpus), "problem": ""}


def _blind(greeting: Greeting) -> str:
    """Why the session's folder is not the one that is seen from here; empty when it is."""
    marker = Path(greeting.scratch) / MARKER
    until = time.monotonic() + greeting.sees_within
    while True:
        unseen([marker])
        try:
            said = marker.read_text()
        except OSError as error:
            said, why = "", error.strerror or str(error)
        else:
            why = "it is another folder there"
        if said == greeting.epoch:
            return ""
        if time.monotonic() > until:
            folder = marker.parent.parent
            return (
                f"it does not see the session's folder {folder} ({why}): it has to be on a disk"
                " that all machines of the cluster see under the same path"
            )
        time.sleep(0.5)


def _dismiss_left() -> None:
    """End the workers of sessions that have gone without a word."""
    now = time.monotonic()
    for mark, here in tuple(_sessions.items()):
        if not here.waiting and now - here.used > _LEFT:
            here.dismiss()
            del _sessions[mark]


def read_facts() -> dict[str, Any]:
    """What this node is."""
    return {
        "host": socket.gethostname(),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
        "memory": int(psutil.virtual_memory().total * 0.9),
        "age": _age(),
        "left": seconds_left(),
    }


def _age() -> float:
    """Seconds since this process began, by the clock that nobody sets."""
    words = Path("/proc/self/stat").read_text(errors="replace").rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(words[19]) / os.sysconf("SC_CLK_TCK")


def seconds_left() -> float | None:
    """Until the queuing system ends this node, as it says itself; None where it does not.

    By how long it may be there and has been: the clocks of the session's machine, of the queuing
    system's and of this one may all be others.
    """
    try:
        begins, ends = (float(os.environ[f"SLURM_JOB_{of}_TIME"]) for of in ("START", "END"))
    except (KeyError, ValueError):
        return None
    return max(0.0, ends - begins - _age())


def visible_gpus() -> tuple[int, ...]:
    """GPUs that a queuing system left to this process, or all of the machine's driver."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is None:
        folder = Path("/proc/driver/nvidia/gpus")
        return tuple(range(len(list(folder.iterdir())))) if folder.is_dir() else ()
    return tuple(int(part) for part in given.split(",") if part.strip().isdecimal())


def serve(mark: str, data: bytes) -> bytes:
    """Run a lease to its end, in a thread of its own; the end, as bytes.

    Raises
    ------
    NotGreeted
        If the session has not greeted this process.
    """
    here = _sessions.get(mark)
    if here is None:
        raise NotGreeted(mark)
    lease: Lease = pickle.loads(data)  # noqa: S301 - of the session that greeted it
    return pickle.dumps(with_ages(_run(here, lease)))


def with_ages(ended: Ended) -> Ended:
    """The same with how long ago its calls began, below zero, for a machine with another clock."""
    return _moved(ended, -time.time())


def with_times(ended: Ended) -> Ended:
    """What `with_ages` has said, by the clock of this machine, a moment after that was said."""
    return _moved(ended, time.time())


def _moved(ended: Ended, by: float) -> Ended:
    endings = tuple(
        replace(one, started=one.started + by) if one.started else one for one in ended.endings
    )
    return replace(ended, endings=endings)


def _run(here: _Here, lease: Lease) -> Ended:
    here.used = time.monotonic()
    many = max((call.cores for call in lease.calls), default=1)
    if here.problem:
        return Ended(lease.id, (), NO_ROOM)
    awaited: queue.SimpleQueue[Ended] = queue.SimpleQueue()
    here.waiting[lease.id] = awaited
    try:
        if here.gone:
            return Ended(lease.id, (), CANCELLED)
        if not _cores.take(many, here.cancelled, lease.id):
            return Ended(lease.id, (), CANCELLED)
        try:
            if lease.id in here.cancelled:
                return Ended(lease.id, (), CANCELLED)
            here.executor.submit(replace(lease, id=_OWN + lease.id))
            return awaited.get()
        finally:
            _cores.give(many)
    finally:
        del here.waiting[lease.id]
        here.cancelled.discard(lease.id)
        here.used = time.monotonic()


def cancel(mark: str, lease: str) -> None:
    """End a lease that runs here, or waits for cores; does nothing for another."""
    here = _sessions.get(mark)
    if here is None or lease not in here.waiting:
        return
    here.cancelled.add(lease)
    with _cores.change:
        _cores.change.notify_all()
    here.executor.cancel(_OWN + lease)


async def leave(mark: str) -> None:
    """End the workers of a session, with what they run."""
    await asyncio.to_thread(_leave, mark)


def _leave(mark: str) -> None:
    with _turn:
        here = _sessions.pop(mark, None)
        if here is not None:
            here.dismiss()
