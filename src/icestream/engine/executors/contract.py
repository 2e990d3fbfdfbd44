"""What an executor is: it runs leases, and says what became of them.

An executor knows nothing of sessions, steps or stores. Whatever runs leases elsewhere (a
cluster, say) keeps this contract; `tests/contract/test_executors.py` holds every one to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from icestream.engine.machine.watched import ThreadDied

__all__ = ["Call", "Ended", "Ending", "Executor", "Lease"]


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
    session: str = ""
    """The session's folder."""
    scratch: str = ""
    """Where this attempt may write; made by the worker."""
    folder: str = ""
    """Where its files will be, relative to the session's folder."""
    name: str = ""
    """Of the exposure or batch, for the names of files."""
    checkpoint: str = ""
    """File of the state that a batch goes on from."""
    key: str = ""
    cores: int = 1
    gpus: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What is sent to an executor: calls that one worker runs one after another."""

    id: str
    """``epoch.number``: late answers to another epoch are ignored."""
    calls: tuple[Call, ...]
    timeout: float
    """Seconds for all its calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of one call."""

    task: int
    outcome: str
    """done, item (cannot be processed), again (may work later), defect, or storage."""
    document: str = ""
    """JSON of {output port: document}, with the final names of files."""
    checkpoint: str = ""
    """Final name of the state that a batch left."""
    files: tuple[tuple[str, str, int], ...] = ()
    """(name in scratch, final name relative to the session, bytes)."""
    qualities: Mapping[str, float] = field(default_factory=dict)
    particles: int = -1
    """Number of particles, where the item is a stack of them."""
    reason: str = ""
    details: str = ""
    started: float = 0.0
    seconds: float = 0.0
    host: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A lease has ended, one way or another."""

    lease: str
    endings: tuple[Ending, ...]
    """One for each call that is known to have ended."""
    lost: str = ""
    """Why the other calls have no ending: the worker died, the time was up; else empty."""


class Executor(Protocol):
    """Runs leases."""

    def start(self, inbox: Callable[[Ended | ThreadDied], None]) -> None:
        """Get ready; whatever ends is said to `inbox`, from any thread, once for each lease.

        So is the death of a thread of its own, after which it runs nothing any more.
        """

    def submit(self, lease: Lease) -> None:
        """Run a lease; returns at once."""

    def cancel(self, lease: str) -> None:
        """End a lease and every program that it started, within a second; returns at once.

        It ends as lost with the reason ``cancelled``.
        """

    def capacity(self) -> int:
        """How many leases can run at once."""

    def stop(self) -> None:
        """End everything that runs, and all workers."""
