"""Pixels and columns of the camera that cannot be used, found over many movies."""

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image
from icestream.processing.gain.detail import local_mean
from icestream.processing.gain.sums import GainSums

__all__ = ["find_bad_pixels"]

_FAR = 8.0
"""Robust standard deviations, on both sides."""
_OFF = 0.3
"""Relative deviation that a bad pixel has at least: less is what a gain is for."""
_UNSTEADY = 10.0
"""Standard deviations of Poisson counts by which the halves of a noisy pixel differ."""
_LINE = 0.25
"""Part of the pixels of a row or column that must be bad for all of it to be."""
_MAD_TO_SD = 1.4826


def find_bad_pixels(sums: GainSums, factors: Image | None = None) -> NDArray[np.bool_]:
    """Find dead, hot and noisy pixels, and columns and rows of them.

    A pixel is dead or hot when its mean count, after correction, is off its surrounding by more
    than 30 % and by more than 8 robust standard deviations of all pixels; noisy when it counted far
    more in one half of the movies than in the other. A row or column is bad when a quarter of it
    is.

    Parameters
    ----------
    sums
        Raw counts over movies.
    factors
        Gain that the counts are to be multiplied with; where it is 0 it is known that the pixel is
        bad. None: none.

    Returns
    -------
    ``(y, x)``, true where bad; also where nothing was ever counted.
    """
    corrected = sums.mean() if factors is None else sums.mean() * factors
    bad = ~(corrected > 0)
    # Hot pixels would spoil the surroundings of their neighbours: found, and left out again.
    for _ in range(2):
        good = ~bad
        around = local_mean(corrected, good)
        deviation = np.divide(corrected, around, out=np.zeros_like(around), where=around > 0) - 1
        some = deviation[good][:: max(1, deviation.size // 200_000)]
        spread = _MAD_TO_SD * float(np.median(np.abs(some))) if len(some) else 0.0
        bad |= np.abs(deviation) > max(_OFF, _FAR * spread)
    bad |= _noisy(sums)
    bad[:, bad.mean(axis=0) > _LINE] = True
    bad[bad.mean(axis=1) > _LINE] = True
    return bad


def _noisy(sums: GainSums) -> NDArray[np.bool_]:
    halves = sums.half_means()
    if halves is None:
        return np.zeros(sums.shape, dtype=np.bool_)
    first, second = halves
    # Broad differences are those of the specimens.
    everywhere = np.ones(sums.shape, dtype=np.bool_)
    level = (
        np.maximum(local_mean(first, everywhere), 1e-6),
        np.maximum(local_mean(second, everywhere), 1e-6),
    )
    difference = first / level[0] - second / level[1]
    variance = sum(
        np.maximum(half, around) / (around * around * count)
        for half, around, count in zip(halves, level, sums.frames, strict=True)
    )
    noisy: NDArray[np.bool_] = np.abs(difference) > np.maximum(
        _UNSTEADY * np.sqrt(variance), 0.5 * _OFF
    )
    return noisy
