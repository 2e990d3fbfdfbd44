"""Kernels over the rows of images, apart from what calls them: numba is large, and slow to load."""

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit

__all__ = ["narrow", "turn_over"]


@njit(cache=True, nogil=True)  # pragma: no cover
def narrow(counts: NDArray[np.uint16], out: NDArray[np.uint8]) -> bool:
    """Copy ``(y, x)`` counts into 8 bits; whether all of them fit."""
    for y in range(counts.shape[0]):
        high = np.uint16(0)
        for x in range(counts.shape[1]):
            high |= counts[y, x]
            out[y, x] = counts[y, x]
        if high > 255:
            return False
    return True


@njit(cache=True, nogil=True)
def turn_over(rows: NDArray[np.uint8]) -> None:  # pragma: no cover - compiled
    """Turn an image ``(y, x)`` upside down where it is."""
    high, wide = rows.shape
    for y in range(high // 2):
        upper, lower = rows[y], rows[high - 1 - y]
        for x in range(wide):
            upper[x], lower[x] = lower[x], upper[x]
