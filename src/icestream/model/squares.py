"""Exposures of each grid square, and squares that gave fewer than is usual in the session."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Square", "UsualSquare", "squares_of", "usual_square"]

_SINCE = 3
"""Exposures of other squares since the last of one, by which it was left: files come late."""
_KNOWN = 0.9
"""Part of the exposures whose square must be known."""
_LAST = 20
"""Squares that say what is usual."""
_FEWEST = 4
"""Squares without which nothing is usual."""
_RANGE = 2.0 * 1.4826
"""Median distances (of the logarithms) that squares differ by: two standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """A grid square, and what was taken on it."""

    name: str
    count: int
    """Exposures, of all visits."""
    last: float
    """When the last of them was taken, seconds since the epoch."""
    left: bool
    """Whether exposures of other squares have come since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualSquare:
    """How many exposures a grid square gives in this session."""

    count: float
    """The median."""
    fewest: float
    """Fewer are fewer than squares of this session differ by."""


def squares_of(exposures: Iterable[tuple[float, str | None]]) -> tuple[Square, ...]:
    """Grid squares, that with the newest exposure last; none where too many do not say theirs.

    Parameters
    ----------
    exposures
        When each was taken, and its grid square, None where it is not known; in any order.
    """
    every = sorted(exposures, key=lambda one: one[0])
    known = [(taken, name) for taken, name in every if name]
    if not known or len(known) < _KNOWN * len(every):
        return ()
    counts: dict[str, int] = {}
    ends: dict[str, int] = {}
    for place, (_, name) in enumerate(known):
        counts[name] = counts.get(name, 0) + 1
        ends[name] = place
    return tuple(
        Square(
            name=name,
            count=counts[name],
            last=known[end][0],
            left=len(known) - 1 - end >= _SINCE,
        )
        for name, end in sorted(ends.items(), key=lambda one: one[1])
    )


def usual_square(others: Sequence[Square]) -> UsualSquare | None:
    """What the last squares gave, that were left; None where there are fewer than four."""
    counts = [math.log(square.count) for square in others if square.left][-_LAST:]
    if len(counts) < _FEWEST:
        return None
    middle = statistics.median(counts)
    apart = statistics.median(abs(count - middle) for count in counts)
    return UsualSquare(count=math.exp(middle), fewest=math.exp(middle - _RANGE * apart))
