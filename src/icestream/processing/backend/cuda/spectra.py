"""Half spectra of CuPy arrays: moved and summed, averaged over rings, and transfer functions."""

from functools import lru_cache
from typing import Any

import cupy as cp
import numpy as np
from numpy.typing import NDArray

__all__ = ["ctf_image", "radial_mean", "shift_and_sum"]

_SHIFT_AND_SUM = r"""
extern "C" __global__ void shift_and_sum(
    const float* spectra, const float* rows, const float* columns, float* total,
    int frames, int height, int width)
{
    // Complex numbers lie as pairs; rows and columns hold the phases of the frames along y and x.
    const int x = blockIdx.x * blockDim.x + threadIdx.x;
    const int y = blockIdx.y;
    if (x >= width) return;
    float re = 0.0f, im = 0.0f;
    for (int f = 0; f < frames; ++f) {
        const float* p = rows + ((size_t)f * height + y) * 2;
        const float* q = columns + ((size_t)f * width + x) * 2;
        const float c = p[0] * q[0] - p[1] * q[1], s = p[0] * q[1] + p[1] * q[0];
        const float* value = spectra + (((size_t)f * height + y) * width + x) * 2;
        re += value[0] * c - value[1] * s;
        im += value[0] * s + value[1] * c;
    }
    total[((size_t)y * width + x) * 2] = re;
    total[((size_t)y * width + x) * 2 + 1] = im;
}
"""

_CTF = r"""
extern "C" __global__ void ctf_image(
    const double* ky, const double* kx, const double* defoci, float* out,
    double wavelength, double cs, int height, int width)
{
    const int x = blockIdx.x * blockDim.x + threadIdx.x;
    const int y = blockIdx.y;
    const int n = blockIdx.z;
    if (x >= width) return;
    const double* defocus = defoci + (size_t)n * 4;
    const double yy = ky[y] * ky[y], xx = kx[x] * kx[x], yx = ky[y] * kx[x];
    const double squared = yy + xx;
    const double bent = defocus[0] * squared + defocus[1] * (xx - yy) + 2 * defocus[2] * yx;
    const double path = bent - 0.5 * wavelength * wavelength * cs * squared * squared;
    // Whole turns are taken off in double precision, the sine of the rest is taken in single.
    const double turns = 0.5 * wavelength * path + defocus[3] / 6.283185307179586;
    const float rest = (float)(turns - floor(turns + 0.5));
    out[((size_t)n * height + y) * width + x] = -sinf(6.28318530717958647f * rest);
}
"""

_THREADS = 128


@lru_cache(maxsize=4)
def _kernel(source: str, name: str) -> Any:
    return cp.RawKernel(source, name)


def shift_and_sum(
    spectra: Any,
    frequency: tuple[NDArray[Any], NDArray[Any]],
    shifts: NDArray[Any],
    weights: NDArray[Any] | None = None,
) -> Any:
    """Weighted sum of half spectra whose images are moved; see `Operations`."""
    frames, height, width = spectra.shape
    turns = [np.asarray(shifts, dtype=np.float64)[:, axis, None] for axis in (0, 1)]
    rows = np.exp(-2j * np.pi * turns[0] * np.asarray(frequency[0], dtype=np.float64))
    columns = np.exp(-2j * np.pi * turns[1] * np.asarray(frequency[1], dtype=np.float64))
    if weights is not None:
        columns *= np.asarray(weights, dtype=np.float64)[:, None]
    total = cp.empty((height, width), dtype=cp.complex64)
    arguments = (
        cp.ascontiguousarray(spectra, dtype=cp.complex64),
        cp.asarray(rows.astype(np.complex64)),
        cp.asarray(columns.astype(np.complex64)),
        total,
        *(np.int32(value) for value in (frames, height, width)),
    )
    grid = (-(-width // _THREADS), height, 1)
    _kernel(_SHIFT_AND_SUM, "shift_and_sum")(grid, (_THREADS, 1, 1), arguments)
    return total


def ctf_image(
    shape: tuple[int, int], pixel_size: float, defoci: Any, lens: tuple[float, float]
) -> Any:
    """Contrast transfer functions on the half spectrum; see `Operations`."""
    width = shape[1] // 2 + 1
    out = cp.empty((len(defoci), shape[0], width), dtype=cp.float32)
    arguments = (
        cp.asarray(np.fft.fftfreq(shape[0], pixel_size)),
        cp.asarray(np.fft.rfftfreq(shape[1], pixel_size)),
        cp.ascontiguousarray(defoci, dtype=cp.float64),
        out,
        np.float64(lens[0]),
        np.float64(lens[1]),
        np.int32(shape[0]),
        np.int32(width),
    )
    grid = (-(-width // _THREADS), shape[0], len(defoci))
    _kernel(_CTF, "ctf_image")(grid, (_THREADS, 1, 1), arguments)
    return out


def radial_mean(images: Any, ring: Any, count: int) -> Any:
    """Mean of images over rings; see `Operations`."""
    ring = cp.asarray(ring)
    inside = (ring >= 0) & (ring < count)
    places = ring[inside]
    counts = cp.bincount(places, minlength=count)
    flat = images.reshape(-1, *images.shape[-2:])
    totals = [cp.bincount(places, weights=image[inside], minlength=count) for image in flat]
    mean = cp.stack(totals) / cp.where(counts > 0, counts, cp.nan)
    return mean.reshape(*images.shape[:-2], count)
