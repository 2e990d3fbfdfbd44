"""Something that a person should know now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Alert", "Level", "Offer"]

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
class Alert:
    """A condition that holds now; it clears when its monitor no longer reports it."""

    key: str
    """What the alert is about, the same each time: ``ctf.astigmatism.high``."""
    level: Level
    message: str
    """One sentence with the value, the limit and what to look at."""
    exposure: str | None = None
    """The exposure that shows it best."""
    offer: Offer | None = None
    """What would fix it, where the monitor knows."""
