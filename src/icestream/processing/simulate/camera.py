"""A counting camera: gain, dead and hot pixels, and the statistics of electrons."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from icestream.compiled import njit
from icestream.processing.simulate.tracks import Tracks

__all__ = ["Camera", "age_camera", "expose", "make_camera", "spline_prefilter"]

BLOCK = 8
"""Pixels of a row that share one shift: at 0.01 px per pixel of local motion, 0.03 px of error."""

LEVELS = 32
"""Steps of the tables of Poisson numbers for each unit of the mean."""

LARGEST_MEAN = 80.0
"""Counts of a pixel in a frame, at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Camera:
    """What a camera does to an image, the same in every movie."""

    gain: NDArray[np.float32]
    """``(y, x)``: counts are multiplied by it; mean 1, 0 where a pixel is dead."""
    hot: NDArray[np.float32]
    """``(n, 3)`` as (y, x, counts of a frame)."""

    @property
    def shape(self) -> tuple[int, int]:
        """(y, x) pixels."""
        return self.gain.shape[0], self.gain.shape[1]


def make_camera(rng: np.random.Generator, shape: tuple[int, int]) -> Camera:
    """Draw the faults of a camera.

    Smooth gain of 3-6 %, stripes of the converters 1.5 %, pixels 3 %, one dead column, a few dead
    pixels (5 in a million) and hot ones (20 in a million, with 8 to 100 counts in a frame).

    Parameters
    ----------
    rng
        Source of chance.
    shape
        ``(y, x)`` pixels.
    """
    ny, nx = shape
    smooth = ndimage.zoom(rng.standard_normal((5, 5)), (ny / 5, nx / 5), order=3, mode="nearest")
    smooth = np.resize(smooth, shape) if smooth.shape != shape else smooth
    smooth *= rng.uniform(0.03, 0.06) / smooth.std()
    width = max(nx // 16, 1)
    stripes = rng.normal(0.0, 0.015, nx // width + 1).repeat(width)[:nx]
    gain = (1.0 + smooth) * (1.0 + stripes) * (1.0 + rng.normal(0.0, 0.03, shape))
    gain = np.clip(gain, 0.5, 2.0)
    gain /= gain.mean()
    gain[:, rng.integers(nx)] = 0.0
    dead = rng.integers((0, 0), shape, (max(1, round(5e-6 * ny * nx)), 2))
    gain[dead[:, 0], dead[:, 1]] = 0.0
    count = max(2, round(2e-5 * ny * nx))
    hot = np.column_stack([rng.integers((0, 0), shape, (count, 2)), rng.uniform(8, 100, count)])
    return Camera(gain=gain.astype(np.float32), hot=hot.astype(np.float32))


def age_camera(rng: np.random.Generator, camera: Camera) -> Camera:
    """The camera after its gain has changed: by 3 % from pixel to pixel, 1.5 % in stripes.

    Parameters
    ----------
    rng
        Source of chance.
    camera
        As it was when its gain reference was taken; what is dead or hot stays so.
    """
    nx = camera.shape[1]
    width = max(nx // 16, 1)
    stripes = rng.normal(0.0, 0.015, nx // width + 1).repeat(width)[:nx]
    gain = camera.gain * (1.0 + stripes) * (1.0 + rng.normal(0.0, 0.03, camera.shape))
    return Camera(gain=(gain / gain.mean()).astype(np.float32), hot=camera.hot)


def spline_prefilter(n: int, *, half: bool) -> NDArray[np.float32]:
    """Factors that turn the transform of samples into that of cubic B-spline coefficients."""
    k = np.fft.rfftfreq(n) if half else np.fft.fftfreq(n)
    return np.asarray(3.0 / (2.0 + np.cos(2.0 * np.pi * k)), dtype=np.float32)


@cache
def _poisson_tables() -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Cumulative Poisson probabilities for means in steps of 1/`LEVELS`, and where to begin.

    Returns
    -------
    cumulative : numpy.ndarray
        ``(means, counts)``.
    begin : numpy.ndarray
        ``(means, 64)``: the count below which no number of that 64th of 0..1 falls.
    """
    means = np.arange(int(LARGEST_MEAN * LEVELS) + 2)[:, None] / LEVELS
    counts = np.arange(int(LARGEST_MEAN + 10.0 * LARGEST_MEAN**0.5))[None, :]
    cumulative = special.pdtr(counts, means)
    begin = np.stack([np.sum(cumulative < part / 64.0, axis=1) for part in range(64)], axis=1)
    return cumulative.astype(np.float32), begin.astype(np.uint8)


@njit(cache=True, nogil=True, inline="always")
def _random_bits(state):  # type: ignore[no-untyped-def]
    """64 random bits after `state` (SplitMix64)."""
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True, inline="always")
def _poisson(mean, bits, cumulative, begin):  # type: ignore[no-untyped-def]
    """Poisson number by inversion, from a table whose level is rounded up or down by chance."""
    chance = np.float32(bits & np.uint64(0xFFFF)) * np.float32(1.0 / 65536.0)
    level = int(mean * np.float32(LEVELS) + chance)
    draw = np.float32(bits >> np.uint64(40)) * np.float32(1.0 / 16777216.0)
    k = int(begin[level, int(bits >> np.uint64(58))])
    last = cumulative.shape[1] - 1
    while k < last and draw > cumulative[level, k]:
        k += 1
    return k


@njit(cache=True, nogil=True, inline="always")
def _weights(t, w):  # type: ignore[no-untyped-def]
    """Cubic B-spline weights of the four samples around a point at fraction `t`."""
    s = np.float32(1.0) - t
    w[0] = s * s * s / np.float32(6.0)
    w[1] = (np.float32(4.0) - np.float32(3.0) * t * t * (np.float32(2.0) - t)) / np.float32(6.0)
    w[2] = (np.float32(4.0) - np.float32(3.0) * s * s * (np.float32(2.0) - s)) / np.float32(6.0)
    w[3] = t * t * t / np.float32(6.0)


@njit(cache=True, nogil=True, fastmath=True)
def _count(spline, margin, shift, local, flux, seed, tables, counts):  # type: ignore[no-untyped-def]  # noqa: PLR0913, PLR0917
    ny, nx = counts.shape
    cumulative, begin = tables
    wy = np.empty(4, np.float32)
    wx = np.empty(4, np.float32)
    line = np.empty(BLOCK + 3, np.float32)
    for j in range(ny):
        state = (seed + np.uint64(j)) * np.uint64(0xD1342543DE82EF95)
        v = j / ny - 0.5
        for start in range(0, nx, BLOCK):
            stop = min(start + BLOCK, nx)
            u = (0.5 * (start + stop - 1)) / nx - 0.5
            dy = shift[0] + local[0, 0] + u * (local[0, 1] + u * local[0, 2] + v * local[0, 5])
            dx = shift[1] + local[1, 0] + u * (local[1, 1] + u * local[1, 2] + v * local[1, 5])
            y = j + margin + dy + v * (local[0, 3] + v * local[0, 4])
            x = start + margin + dx + v * (local[1, 3] + v * local[1, 4])
            y0 = int(np.floor(y))
            x0 = int(np.floor(x))
            _weights(np.float32(y - y0), wy)
            _weights(np.float32(x - x0), wx)
            y0 = min(max(y0, 1), spline.shape[0] - 3)
            x0 = min(max(x0, 1), spline.shape[1] - BLOCK - 3)
            for i in range(BLOCK + 3):
                c = x0 - 1 + i
                line[i] = (
                    wy[0] * spline[y0 - 1, c]
                    + wy[1] * spline[y0, c]
                    + wy[2] * spline[y0 + 1, c]
                    + wy[3] * spline[y0 + 2, c]
                )
            for i in range(stop - start):
                value = (
                    np.float32(1.0)
                    + wx[0] * line[i]
                    + wx[1] * line[i + 1]
                    + wx[2] * line[i + 2]
                    + wx[3] * line[i + 3]
                )
                mean = min(
                    max(value, np.float32(0.0)) * flux[j, start + i], np.float32(LARGEST_MEAN)
                )
                state += np.uint64(0x9E3779B97F4A7C15)
                bits = _random_bits(state)
                counts[j, start + i] = _poisson(mean, bits, cumulative, begin)


def expose(
    spline: NDArray[np.float32],
    margin: int,
    tracks: Tracks,
    frame: int,
    flux: NDArray[np.float32],
    *,
    seed: int,
) -> NDArray[np.uint8]:
    """Count the electrons of one frame of a moving specimen.

    Parameters
    ----------
    spline
        ``(y + 2·margin, x + 2·margin)`` or larger: cubic B-spline coefficients of the relative
        intensity minus 1, in the place where the specimen is in the first frame.
    margin
        Pixels of `spline` above and left of the first pixel of the frame.
    tracks
        Motion of the specimen.
    frame
        Which frame of `tracks`.
    flux
        ``(y, x)`` mean counts where the intensity is 1: dose, beam, gain. At most `LARGEST_MEAN`.
    seed
        Of the frame; the same seed counts the same electrons.

    Returns
    -------
    numpy.ndarray
        ``(y, x)`` counts.
    """
    counts = np.empty(flux.shape, dtype=np.uint8)
    _count(
        spline,
        margin,
        tracks.shifts[frame],
        tracks.local[frame],
        flux,
        np.uint64(seed % 2**63),
        _poisson_tables(),
        counts,
    )
    return counts
