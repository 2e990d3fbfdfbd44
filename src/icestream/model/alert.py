"""Something that a person should know now."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Alert", "Level"]

Level = Literal["notice", "warning", "critical"]


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
