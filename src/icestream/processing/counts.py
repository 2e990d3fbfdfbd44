"""Counts as they came: in as few bits as they need, and summed, to look for defects."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image

__all__ = ["narrow_counts", "sum_counts"]


def narrow_counts(counts: NDArray[Any], out: NDArray[np.uint8]) -> bool:
    """Copy counts of 16 bits into 8, where all of them fit.

    Electron counts of a frame are small, but many programs write them in 16 bits, which take twice
    the memory and the way to it.

    Parameters
    ----------
    counts
        ``(y, x)`` whole numbers of 16 bits, with or without a sign.
    out
        ``(y, x)``, filled with the counts where they are 0 to 255.

    Returns
    -------
    Whether they all are; `out` is of no use otherwise.
    """
    return bool(_narrow(counts.view(np.uint16), out))


@numba.njit(cache=True, nogil=True)  # pragma: no cover
def _narrow(counts: NDArray[np.uint16], out: NDArray[np.uint8]) -> bool:
    for y in range(counts.shape[0]):
        high = np.uint16(0)
        for x in range(counts.shape[1]):
            high |= counts[y, x]
            out[y, x] = counts[y, x]
        if high > 255:
            return False
    return True


def sum_counts(counts: NDArray[Any], gain: Image) -> Image:
    """Gain-corrected sum of the frames where they lie.

    Parameters
    ----------
    counts
        ``(n, y, x)`` raw counts.
    gain
        ``(y, x)`` float32, multiplied with the sum.

    Returns
    -------
    ``(y, x)`` float32. Whole counts are added without rounding, up to 2^32 in a pixel.
    """
    result = np.empty(counts.shape[1:], dtype=np.float32)
    row = np.zeros(counts.shape[2], dtype=np.float64 if counts.dtype.kind == "f" else np.int64)
    if counts.dtype.kind in "bu" and counts.dtype.itemsize <= 2:
        row = row.astype(np.uint32)
    _sum_rows(counts, gain, row, result)
    return result


@numba.njit(cache=True, nogil=True)  # pragma: no cover
def _sum_rows(
    counts: NDArray[Any], gain: NDArray[np.float32], row: NDArray[Any], result: NDArray[np.float32]
) -> None:
    """Row by row, so that the row of sums stays in the cache."""
    for y in range(counts.shape[1]):
        row[:] = 0
        for f in range(counts.shape[0]):
            frame = counts[f, y]
            for x in range(row.size):
                row[x] += frame[x]
        for x in range(row.size):
            result[y, x] = row[x] * gain[y, x]
