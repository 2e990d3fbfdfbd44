"""Detail of an image of the camera: what is finer than a broad surrounding, and what of it repeats.

The specimen, the ice and the beam are broad, or other in each movie; the camera's pixels, columns
and rows are fine and always the same.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model.arrays import Image
from icestream.processing.gain.sums import GainSums

__all__ = ["Pattern", "detail", "local_mean", "pattern_in_sums", "repeated_pattern"]

SURROUNDING = 31
"""Pixels along a side of the surrounding that a pixel is compared with."""
_MAD_TO_SD = 1.4826
_FAR = 6.0
"""Standard deviations at which a pixel's deviation is cut: one hot pixel must not decide."""


@njit(cache=True, nogil=True)
def _take_row(image, valid, y, sign, sums, counts):  # type: ignore[no-untyped-def]
    """Add row `y` to the sums of the columns, or take it away again."""
    for x in range(image.shape[1]):
        if valid[y, x]:
            sums[x] += sign * image[y, x]
            counts[x] += sign


@njit(cache=True, nogil=True)
def _slide(image, valid, half, result):  # type: ignore[no-untyped-def]
    """Means over a sliding square: a row comes in below, one goes out above."""
    height, width = image.shape
    sums = np.zeros(width, np.float64)
    counts = np.zeros(width, np.int64)
    for y in range(min(half, height)):
        _take_row(image, valid, y, 1, sums, counts)
    for y in range(height):
        if y + half < height:
            _take_row(image, valid, y + half, 1, sums, counts)
        if y > half:
            _take_row(image, valid, y - half - 1, -1, sums, counts)
        total = sums[:half].sum()
        count = counts[:half].sum()
        for x in range(width):
            if x + half < width:
                total += sums[x + half]
                count += counts[x + half]
            if x > half:
                total -= sums[x - half - 1]
                count -= counts[x - half - 1]
            if count > 0:
                result[y, x] = total / count


def local_mean(image: Image, valid: NDArray[np.bool_], size: int = SURROUNDING) -> Image:
    """Mean of the valid pixels in the square of `size` pixels around each pixel, ``(y, x)``.

    Beyond the border there are none. Without a valid pixel around it is the mean of all.
    """
    mean = float(image[valid].mean(dtype=np.float64)) if valid.any() else 0.0
    result = np.full(image.shape, mean, dtype=np.float32)
    _slide(np.ascontiguousarray(image, dtype=np.float32), valid, size // 2, result)
    return result


def detail(image: Image, valid: NDArray[np.bool_]) -> Image:
    """Relative deviation of each pixel from its surrounding, ``(y, x)``.

    Parameters
    ----------
    image
        Positive, such as the mean of raw frames, ``(y, x)``.
    valid
        Pixels to be used; 0 is returned for the others.

    Returns
    -------
    float32, cut at 6 robust standard deviations.
    """
    around = local_mean(image, valid)
    valid = valid & (around > 0)
    result = np.divide(image, around, out=np.ones_like(around), where=valid) - np.float32(1)
    some = result[valid][:: max(1, valid.size // 200_000)]
    if len(some):
        limit = np.float32(_FAR * _MAD_TO_SD * float(np.median(np.abs(some))))
        np.clip(result, -limit, limit, out=result)
    return result


@dataclass(frozen=True, slots=True)
class Pattern:
    """Relative standard deviations of the detail that two images have in common."""

    pixels: float
    rows: float
    """Of the means of rows."""
    columns: float
    error: float
    """Standard error of `pixels` squared, as a standard deviation: what is smaller is nothing."""


def repeated_pattern(first: Image, second: Image, valid: NDArray[np.bool_]) -> Pattern:
    """Measure the detail that repeats in two mean images with independent noise.

    The covariance of their details is the variance of what they share, without the noise of either:
    a pattern of 1 % is seen below a noise of 15 %.

    Parameters
    ----------
    first, second
        Means of raw frames of different movies, or of such frames times a gain, ``(y, x)``.
    valid
        Pixels to be used.
    """
    a, b = detail(first, valid), detail(second, valid)
    count = max(int(valid.sum()), 1)
    product = a * b
    pixels = float(product.sum(dtype=np.float64)) / count
    error = float(product.std(dtype=np.float64)) / math.sqrt(count)
    rows = float(np.mean(a.mean(axis=1) * b.mean(axis=1)))
    columns = float(np.mean(a.mean(axis=0) * b.mean(axis=0)))
    return Pattern(_root(pixels), _root(rows), _root(columns), _root(error))


def pattern_in_sums(sums: GainSums, factors: Image | None) -> Pattern:
    """What repeats in both halves of sums over movies, after correction.

    Parameters
    ----------
    sums
        Raw counts. Without a movie in each half nothing repeats.
    factors
        The counts are multiplied by them, ``(y, x)``; not positive where a pixel is bad. None: not
        corrected.
    """
    halves = sums.half_means()
    if halves is None:
        return Pattern(0.0, 0.0, 0.0, 0.0)
    first, second = halves
    valid = (first + second) > 0
    if factors is not None:
        valid &= factors > 0
        first, second = first * factors, second * factors
    return repeated_pattern(first, second, valid)


def _root(variance: float) -> float:
    return math.sqrt(max(variance, 0.0))
