"""A control chart of single values: what is usual, which value is not, and what drifts.

The limits of a value come from the values before it alone, so that a chart says of each session
what could be said then. They are made of the median and of the scale Qn of Rousseeuw and Croux
(doi:10.1080/01621459.1993.10476408), which up to half of the values may spoil and which still uses
most of what few values say: with eight, limits of the same strictness from the median absolute
deviation would have to be half as wide again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["ChartRule", "JudgedValue", "Side", "judge", "scale", "share_worse", "widening"]

Side = Literal["low", "high", "both"]
"""On which side of what is usual a value is worse."""

WIDTH = 3.0
"""Half of the width of the limits, in standard deviations, where the history is long."""
WEIGHT = 0.3
"""Of the newest value in the weighted mean that tells of drift."""
CUT = 2.0
"""Standard deviations that one value counts for in it, at most: a bad specimen is no drift."""
BEGINS, ENDS = 1.2, 0.6
"""The weighted mean, in standard deviations, at which drift begins and is over."""
NEWEST = 5
"""Values right before one that are not among those that say what is usual, where there are others:
what moves should not be usual before it is seen to have moved."""
_QN = 2.21914


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRule:
    """How values are judged."""

    side: Side = "both"
    logarithmic: bool = False
    """Differences are ratios: of positive values that may be twice as large as usual."""
    grain: float = 0.0
    """A standard deviation below which no difference matters, in the unit of the values; relative
    where it is logarithmic."""
    most: float | None = None
    """No value can be above it."""
    history: int = 30
    """Values before that make the limits, at most."""
    least: int = 8
    """Values before without which there are no limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedValue:
    """A value, and what the values before it say of it."""

    value: float
    known: int
    """Values that the limits are made of."""
    middle: float | None = None
    """The median of them; None: too few."""
    low: float | None = None
    high: float | None = None
    """The limits."""
    departure: float | None = None
    """From the median, in thirds of the distance to a limit; positive: above it."""
    mean: float = 0.0
    """Weighted mean of the departures, each cut off at 2, the newest counting most."""
    beyond: bool = False
    """Whether the value is outside of the limits on a side that is worse."""
    drifting: bool = False
    """Whether the values have moved to a side that is worse, this one included."""


def judge(
    values: Sequence[float], restarts: Sequence[bool], rule: ChartRule
) -> tuple[JudgedValue, ...]:
    """Judge each value by those before it.

    Parameters
    ----------
    values
        The oldest first; all finite.
    restarts
        Whether something was changed right before a value, so that those before say nothing of it.
    rule
        How they are judged.
    """
    judged: list[JudgedValue] = []
    usual: list[float] = []
    mean, drifting = 0.0, False
    for value, restart in zip(values, restarts, strict=True):
        if restart:
            usual, mean, drifting = [], 0.0, False
        settled = usual[: max(rule.least, len(usual) - NEWEST)]
        found = _one(value, settled[-rule.history :], rule)
        if found.departure is not None:
            cut = max(-CUT, min(CUT, found.departure))
            mean = (1.0 - WEIGHT) * mean + WEIGHT * cut
            drifting = _worse(mean, rule.side) > (ENDS if drifting else BEGINS)
        judged.append(
            JudgedValue(
                value=value,
                known=found.known,
                middle=found.middle,
                low=found.low,
                high=found.high,
                departure=found.departure,
                mean=mean,
                beyond=found.departure is not None and _worse(found.departure, rule.side) > WIDTH,
                drifting=drifting,
            )
        )
        if not drifting:  # what has drifted must not become what is usual
            usual.append(value)
    return tuple(judged)


def _one(value: float, before: Sequence[float], rule: ChartRule) -> JudgedValue:
    if len(before) < rule.least:
        return JudgedValue(value=value, known=len(before))
    known = np.asarray(before, dtype=np.float64)
    x, y = (np.log(known), math.log(value)) if rule.logarithmic else (known, value)
    middle = float(np.median(x))
    third = max(scale(x), rule.grain, 1e-12) * widening(len(x))
    top = middle + WIDTH * third
    ends = middle - WIDTH * third, middle, top if rule.most is None else min(top, rule.most)
    low, centre, high = (math.exp(end) for end in ends) if rule.logarithmic else ends
    return JudgedValue(
        value=value,
        known=len(x),
        middle=centre,
        low=low,
        high=high,
        departure=(y - middle) / third,
    )


def _worse(departure: float, side: Side) -> float:
    """How far it is to a side that is worse."""
    if side == "both":
        return abs(departure)
    return departure if side == "high" else -departure


def scale(values: NDArray[np.float64]) -> float:
    """Standard deviation of values of which up to half may be anything: Qn.

    Parameters
    ----------
    values
        ``(n,)``, two at least.
    """
    count = len(values)
    first, second = np.triu_indices(count, 1)
    half = count // 2 + 1
    rank = half * (half - 1) // 2 - 1
    between = np.partition(np.abs(values[first] - values[second]), rank)[rank]
    few = count / (count + (1.4 if count % 2 else 3.8))  # without bias for few values
    return float(_QN * between * few)


def widening(count: int) -> float:
    """By how much limits are wider that so few values make.

    One value in 370 of a normal distribution is then outside of them, however few made them.
    """
    return 1.0 + 5.0 / count + 20.0 / count**2


def share_worse(value: float, others: Sequence[float], side: Side) -> float:
    """Share of other values that are worse, or lower where neither side is.

    Those that are equal count half.

    Parameters
    ----------
    others
        One at least.
    """
    above = sum(other > value for other in others)
    equal = sum(other == value for other in others)
    below = len(others) - above - equal
    return ((above if side == "high" else below) + 0.5 * equal) / len(others)
