"""Raw counts of CuPy arrays: summed over blocks of pixels, or moved and added to weighted sums.

Each thread of the kernels makes one pixel and shares nothing with others, so that the order of
additions, and with it the result, does not depend on the device.
"""

from functools import lru_cache
from typing import Any

import cupy as cp
import numpy as np

from icestream.processing.backend.contract import Warp

__all__ = ["bin_frames", "warp_accumulate"]

_COUNTS = {
    "uint8": "unsigned char",
    "int8": "signed char",
    "uint16": "unsigned short",
    "int16": "short",
    "uint32": "unsigned int",
    "int32": "int",
    "float32": "float",
}

_BIN = r"""
extern "C" __global__ void bin_frame(
    const COUNT* frames, const float* gain, float* out,
    int height, int width, int factor, int out_height, int out_width)
{
    const int x = blockIdx.x * blockDim.x + threadIdx.x;
    const int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= out_width || y >= out_height) return;
    const COUNT* frame = frames + (size_t)blockIdx.z * height * width;
    float total = 0.0f;
    for (int j = y * factor; j < (y + 1) * factor; ++j)
        for (int i = x * factor; i < (x + 1) * factor; ++i) {
            const size_t place = (size_t)j * width + i;
            total += (float)frame[place] * gain[place];
        }
    out[((size_t)blockIdx.z * out_height + y) * out_width + x] = total;
}
"""

_WARP = r"""
__device__ int mirror(int place, int size)
{
    place %= 2 * size;
    if (place < 0) place += 2 * size;
    return place < size ? place : 2 * size - 1 - place;
}

__device__ double inner(double x)
{
    return 11.0 / 20 - x * x * (1.0 / 2 - x * x * (1.0 / 4 - x / 12));
}

__device__ double middle(double x)
{
    return 17.0 / 40 + x * (5.0 / 8 - x * (7.0 / 4 - x * (5.0 / 4 - x * (3.0 / 8 - x / 24))));
}

__device__ void spline_taps(double t, float* taps)
{
    const double u = 1 - t;
    taps[0] = (float)(u * u * u * u * u / 120);
    taps[1] = (float)middle(1 + t);
    taps[2] = (float)inner(t);
    taps[3] = (float)inner(u);
    taps[4] = (float)middle(1 + u);
    taps[5] = (float)(t * t * t * t * t / 120);
}

extern "C" __global__ void warp_accumulate(
    const COUNT* frames, const float* gain, const float* shifts, const float* factors,
    float* sums, int count, int height, int width, int columns, int rows, int tile, int sums_count)
{
    const int x = blockIdx.x * blockDim.x + threadIdx.x;
    const int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height) return;
    const size_t area = (size_t)height * width, place = (size_t)y * width + x;
    for (int f = 0; f < count; ++f) {
        const float* shift = shifts + (((size_t)f * rows + y / tile) * columns + x / tile) * 2;
        const double sy = -(double)shift[0], sx = -(double)shift[1];
        const int iy = (int)floor(sy), ix = (int)floor(sx);
        float down[6], across[6];
        spline_taps(sy - iy, down);
        spline_taps(sx - ix, across);
        float moved = 0.0f;
        for (int j = 0; j < 6; ++j) {
            const size_t line = (size_t)mirror(y + iy - 2 + j, height) * width;
            float row = 0.0f;
            for (int i = 0; i < 6; ++i) {
                const size_t from = line + mirror(x + ix - 2 + i, width);
                row += across[i] * ((float)frames[f * area + from] * gain[from]);
            }
            moved += down[j] * row;
        }
        for (int r = 0; r < sums_count; ++r)
            sums[r * area + place] += factors[(size_t)r * count + f] * moved;
    }
}
"""

_BLOCK = (32, 8)


@lru_cache(maxsize=32)
def _kernel(source: str, name: str, counts: str) -> Any:
    """The kernel for counts of a numpy type."""
    if counts not in _COUNTS:
        raise TypeError(
            f"frames of type {counts} cannot be summed on a GPU; known: {', '.join(_COUNTS)}"
        )
    return cp.RawKernel(source.replace("COUNT", _COUNTS[counts]), name)


def bin_frames(frames: Any, gain: Any, factor: int, *, threads: int = 1) -> Any:  # noqa: ARG001
    """Gain-corrected frames summed over blocks of pixels; see `Operations`."""
    count, height, width = frames.shape
    shape = (height // factor, width // factor)
    out = cp.empty((count, *shape), dtype=cp.float32)
    arguments = (
        cp.ascontiguousarray(frames),
        cp.ascontiguousarray(gain, dtype=cp.float32),
        out,
        *(np.int32(value) for value in (height, width, factor, *shape)),
    )
    _kernel(_BIN, "bin_frame", frames.dtype.name)((*_blocks(shape), count), _BLOCK, arguments)
    return out


def warp_accumulate(
    sums: Any,
    frames: Any,
    gain: Any,
    warp: Warp,
    *,
    threads: int = 1,  # noqa: ARG001
) -> None:
    """Add frames, each tile moved by its shift, to weighted sums; see `Operations`."""
    count, height, width = frames.shape
    rows, columns = warp.shifts.shape[1:3]
    if not sums.flags.c_contiguous or sums.dtype != cp.float32:
        raise ValueError("the sums must be a contiguous float32 array, since they are added to")
    numbers = (count, height, width, columns, rows, warp.tile, len(sums))
    arguments = (
        cp.ascontiguousarray(frames),
        cp.ascontiguousarray(gain, dtype=cp.float32),
        cp.ascontiguousarray(cp.asarray(warp.shifts), dtype=cp.float32),
        cp.ascontiguousarray(cp.asarray(warp.factors), dtype=cp.float32),
        sums,
        *(np.int32(value) for value in numbers),
    )
    kernel = _kernel(_WARP, "warp_accumulate", frames.dtype.name)
    kernel((*_blocks((height, width)), 1), _BLOCK, arguments)


def _blocks(shape: tuple[int, int]) -> tuple[int, int]:
    """Blocks of threads along (x, y) that cover an image of `shape` (y, x)."""
    return -(-shape[1] // _BLOCK[0]), -(-shape[0] // _BLOCK[1])
