"""A lasting change for the worse in a quality of few updates: of 2D classes, or of a map."""

import numpy as np
from numpy.typing import NDArray

from icestream.processing.changes.detect import LastingChange

__all__ = ["worse_since"]

Floats = NDArray[np.float64]

_BEFORE, _SINCE = 3, 2
"""Updates before a change and since it, at least."""
_LOOKED = 4
"""Updates before a change that say what was usual: as more particles come, all becomes better."""
_NEWEST = 3
"""Newest updates that say how much worse it is, and whether it is over."""
_HALF = 0.4
"""Every update since a change shows so much of it."""
_BACK = 0.4
"""A change is over when so little of it is left."""
_SETTLED = 20
"""Updates after which a change that lasts has become what is usual."""
_PRIOR = 6.0
"""What the expected noise counts for, as measured differences."""
_NORMAL = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


def worse_since(
    values: Floats, noise: float, smallest: float, sure: float = 4.0
) -> LastingChange | None:
    """The change for the worse that still holds after the last of some updates, or None.

    Parameters
    ----------
    values
        ``(n,)`` of one update after the other, larger is worse; none of them missing.
    noise
        Standard deviation of a value that is expected before anything is known; it counts as six
        measured differences.
    smallest
        Smallest change that is worth telling.
    sure
        Standard errors by which it must exceed nothing.

    Notes
    -----
    Updates are gone through one by one, so that what holds does not depend on how many were looked
    at together. A change is found when the median of at least two updates exceeds that of the three
    or four before them by `sure` standard errors and by `smallest`, and when each update since
    shows it; of all moments the surest. Steps for the better are none: more particles make all
    better. It is over when the newest two have come back by 60 %, and usual after twenty updates.
    """
    begin, held = 0, None
    for end in range(_BEFORE + _SINCE, len(values) + 1):
        if held is None:
            held = _found(values[:end], begin, noise, smallest, sure)
        elif end - held.first > _SETTLED or _is_over(values[:end], held):
            # What was meanwhile says nothing of what is usual then.
            begin, held = (held.first if end - held.first > _SETTLED else end - _SINCE), None
    return None if held is None else _sized(values, held)


def _found(
    values: Floats, begin: int, noise: float, smallest: float, sure: float
) -> LastingChange | None:
    best: LastingChange | None = None
    for first in range(begin + _BEFORE, len(values) - _SINCE + 1):
        before, since = values[max(begin, first - _LOOKED) : first], values[first:]
        level = float(np.median(before))
        size = float(np.median(since)) - level
        if size < smallest or np.any(since - level < _HALF * size):
            continue
        spread = _spread(values[begin:first], noise)
        score = size / (spread * np.sqrt(1.0 / len(before) + 1.0 / len(since)))
        if score >= sure and (best is None or score > best.score):
            best = LastingChange(
                first=first,
                before=np.array([level]),
                size=np.array([size]),
                score=float(score),
                gradual=False,
            )
    return best


def _spread(before: Floats, noise: float) -> float:
    """Standard deviation of a value, from how much one differs from the next."""
    steps = np.diff(before)
    if not len(steps):
        return noise
    apart = float(np.median(np.abs(steps - np.median(steps))))
    seen = _NORMAL * apart / np.sqrt(2.0)
    weight = _PRIOR + len(steps)
    return float(np.sqrt((_PRIOR * noise**2 + len(steps) * seen**2) / weight))


def _is_over(values: Floats, held: LastingChange) -> bool:
    return bool(np.all(values[-_SINCE:] - held.before < _BACK * held.size))


def _sized(values: Floats, held: LastingChange) -> LastingChange:
    """The change as the newest updates show it."""
    newest = values[max(held.first, len(values) - _NEWEST) :]
    return LastingChange(
        first=held.first,
        before=held.before,
        size=np.array([float(np.median(newest))]) - held.before,
        score=held.score,
        gradual=False,
    )
