"""Frames of numpy arrays, moved tile by tile and added to weighted sums."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model.arrays import Image, Stack
from icestream.processing.backend.contract import Warp
from icestream.processing.backend.cpu.lanes import LANES, add_filtered, filter_lanes, load_counts
from icestream.processing.backend.cpu.splines import spline_taps
from icestream.threads import in_threads

__all__ = ["warp_accumulate"]

_TOGETHER = 4
"""Sums that are made in one pass over the counts."""


@njit(cache=True, nogil=True)  # pragma: no cover
def _mirror(place: int, size: int) -> int:
    """The pixel that stands for one beyond the border."""
    place = place % (2 * size)
    return place if place < size else 2 * size - 1 - place


@njit(cache=True, nogil=True)  # pragma: no cover
def _read_mirrored(
    frame: NDArray[Any], gain: NDArray[np.float32], y: int, left: int, line: NDArray[np.float32]
) -> None:
    """Gain-corrected counts of a row from `left` on, mirrored beyond the borders."""
    j = _mirror(y, frame.shape[0])
    for x in range(line.size):
        i = _mirror(left + x, frame.shape[1])
        line[x] = np.float32(frame[j, i]) * gain[j, i]


@njit(cache=True, nogil=True)  # pragma: no cover
def _sum_tiles(  # noqa: PLR0913, PLR0917 - a kernel takes plain values
    frames: NDArray[Any],
    gain: NDArray[np.float32],
    shifts: NDArray[np.float32],
    factors: NDArray[np.float32],
    tile: int,
    row: int,
    sums: NDArray[np.float32],
) -> None:
    """Add row number `row` of tiles of side `tile`; `shifts` is (n, rows, columns, 2), pixels.

    All frames of a tile are added before the next tile, so that its sums stay in the cache. They
    are kept row by row with four sums side by side; sums that are not wanted have no factor.
    """
    count, height, width = frames.shape
    top = row * tile
    high = min(top + tile, height) - top
    side = (tile + LANES - 1) // LANES * LANES
    line = np.empty(side + LANES, dtype=np.float32)
    across = np.empty((tile + 5, side), dtype=np.float32)
    total = np.empty((tile, 4, side), dtype=np.float32)
    step, stride = np.uint64(4), np.uint64(4 * side)
    at_line, at_across = np.uint64(line.ctypes.data), np.uint64(across.ctypes.data)
    at_total, at_gain = np.uint64(total.ctypes.data), np.uint64(gain.ctypes.data)
    at_frames, size = np.uint64(frames.ctypes.data), np.uint64(frames.itemsize)
    for column in range(shifts.shape[2]):
        left = column * tile
        wide = min(left + tile, width) - left
        total[:] = 0
        for f in range(count):
            sy = -np.float64(shifts[f, row, column, 0])
            sx = -np.float64(shifts[f, row, column, 1])
            iy, ix = int(np.floor(sy)), int(np.floor(sx))
            above, before = top + iy - 2, left + ix - 2
            inside = above >= 0 and above + high + 5 <= height
            inside = inside and before >= 0 and before + line.size <= width
            start = np.uint64(above * width + before)
            taps = spline_taps(sx - ix)
            for y in range(high + 5):
                if inside:
                    counts = at_frames + size * (start + np.uint64(f * height * width))
                    factor = at_gain + step * start
                    for x in range(0, line.size, LANES):
                        at = np.uint64(x)
                        out = at_line + step * at
                        load_counts(out, counts + size * at, factor + step * at, frames)
                    start += np.uint64(width)
                else:
                    _read_mirrored(frames[f], gain, above + y, before, line)
                out = at_across + stride * np.uint64(y)
                for x in range(0, 4 * side, 4 * LANES):
                    filter_lanes(out + np.uint64(x), at_line + np.uint64(x), step, taps)
            taps = spline_taps(sy - iy)
            weights = (factors[0, f], factors[1, f], factors[2, f], factors[3, f])
            for y in range(high):
                source = at_across + stride * np.uint64(y)
                out = at_total + stride * np.uint64(4 * y)
                for x in range(0, 4 * side, 4 * LANES):
                    at = np.uint64(x)
                    add_filtered(out + at, source + at, stride, taps, weights, stride)
        for r in range(sums.shape[0]):
            for y in range(high):
                for x in range(wide):
                    sums[r, top + y, left + x] += total[y, r, x]


def warp_accumulate(
    sums: Stack, frames: NDArray[Any], gain: Image, warp: Warp, *, threads: int = 1
) -> None:
    """Add frames, each tile moved by its shift, to weighted sums; see `Operations`."""
    frames, gain = np.ascontiguousarray(frames), np.ascontiguousarray(gain, dtype=np.float32)
    shifts = np.ascontiguousarray(warp.shifts, dtype=np.float32)
    factors = np.ascontiguousarray(warp.factors, dtype=np.float32)
    for first in range(0, len(sums), _TOGETHER):
        some = factors[first : first + _TOGETHER]
        padded = np.concatenate([some, np.zeros((_TOGETHER - len(some), len(frames)), np.float32)])
        target = sums[first : first + _TOGETHER]
        in_threads(
            partial(_add_row, frames, gain, Warp(shifts, padded, warp.tile), target),
            range(shifts.shape[1]),
            threads,
        )


def _add_row(frames: NDArray[Any], gain: Image, warp: Warp, sums: Stack, row: int) -> None:
    _sum_tiles(frames, gain, warp.shifts, warp.factors, warp.tile, row, sums)
