"""What an executor is: it runs leases, and says what became of them.

An executor knows nothing of sessions, steps or stores. Whatever runs leases elsewhere (a
cluster, say) keeps this contract; `tests/contract/test_executors.py` holds every one to it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from icestream.engine.machine.watched import ThreadDied
from icestream.protocol import FoundProgram

__all__ = [
    "BLAMELESS",
    "CANCELLED",
    "NO_ROOM",
    "Call",
    "CapacityChanged",
    "Ended",
    "Ending",
    "Executor",
    "Fusing",
    "Gpus",
    "Inbox",
    "Lease",
]

CANCELLED = "cancelled"
"""Why a lease that was cancelled has no endings."""
NO_ROOM = "no room"
"""Why a lease has none that was given back, since nothing can run now."""
BLAMELESS = (CANCELLED, NO_ROOM)
"""What is no attempt: the tasks are ready again at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One attempt of one task, with everything that a worker needs to run it."""

    task: int
    attempt: int
    target: str
    """``module:Class`` of the protocol."""
    parameters: Mapping[str, Any]
    inputs: str
    """JSON: what to read from `documents`."""
    documents: Mapping[int, str]
    """JSON documents of the results that come in, by number."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """``module:Class`` of the items at inputs that take many links, by ``step.port``."""
    session: str = ""
    """The session's folder."""
    scratch: str = ""
    """Where this attempt may write; made by the worker."""
    kept: str = ""
    """What outlives attempts of the task; made by the protocol that wants it."""
    folder: str = ""
    """Where its files will be, relative to the session's folder."""
    exposure: str = ""
    """Name of the exposure, group or batch."""
    name: str = ""
    """How the names of its files begin."""
    checkpoint: str = ""
    """File of the state that a batch goes on from."""
    key: str = ""
    cores: int = 1
    memory: int = 0
    """That it needs, bytes."""
    gpus: int = 0
    """How many; which ones, the executor chooses."""
    programs: Mapping[str, FoundProgram] = field(default_factory=dict)
    """The programs of the protocol, as the session found them."""
    within: tuple[str, ...] | None = None
    """Folders below which it reads, beside the session's own; None: all."""
    patience: float = 0.0
    """Seconds for which a file of the session that another machine wrote may not be seen yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What is sent to an executor: calls that one worker runs one after another."""

    id: str
    """``epoch.number``: late answers to another epoch are ignored."""
    calls: tuple[Call, ...]
    timeout: float
    """Seconds for all its calls."""
    lane: Literal["live", "reprocess"] = "live"
    """Of its step."""
    expected: float = 0.0
    """Seconds that it takes, by what tasks of its step took so far; 0: nobody knows."""

    @property
    def gpus(self) -> int:
        """How many GPUs it needs at once."""
        return max((call.gpus for call in self.calls), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of one call."""

    task: int
    outcome: str
    """done, item (cannot be processed), again (may work later), unread (a file outside of the
    session; it may work later), defect, or storage."""
    document: str = ""
    """JSON of {output port: document}, with the final names of files."""
    types: str = "{}"
    """JSON of {output port: ``module:Class`` of the item}."""
    pictures: str = "[]"
    """JSON of [[output port, final name, title, description], ...]."""
    checkpoint: str = ""
    """Final name of the state that a batch left."""
    files: tuple[tuple[str, str, int], ...] = ()
    """(name in scratch, final name relative to the session, bytes)."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """What is in the files, by final name, as `icestream.store.content` says it; not of logs."""
    qualities: Mapping[str, float] = field(default_factory=dict)
    particles: int = -1
    """Number of particles, where an item is a stack of them."""
    particles_port: str = ""
    """The output port of that item."""
    reason: str = ""
    details: str = ""
    away: str = ""
    """The folder that cannot be used now, of an outcome of storage; the file, of one of unread."""
    started: float = 0.0
    seconds: float = 0.0
    cpu: float | None = None
    """Processor time, seconds; None: not measured."""
    memory: float | None = None
    """Of the largest process at its peak, bytes; None: not known."""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A lease has ended, one way or another."""

    lease: str
    endings: tuple[Ending, ...]
    """One for each call that is known to have ended."""
    lost: str = ""
    """Why the other calls have no ending: the worker died, the time was up; else empty."""
    blameless: bool = False
    """Whether that had nothing to do with them, as far as is known: it is no try of theirs."""


@dataclass(frozen=True, slots=True)
class CapacityChanged:
    """How many leases can run at once from now on; what runs beyond it goes on."""

    leases: int
    reason: str = ""
    """Why it is less than the executor was made for; empty when it is not."""
    note: str = ""
    """What people may want to know of it otherwise, such as that jobs wait in their queue."""


@dataclass(frozen=True, slots=True)
class Fusing:
    """How much work makes a lease worth sending: smaller tasks share one."""

    seconds: float = 0.0
    """Tasks go together that take no longer than this in all; 0: each goes alone."""
    most: int = 1
    """Tasks in a lease."""


@dataclass(frozen=True, slots=True)
class Gpus:
    """What an executor does with this machine's GPUs."""

    busy: frozenset[int] = frozenset()
    """Leases run on these."""
    held: frozenset[int] = frozenset()
    """Those, all on which a lease may be placed, and all of whose workers some have not ended:
    nobody else may have them."""


Inbox = Callable[[Ended | CapacityChanged | ThreadDied], None]


class Executor(Protocol):
    """Runs leases: chooses where each one runs, and has workers for it."""

    def sweep(self, mark: str, scratch: Path) -> None:
        """End what is left of leases whose names begin with `mark`, and empty their `scratch`.

        Called before `start`, when whoever ran the session before may have died.
        """

    def start(self, inbox: Inbox) -> None:
        """Get ready; what happens is said to `inbox`, from any thread.

        That is: how many leases can run at once, first of all and whenever it changes, 0 as
        well; the end of every lease, once; and the death of a thread of its own, after which the
        executor runs nothing any more.
        """

    def fusing(self) -> Fusing:
        """How much work makes a lease worth sending."""

    def allow(self, gpus: Iterable[int]) -> None:
        """From now on place leases on these GPUs of this machine only; returns at once.

        What runs on another goes on; nobody has to give up a GPU while a lease is on it.
        """

    def gpus(self) -> Gpus:
        """What it does with this machine's GPUs; cheap, from any thread."""

    def submit(self, lease: Lease) -> None:
        """Run a lease as soon as there is room for it; returns at once.

        While there is room for none it comes back as lost with the reason `NO_ROOM`.
        """

    def cancel(self, lease: str) -> None:
        """End a lease and every program that it started, within a second; returns at once.

        It ends as lost with the reason `CANCELLED`.
        """

    def stop(self) -> None:
        """End everything that runs, and all workers."""
