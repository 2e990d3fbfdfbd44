"""Distributions as values: where bars begin and how high they are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Distribution", "distribution"]

_BARS = 24
_TAIL = 5.0
"""Values farther from the median than this many interquartile ranges are drawn at the rim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The distribution of one quality."""

    title: str
    unit: str
    low: float
    high: float
    """Where the axis begins and ends."""
    counts: tuple[int, ...]
    ticks: tuple[float, ...]
    middle: float
    """The median."""
    total: int
    below: int
    """Values beyond the beginning of the axis; they are in the first bar."""
    above: int
    """Values beyond its end; they are in the last bar."""


def distribution(title: str, unit: str, values: Sequence[float]) -> Distribution | None:
    """The distribution of finite values; None without one."""
    known = np.asarray([value for value in values if math.isfinite(value)])
    if not len(known):
        return None
    middle = float(np.median(known))
    first, third = np.percentile(known, (25, 75))
    reach = _TAIL * max(float(third - first), 0.02 * abs(middle), 1e-9)
    inside = known[np.abs(known - middle) <= reach]
    step, low, high = _axis(float(inside.min()), float(inside.max()))
    bars = int(min(_BARS, max(6, round(2 * math.sqrt(len(known))))))
    counts, _ = np.histogram(np.clip(known, low, high), bars, (low, high))
    first_tick = math.ceil(low / step - 1e-9)
    ticks = [n * step for n in range(first_tick, math.floor(high / step + 1e-9) + 1)]
    return Distribution(
        title=title,
        unit=unit,
        low=low,
        high=high,
        counts=tuple(int(count) for count in counts),
        ticks=tuple(round(tick, 10) for tick in ticks),
        middle=middle,
        total=len(known),
        below=int(np.sum(known < low)),
        above=int(np.sum(known > high)),
    )


def _axis(least: float, most: float) -> tuple[float, float, float]:
    """A round step of which three to six fit in, and the ends of the axis."""
    span = max(most - least, 0.1 * abs(most), 1e-6)
    raw = span / 4.0
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= raw)
    return step, math.floor(least / step) * step, (math.floor(most / step) + 1) * step
