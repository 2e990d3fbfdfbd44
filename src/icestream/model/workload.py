"""How much a session has to do and what it costs: what a forecast is made from."""

from dataclasses import dataclass

__all__ = ["NEWEST", "StepLoad", "Workload"]

NEWEST = 1500
"""Exposures that say how more will come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLoad:
    """What one step costs, and what is left to it."""

    name: str
    seconds: float | None
    """Core seconds for each exposure that is found, lately; None before there are results."""
    left: float
    """Exposures that were found and that it has still to deal with."""
    later: bool = False
    """Whether nothing that is made of each exposure waits for it: it could be run at the end."""
    at_once: float | None = None
    """Cores that all its tasks together can use; None: as many as there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What a session has to do, what comes, and what does it."""

    now: float
    """Seconds since the epoch."""
    taken: tuple[float, ...] = ()
    """When each of the newest exposures was taken, or found where that is not known; the oldest
    first."""
    behind: int = 0
    """Exposures that have not been through all steps yet."""
    steps: tuple[StepLoad, ...] = ()
    """Those that run: without sources, monitors and what is paused."""
    cores: float | None = None
    """Cores that the session has; None: not known."""
    busy: float | None = None
    """Cores that are at work while more work waits; None where none does."""
    others: float = 0.0
    """Cores that it may use and other sessions of the machine have."""
    open: bool = True
    """Whether a source looks for more."""
    ends: float | None = None
    """When the acquisition is to end, as somebody said; None: not known."""
    halted: str = ""
    """Why nothing runs; empty while it does."""
