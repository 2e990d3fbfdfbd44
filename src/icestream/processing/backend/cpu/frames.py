"""Raw counts of numpy arrays, summed over blocks of pixels."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model.arrays import Image, Stack
from icestream.threads import in_threads

__all__ = ["bin_frames"]


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _bin_rows(
    frames: NDArray[Any],
    gain: NDArray[np.float32],
    factor: int,
    rows: tuple[int, int],
    out: NDArray[np.float32],
) -> None:
    """Rows ``rows[0]`` to ``rows[1]`` of all binned frames.

    Each row is made for all frames before the next, so that its gain stays in the cache.
    """
    total = np.empty(out.shape[2] * factor, dtype=np.float32)
    for y in range(rows[0], rows[1]):
        for f in range(frames.shape[0]):
            total[:] = 0
            for j in range(y * factor, (y + 1) * factor):
                for x in range(total.size):
                    total[x] += np.float32(frames[f, j, x]) * gain[j, x]
            out[f, y] = total[::factor]
            for i in range(1, factor):
                for x in range(out.shape[2]):
                    out[f, y, x] += total[x * factor + i]


def bin_frames(frames: NDArray[Any], gain: Image, factor: int, *, threads: int = 1) -> Stack:
    """Gain-corrected frames summed over blocks of pixels; see `Operations`."""
    shape = (frames.shape[1] // factor, frames.shape[2] // factor)
    result = np.empty((len(frames), *shape), dtype=np.float32)
    edges = np.linspace(0, shape[0], max(threads, 1) + 1).astype(int).tolist()
    in_threads(
        lambda rows: _bin_rows(frames, gain, factor, rows, result),
        list(pairwise(edges)),
        threads,
    )
    return result
