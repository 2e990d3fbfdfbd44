"""What an executor and a worker process say to each other, beside leases."""

from dataclasses import dataclass

from icestream.engine.executors.contract import Ending

__all__ = ["Answer", "Beat", "LeaseBegun", "Prepare", "WorkerReady"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """The first message to a worker: what it is for."""

    path: tuple[str, ...]
    """Where Python looks for modules."""
    warm: tuple[str, ...] = ()
    """Protocols (``module:Class``) to import before the first lease."""
    gpus: tuple[int, ...] = ()
    """The machine's numbers of the GPUs that it is bound to."""
    beat: float = 15.0
    """Seconds between two signs of life."""


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """The first message from a worker: it is warm, and waits for leases."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life from a worker."""


@dataclass(frozen=True, slots=True)
class LeaseBegun:
    """A worker has read its lease: from now on the lease is lost with it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a lease."""

    lease: str
    endings: tuple[Ending, ...]
    """One for each call."""
