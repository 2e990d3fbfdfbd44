"""The sum of the frames of a movie, each moved to where it belongs, with or without weights."""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.model.arrays import Image
from icestream.processing.dose import Dose, factor_weights
from icestream.processing.fourier import HalfSpectrum, crop_spectrum, frequency_grid
from icestream.processing.motion.field import LocalMotion
from icestream.processing.motion.spectra import Frames, in_threads

__all__ = ["Sums", "sum_frames"]

_FLAT = 0.02
"""Pixels: largest change of the shift inside a tile."""


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Aligned sums of one movie; both have the mean and the noise power of the plain sum."""

    plain: Image
    weighted: Image | None
    """Dose weighted; None without a dose."""


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
def _taps(t: float) -> tuple[Any, Any, Any, Any, Any, Any]:
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
            a, b, c, d, e, g = _taps(sx - ix)
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
            a, b, c, d, e, g = _taps(sy - iy)
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


def sum_frames(
    frames: Frames,
    motion: NDArray[np.float64] | LocalMotion,
    *,
    dose: Dose | None = None,
    binning: float = 1.0,
    cores: int = 1,
) -> Sums:
    """Sum the frames of a movie after moving each of them, in one pass over the counts.

    Small tiles of each frame are interpolated by quintic B-splines and added to four sums; the dose
    weights, nearly of rank 4, are applied to the Fourier transforms of these sums, so that the
    number of transforms does not grow with the number of frames. The response of the
    interpolation is divided out.

    Parameters
    ----------
    motion
        Shifts of the whole frames ``(n, 2)`` as (dy, dx) in Å, added to the coordinates of a
        frame; or a local model.
    dose
        Exposure of the frames; None makes the plain sum alone.
    binning
        The sums are made smaller by this factor, by cropping in Fourier space.

    Notes
    -----
    Against the exact shift of every frame in Fourier space the ring correlation of the sum is
    above 0.999 up to 0.7 of the Nyquist frequency.
    """
    count, shape, pixel_size = len(frames), frames.shape, frames.pixel_size
    factors = None
    if dose is not None:
        factors = factor_weights(count, dose, np.sqrt(0.5) / pixel_size * 1.01)
    columns = np.ones((1, count), dtype=np.float32) if factors is None else factors.frames
    shifts, tile = _tile_shifts(motion, shape, pixel_size, count)
    sums = np.zeros((len(columns), *shape), dtype=np.float32)
    in_threads(
        lambda row: _sum_tiles(frames.counts, frames.gain, shifts, columns, (row, tile), sums),
        range(shifts.shape[1]),
        cores,
    )
    size = shape if binning == 1 else _binned_shape(shape, binning)
    correction = _inverse_response(shifts, shape, size)
    spectra = []
    for r in range(len(columns)):
        spectrum = crop_spectrum(fft.rfft2(sums[r], workers=cores), shape, size)
        spectra.append(spectrum * correction)
    weighted = None
    if factors is not None:
        k = frequency_grid(size, pixel_size * shape[0] / size[0])
        total = np.zeros_like(spectra[0])
        for r in range(len(columns)):
            total += spectra[r] * np.interp(k, factors.frequency, factors.response[r]).astype(
                np.float32
            )
        weighted = _image(total, size, cores)
    return Sums(_image(spectra[0], size, cores), weighted)


def _image(spectrum: HalfSpectrum, shape: tuple[int, int], cores: int) -> Image:
    image: Image = fft.irfft2(spectrum, s=shape, workers=cores)
    return image


def _binned_shape(shape: tuple[int, int], binning: float) -> tuple[int, int]:
    """Even sizes close to ``shape / binning``."""
    height, width = (max(2 * round(size / binning / 2), 2) for size in shape)
    return height, width


def _tile_shifts(
    motion: NDArray[np.float64] | LocalMotion,
    shape: tuple[int, int],
    pixel_size: float,
    count: int,
) -> tuple[NDArray[np.float32], int]:
    """Shift (dy, dx) of each tile of each frame in pixels, and the side of the tiles."""
    if isinstance(motion, LocalMotion):
        edges = np.array([[a, b] for a in (-0.5, 0, 0.5) for b in (-0.5, 0, 0.5)])
        bends = motion.at(edges).reshape(count, 3, 3, 2) / pixel_size
        slope = max(
            float(np.abs(np.diff(bends, axis=1)).max()) / (shape[0] / 2),
            float(np.abs(np.diff(bends, axis=2)).max()) / (shape[1] / 2),
        )
        tile = next((size for size in (64, 32) if slope * size < 2 * _FLAT), 16)
    else:
        tile = 64
    rows, columns = -(-shape[0] // tile), -(-shape[1] // tile)
    if not isinstance(motion, LocalMotion):
        whole = np.asarray(motion, dtype=np.float64) / pixel_size
        full = np.broadcast_to(whole[:, None, None, :], (count, rows, columns, 2))
        return np.ascontiguousarray(full, dtype=np.float32), tile
    y = (np.arange(rows) + 0.5) * tile / shape[0] - 0.5
    x = (np.arange(columns) + 0.5) * tile / shape[1] - 0.5
    centers = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1).reshape(-1, 2)
    moved = motion.at(centers).reshape(count, rows, columns, 2) / pixel_size
    return np.ascontiguousarray(moved, dtype=np.float32), tile


def _inverse_response(
    shifts: NDArray[np.float32], shape: tuple[int, int], size: tuple[int, int]
) -> NDArray[np.float32]:
    """What undoes the mean damping by the interpolation, and scales for the size of the sums."""
    rows = _response(shifts[..., 0].ravel(), np.fft.fftfreq(size[0], shape[0] / size[0]))
    columns = _response(shifts[..., 1].ravel(), np.fft.rfftfreq(size[1], shape[1] / size[1]))
    scale = size[0] * size[1] / (shape[0] * shape[1])
    return (scale / (rows[:, None] * columns[None, :])).astype(np.float32)


def _response(shifts: NDArray[np.float32], frequency: NDArray[Any]) -> NDArray[np.float64]:
    """Mean transfer of the taps over the fractional shifts that occur (cycles per pixel)."""
    share, edges = np.histogram(-shifts % 1.0, bins=64, range=(0.0, 1.0))
    t = 0.5 * (edges[:-1] + edges[1:])
    taps = np.array([_taps(part) for part in t], dtype=np.float64)
    distance = np.arange(-2, 4) - t[:, None]
    real = np.einsum("tn,tnk->tk", taps, np.cos(2 * np.pi * distance[..., None] * frequency))
    mean: NDArray[np.float64] = (share / share.sum()) @ real
    return mean
