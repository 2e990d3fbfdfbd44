"""Raw counts of numpy arrays, summed over blocks of pixels."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image, Stack
from icestream.processing.backend.threads import in_threads

__all__ = ["bin_frames"]


@numba.njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _bin_frame(
    frame: NDArray[Any], gain: NDArray[np.float32], factor: int, out: NDArray[np.float32]
) -> None:
    row = np.empty(out.shape[1] * factor, dtype=np.float32)
    for y in range(out.shape[0]):
        row[:] = 0
        for j in range(y * factor, (y + 1) * factor):
            for x in range(row.size):
                row[x] += np.float32(frame[j, x]) * gain[j, x]
        for x in range(out.shape[1]):
            total = np.float32(0)
            for i in range(x * factor, (x + 1) * factor):
                total += row[i]
            out[y, x] = total


def bin_frames(frames: NDArray[Any], gain: Image, factor: int, *, threads: int = 1) -> Stack:
    """Gain-corrected frames summed over blocks of pixels; see `Operations`."""
    shape = (frames.shape[1] // factor, frames.shape[2] // factor)
    result = np.empty((len(frames), *shape), dtype=np.float32)

    def work(i: int) -> None:
        _bin_frame(frames[i], gain, factor, result[i])

    in_threads(work, range(len(frames)), threads)
    return result
