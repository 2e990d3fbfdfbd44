"""Frames of numpy arrays, moved tile by tile and added to weighted sums."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image, Stack
from icestream.processing.backend.contract import Warp
from icestream.processing.backend.threads import in_threads

__all__ = ["spline_taps", "warp_accumulate"]


@numba.njit(cache=True, nogil=True)  # pragma: no cover
def _mirror(place: int, size: int) -> int:
    """The pixel that stands for one beyond the border."""
    place = place % (2 * size)
    return place if place < size else 2 * size - 1 - place


@numba.njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _read(
    frame: NDArray[Any],
    gain: NDArray[np.float32],
    top: int,
    left: int,
    out: NDArray[np.float32],
) -> None:
    """Gain-corrected counts from (top, left) on, mirrored beyond the borders."""
    high, wide = out.shape
    height, width = frame.shape
    if top >= 0 and left >= 0 and top + high <= height and left + wide <= width:
        for y in range(high):
            for x in range(wide):
                out[y, x] = np.float32(frame[top + y, left + x]) * gain[top + y, left + x]
        return
    for y in range(high):
        j = _mirror(top + y, height)
        for x in range(wide):
            i = _mirror(left + x, width)
            out[y, x] = np.float32(frame[j, i]) * gain[j, i]


@numba.njit(cache=True, nogil=True)  # pragma: no cover
def spline_taps(t: float) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Quintic B-spline at distance 2 + t, 1 + t, t, 1 - t, 2 - t and 3 - t."""
    u = 1 - t
    return (
        np.float32(u**5 / 120),
        np.float32(_middle(1 + t)),
        np.float32(_inner(t)),
        np.float32(_inner(u)),
        np.float32(_middle(1 + u)),
        np.float32(t**5 / 120),
    )


@numba.njit(cache=True, nogil=True)  # pragma: no cover
def _inner(x: float) -> float:
    return 11 / 20 - x * x * (1 / 2 - x * x * (1 / 4 - x / 12))


@numba.njit(cache=True, nogil=True)  # pragma: no cover
def _middle(x: float) -> float:
    return 17 / 40 + x * (5 / 8 - x * (7 / 4 - x * (5 / 4 - x * (3 / 8 - x / 24))))


@numba.njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _sum_tiles(
    frames: NDArray[Any],
    gain: NDArray[np.float32],
    shifts: NDArray[np.float32],
    factors: NDArray[np.float32],
    place: tuple[int, int],
    sums: NDArray[np.float32],
) -> None:
    """Add one row of tiles, ``place = (row, side)``; `shifts` is (n, rows, columns, 2), pixels.

    All frames of a tile are added before the next tile, so that its sums stay in the cache.
    """
    height, width = frames.shape[1], frames.shape[2]
    row, tile = place
    top = row * tile
    high = min(top + tile, height) - top
    source = np.empty((tile + 5, tile + 5), dtype=np.float32)
    across = np.empty((tile + 5, tile), dtype=np.float32)
    moved = np.empty(tile, dtype=np.float32)
    for column in range(shifts.shape[2]):
        left = column * tile
        wide = min(left + tile, width) - left
        for f in range(frames.shape[0]):
            sy = -np.float64(shifts[f, row, column, 0])
            sx = -np.float64(shifts[f, row, column, 1])
            iy, ix = int(np.floor(sy)), int(np.floor(sx))
            cut = source[: high + 5, : wide + 5]
            _read(frames[f], gain, top + iy - 2, left + ix - 2, cut)
            a, b, c, d, e, g = spline_taps(sx - ix)
            for y in range(high + 5):
                for x in range(wide):
                    across[y, x] = (
                        a * source[y, x]
                        + b * source[y, x + 1]
                        + c * source[y, x + 2]
                        + d * source[y, x + 3]
                        + e * source[y, x + 4]
                        + g * source[y, x + 5]
                    )
            a, b, c, d, e, g = spline_taps(sy - iy)
            for y in range(high):
                for x in range(wide):
                    moved[x] = (
                        a * across[y, x]
                        + b * across[y + 1, x]
                        + c * across[y + 2, x]
                        + d * across[y + 3, x]
                        + e * across[y + 4, x]
                        + g * across[y + 5, x]
                    )
                for r in range(factors.shape[0]):
                    factor = factors[r, f]
                    for x in range(wide):
                        sums[r, top + y, left + x] += factor * moved[x]


def warp_accumulate(
    sums: Stack, frames: NDArray[Any], gain: Image, warp: Warp, *, threads: int = 1
) -> None:
    """Add frames, each tile moved by its shift, to weighted sums; see `Operations`."""
    shifts = np.ascontiguousarray(warp.shifts, dtype=np.float32)
    factors = np.ascontiguousarray(warp.factors, dtype=np.float32)
    in_threads(
        lambda row: _sum_tiles(frames, gain, shifts, factors, (row, warp.tile), sums),
        range(shifts.shape[1]),
        threads,
    )
