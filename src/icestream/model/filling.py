"""How the session's disk fills, and when it will be full.

Its free space is looked at in blocks of two minutes. The hour at which it is full is the median of
many futures, in which more is written as in some stretch of the last half a day: first as in the
last hour, then, as acquisition and processing change, as in any of the others. What was freed or
copied once is no rate; what is moved away again and again is.
"""

import math
import random
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

__all__ = [
    "BLOCK",
    "FILLS",
    "FREE",
    "FULL_IN",
    "HORIZON",
    "LATEST",
    "SOONEST",
    "Filling",
    "FillingState",
    "FreeSpace",
    "filling_of",
]

FillingState = Literal["unknown", "not in sight", "in sight"]

FREE, FILLS = "machine.disk_free", "machine.disk_fills"
"""Samples that tell of it: bytes, and MB/s."""
FULL_IN = "machine.disk_full_in"
SOONEST, LATEST = "machine.disk_full_soonest", "machine.disk_full_latest"
"""In hours; none where it is not known or not in sight."""

BLOCK = 120.0
"""Seconds of a block."""
HORIZON = 3 * 86400.0
"""What would take longer is not in sight."""
_KEPT = 360
"""Blocks that are kept: half a day."""
_FEWEST = 5
"""Blocks without which nothing is known."""
_STRETCH = 30
"""Blocks of a stretch: an hour."""
_PIECE = 15
"""Blocks in which a future goes on."""
_FUTURES = 200
_LASTS = 3.0 * 3600.0
"""Seconds for which a rate lasts, in the mean, before it is another."""
_DRIFT, _CHANGE = 0.14, 0.25
"""Relative change of the rate of the last hour that nobody can know, and of one that follows."""
_FENCE = 3.0
"""Spreads of the middle half of the blocks beyond which a block is one of a kind."""
_ONCE = 2
"""Blocks beyond that, at most, that are left out: what comes more often is a rate."""
_REST = 1e4
"""Bytes a second below which a disk is at rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """How a disk fills, and when it will be full."""

    state: FillingState = "unknown"
    """Unknown before ten minutes were seen."""
    free: float = 0.0
    """Bytes."""
    rate: float | None = None
    """Bytes a second by which it fills lately; negative: it empties. None: unknown."""
    until: float | None = None
    """When it will be full, seconds since the epoch; None: unknown, or not within three days."""
    soonest: float | None = None
    latest: float | None = None
    """Between these it is in eight of ten futures; None: not within three days."""


class FreeSpace:
    """Free space of a disk over the last half a day, in blocks, each with its last reading."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[float, float]] = deque(maxlen=_KEPT + 1)

    def add(self, now: float, free: float) -> None:
        """One reading, in seconds since the epoch and bytes; those before it are older."""
        if self._blocks and now < self._blocks[-1][0]:
            self._blocks.clear()  # a clock that was set back
        old = len(self._blocks) >= 2 and now - self._blocks[-2][0] <= BLOCK
        if old:
            self._blocks[-1] = (now, free)
        else:
            self._blocks.append((now, free))

    @property
    def readings(self) -> tuple[tuple[float, float], ...]:
        """``(seconds, bytes)``, the oldest first."""
        return tuple(self._blocks)


def filling_of(readings: Sequence[tuple[float, float]]) -> Filling:
    """When the disk will be full, from its free space over time; the same for the same readings.

    Parameters
    ----------
    readings
        ``(seconds since the epoch, bytes free)``, the oldest first, about two minutes apart.
    """
    if not readings:
        return Filling()
    now, free = readings[-1]
    rates = [
        (before - after) / (later - earlier)
        for (earlier, before), (later, after) in pairwise(readings)
        if later - earlier >= 0.5 * BLOCK
    ]
    if len(rates) < _FEWEST:
        return Filling(free=free)
    rates = _usual(rates)
    rate = statistics.fmean(rates[-_STRETCH:])
    times = sorted(_futures(free, rates))
    median, low, high = (times[int(part * len(times))] for part in (0.5, 0.1, 0.9))
    return Filling(
        state="in sight" if math.isfinite(median) else "not in sight",
        free=free,
        rate=rate,
        until=_moment(now, median),
        soonest=_moment(now, low),
        latest=_moment(now, high),
    )


def _moment(now: float, seconds: float) -> float | None:
    return now + seconds if math.isfinite(seconds) else None


def _usual(rates: list[float]) -> list[float]:
    """Rates without what happened once or twice: a large copy, or space that somebody freed."""
    low, middle, high = statistics.quantiles(rates, n=4)
    apart = _FENCE * max(high - low, 0.1 * abs(middle), _REST)
    left_out: set[int] = set()
    for beyond in (
        [place for place, rate in enumerate(rates) if rate > high + apart],
        [place for place, rate in enumerate(rates) if rate < low - apart],
    ):
        if len(beyond) <= _ONCE:
            left_out |= set(beyond)
    return [rate for place, rate in enumerate(rates) if place not in left_out]


def _futures(free: float, rates: Sequence[float]) -> list[float]:
    """Seconds until the disk is full, in each of many futures."""
    chance = random.Random(1)
    starts = range(0, max(1, len(rates) - _STRETCH + 1), _PIECE)
    stretches = [_stretch(rates[start : start + _STRETCH]) for start in starts]
    return [_filled(free, _stretch(rates[-_STRETCH:]), stretches, chance) for _ in range(_FUTURES)]


def _stretch(rates: Sequence[float]) -> tuple[float, float]:
    """Mean of the rates of a stretch, and how they scatter."""
    return statistics.fmean(rates), statistics.stdev(rates) if len(rates) > 1 else 0.0


def _filled(
    free: float,
    lately: tuple[float, float],
    stretches: Sequence[tuple[float, float]],
    chance: random.Random,
) -> float:
    """Seconds until the disk is full in one future; infinite where that is beyond the horizon."""
    (rate, spread), seconds = lately, _PIECE * BLOCK
    # The mean of an hour is not sure either, least where an hour is not known.
    rate += chance.gauss(0.0, spread / math.sqrt(_STRETCH))
    rate *= max(0.2, chance.gauss(1.0, _DRIFT))
    left, gone, change = free, 0.0, chance.expovariate(1.0 / _LASTS)
    while gone < HORIZON:
        if gone >= change:
            rate, spread = chance.choice(stretches)
            rate *= max(0.2, chance.gauss(1.0, _CHANGE))
            change = gone + chance.expovariate(1.0 / _LASTS)
        used = seconds * (rate + chance.gauss(0.0, spread / math.sqrt(_PIECE)))
        if used >= left:
            return gone + seconds * left / used
        left -= used
        gone += seconds
        if rate <= _REST and len(stretches) == 1:
            break
    return math.inf
