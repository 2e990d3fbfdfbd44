"""How a measured value scatters: within a grid square, from one to the next, and by group."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Spreads", "estimate_spreads", "level_groups", "resist_outliers", "without_covariate"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_NORMAL = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
_MOST, _NORMAL_MOST = 0.8, 1.2816
"""Part of the values that tells how far most lie, and how far that is in standard deviations."""
_PRIOR_VALUES, _PRIOR_SQUARES = 10.0, 6.0
"""What the expected spreads count for, as measured values and as squares."""
_LARGEST_CORRELATION = 0.7
_CLIP = 2.5
"""Standard deviations from its neighbours beyond which a value counts no more."""
_SIDE = 3
"""Neighbours on each side that say what is usual around a value: runs of three are outvoted."""


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations, in the unit of the values."""

    noise: float
    """Of one value about the level of its square."""
    mean: float
    """Of the mean of n values of a square times √n: more than `noise` where neighbours are alike,
    as those of one hole are."""
    between: float
    """Of the levels of squares."""


def estimate_spreads(values: Floats, blocks: Integers, expected: tuple[float, float]) -> Spreads:
    """Spreads within and between squares, from few values on, and whatever outliers there are.

    Parameters
    ----------
    values
        ``(n, components)`` in the order in which they were taken; components share the spreads.
    blocks
        ``(n,)`` number of the visit of a square that each was taken on, never falling.
    expected
        Spread of a value and of squares before anything is known, which counts as ten values and
        six squares.
    """
    noise, between = expected
    if len(values) < 4:
        return Spreads(noise, noise, between)
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    counts = np.diff(np.append(starts, len(values)))
    medians = _medians(values, np.repeat(np.arange(len(counts)), counts), len(counts))
    rest = values - np.repeat(medians, counts, axis=0)
    told = rest[np.repeat(counts >= 3, counts)]
    if len(told):
        # The median of few lies among them, so that their distances to it are too small.
        few = len(told) / max(1.0, len(told) - 0.6 * np.count_nonzero(counts >= 3))
        # Values at a limit are many alike and others far off, of which a median knows nothing.
        middle, most = np.quantile(np.abs(told), (0.5, _MOST))
        seen = max(_NORMAL * middle, most / _NORMAL_MOST) * few
        noise = _pooled(noise, _PRIOR_VALUES, float(seen), float(len(told)))
    alike = _correlation(np.clip(rest, -3.0 * noise, 3.0 * noise), blocks)
    mean = noise * float(np.sqrt((1.0 + alike) / (1.0 - alike)))
    whole = counts >= 5
    if np.count_nonzero(whole) >= 3:
        levels = medians[whole]
        apart = np.abs(levels - np.median(levels, axis=0))
        variance = (_NORMAL * np.median(apart)) ** 2 - mean**2 * float(np.mean(1.5 / counts[whole]))
        seen = float(np.sqrt(max(0.0, variance)))
        between = _pooled(between, _PRIOR_SQUARES, seen, float(np.count_nonzero(whole)))
    return Spreads(noise, mean, between)


def _pooled(expected: float, weight: float, seen: float, count: float) -> float:
    return float(np.sqrt((weight * expected**2 + count * seen**2) / (weight + count)))


def _correlation(rest: Floats, blocks: Integers) -> float:
    """Correlation of neighbours in a square, from 0 to 0.7."""
    same = blocks[1:] == blocks[:-1]
    first, second = rest[:-1][same], rest[1:][same]
    power = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    if power == 0.0 or len(first) < 20:
        return 0.0
    return float(np.clip(np.sum(first * second) / power, 0.0, _LARGEST_CORRELATION))


def level_groups(values: Floats, groups: Integers, known: int) -> Floats:
    """Values without what is the exposure group's own, as the first `known` tell it.

    A group's own level is the median distance of its values from the median of all, pulled to
    nothing where there are few.
    """
    numbers, labels = np.unique(groups, return_inverse=True)
    counts = np.bincount(labels[:known], minlength=len(numbers))
    own = _medians(values[:known], labels[:known], len(numbers))
    pull = counts / (counts + 2.0)
    shifts: Floats = np.where(
        counts[:, None] > 0, pull[:, None] * (own - _median(values[:known])), 0.0
    )
    levelled: Floats = values - shifts[labels]
    return levelled


def _median(values: Floats) -> Floats:
    middle: Floats = _medians(values, np.zeros(len(values), dtype=np.int64), 1)[0]
    return middle


def _medians(values: Floats, labels: Integers, number: int) -> Floats:
    """``(number, components)`` medians of the values with each label; 0 where there are none."""
    counts = np.bincount(labels, minlength=number)
    starts = np.cumsum(counts) - counts
    low = np.minimum(starts + np.maximum(counts - 1, 0) // 2, len(values) - 1)
    high = np.minimum(starts + counts // 2, len(values) - 1)
    found = np.zeros((number, values.shape[1]))
    for component in range(values.shape[1]):
        column = values[:, component]
        ordered = column[np.lexsort((column, labels))]
        found[:, component] = 0.5 * (ordered[low] + ordered[high])
    return found


def resist_outliers(values: Floats, blocks: Integers, noise: float) -> Floats:
    """Values with those pulled in that lie far from the median of their neighbours on the square.

    A lasting change passes as it is: after it, the neighbours have changed as well.
    """
    padded = np.pad(values, ((_SIDE, _SIDE), (0, 0)), constant_values=np.nan)
    on = np.pad(blocks, _SIDE, constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _SIDE + 1, axis=0)
    around = np.lib.stride_tricks.sliding_window_view(on, 2 * _SIDE + 1)
    same = around == blocks[:, None]
    # Those of other squares are put beyond both ends in turn, so that the median passes them over.
    ordered = np.sort(np.where(same[:, None, :], windows, np.inf), axis=2)
    count = np.count_nonzero(same, axis=1)
    low = np.take_along_axis(ordered, ((count - 1) // 2)[:, None, None], axis=2)[..., 0]
    high = np.take_along_axis(ordered, (count // 2)[:, None, None], axis=2)[..., 0]
    middle = 0.5 * (low + high)
    resisting: Floats = middle + np.clip(values - middle, -_CLIP * noise, _CLIP * noise)
    return resisting


def without_covariate(values: Floats, covariate: Floats, blocks: Integers, known: int) -> Floats:
    """Values without what grows in proportion to a covariate, as the first `known` tell it.

    The slope is that within squares, by least squares of values that are pulled in to three times
    their median distance.
    """
    counts = np.bincount(blocks[:known] - blocks[0])
    counts = counts[counts > 0]
    labels = np.repeat(np.arange(len(counts)), counts)
    across = covariate - np.mean(covariate[:known])
    apart = values[:known] - _medians(values[:known], labels, len(counts))[labels]
    far = 3.0 * _NORMAL * _median(np.abs(apart))
    apart = np.clip(apart, -far, far)
    means = np.bincount(labels, across[:known]) / counts
    there = across[:known] - means[labels]
    power = float(np.sum(there**2))
    if power == 0.0:
        return values
    slope = there @ (apart - apart.mean(axis=0)) / power
    steady: Floats = values - np.outer(across, slope)
    return steady
