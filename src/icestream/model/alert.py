"""Something that a person should know now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Alert", "Extent", "Level", "Offer"]

Level = Literal["notice", "warning", "critical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A change of parameters that would fix what an alert is about.

    Adopting it is the same as setting the parameters by hand: a new revision of the step, and
    only what depends on it runs again.
    """

    step: str
    """Name of the step to change."""
    changes: Mapping[str, Any]
    """Parameters and their new values, JSON-ready."""
    automatic: bool = False
    """Adopt it at once, without asking a person; at most once for each key of an alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Which exposures an alert is about, where it is about more than one."""

    first: str
    """The exposure that shows it first."""
    last: str
    """The newest that shows it."""
    count: int
    """Exposures from the first to the last."""
    ended: float | None = None
    """When the last was taken, of what is over: such an alert is told once, and does not hold."""
    grid_square: str | None = None
    """The one grid square that shows it, where others do not."""
    foil_hole: str | None = None
    """The one foil hole that shows it, where others do not."""
    group: int | None = None
    """The one exposure group that shows it, where others do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A condition that holds now; it clears when its monitor no longer reports it.

    One whose extent has `ended` is of what was: it is kept with those that have cleared.
    """

    key: str
    """What the alert is about, the same each time: ``ctf.astigmatism.high``."""
    level: Level
    message: str
    """One sentence with the value, the limit and what to look at."""
    exposure: str | None = None
    """The exposure that shows it best."""
    offer: Offer | None = None
    """What would fix it, where the monitor knows."""
    began: float | None = None
    """When it began: when its first exposure was taken, seconds since the epoch."""
    extent: Extent | None = None
    """Which exposures show it."""
    cause: str = ""
    """What is likely to have caused it, in a few words; the message says it as well."""
