"""Counts as they came, summed to look for defects and to learn the gain."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model.arrays import Image

__all__ = ["mean_count", "sum_counts"]


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


@njit(cache=True, nogil=True)  # pragma: no cover
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


def mean_count(total: NDArray[Any]) -> float:
    """Mean over the pixels of a sum of frames, in which hot pixels do not count for much.

    Parameters
    ----------
    total
        ``(y, x)`` raw counts, summed. What is more than four times the median, and 10, is cut.
    """
    typical = float(np.median(total[::8, ::8]))
    return float(np.minimum(total, 4 * typical + 10).mean(dtype=np.float64))
