"""How often movies come, told from when they were found."""

import statistics
from collections.abc import Iterable
from itertools import pairwise

__all__ = ["usual_interval"]

_GAPS = 4
"""Fewer gaps between movies say nothing of what is usual."""


def usual_interval(times: Iterable[float]) -> float | None:
    """Median seconds between two movies; None where fewer than five moments are known.

    Movies that were found together count as one: a folder may have held those of a whole day.

    Parameters
    ----------
    times
        When each was found, in seconds, in any order.
    """
    moments = sorted({round(time) for time in times})
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    return float(statistics.median(gaps)) if len(gaps) >= _GAPS else None
