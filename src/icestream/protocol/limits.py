"""Limits on measured qualities as values: what a step refuses, or warns of."""

from dataclasses import dataclass

__all__ = ["Limit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Where a step draws the line on a measured quality of an exposure.

    What a selection draws it for is refused beyond it; a monitor warns.
    """

    quality: str
    """One of `icestream.model.QUALITIES`, or a name of the author's own."""
    low: float | None = None
    """Smallest value that is good, in the unit that screens show; None: there is none."""
    high: float | None = None
    """Largest value that is good, in the unit that screens show; None: there is none."""
