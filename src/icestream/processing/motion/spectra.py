"""What motion is measured on: binned, gain-corrected, band-limited spectra of the frames."""

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.model.arrays import Image, Stack
from icestream.processing.dose import Dose, dose_weights
from icestream.processing.fourier import HalfSpectrum, crop_spectrum, frequency_grid

__all__ = [
    "Band",
    "Frames",
    "aligned_sum",
    "bin_frames",
    "derivatives",
    "frame_spectra",
    "in_threads",
]

T = TypeVar("T")
R = TypeVar("R")


def in_threads(work: Callable[[T], R], items: Iterable[T], cores: int) -> list[R]:
    """Results of `work` on each item, in order, computed by `cores` threads."""
    if cores <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(cores) as pool:
        return list(pool.map(work, items))


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A grid of low spatial frequencies: the part of a spectrum that alignment uses."""

    shape: tuple[int, int]
    """(y, x) pixels of the real image that has this spectrum."""
    pixel_size: float
    """Å per pixel of that image."""

    @property
    def ky(self) -> NDArray[np.float32]:
        """1/Å along y."""
        return np.fft.fftfreq(self.shape[0], self.pixel_size).astype(np.float32)

    @property
    def kx(self) -> NDArray[np.float32]:
        """1/Å along x, from 0."""
        return np.fft.rfftfreq(self.shape[1], self.pixel_size).astype(np.float32)

    @property
    def k(self) -> NDArray[np.float32]:
        """1/Å, ``(y, x // 2 + 1)``."""
        return frequency_grid(self.shape, self.pixel_size)

    def mask(self, resolution: float) -> NDArray[np.bool_]:
        """True up to `resolution` (Å), without the central cross.

        On the axes lie the camera's rows and columns, which stand still.
        """
        inside = self.k <= 1.0 / resolution
        inside[0] = False
        inside[:, 0] = False
        return inside


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The counts of a movie and what turns them into electrons."""

    counts: NDArray[Any]
    """``(n, y, x)`` raw counts, defects already replaced."""
    gain: Image
    """``(y, x)``, multiplied with every frame."""
    pixel_size: float
    """Å."""

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def shape(self) -> tuple[int, int]:
        """(y, x) pixels of a frame."""
        return self.counts.shape[1], self.counts.shape[2]


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


def bin_frames(frames: Frames, factor: int, *, cores: int = 1) -> Stack:
    """Gain-corrected frames summed over blocks of `factor` x `factor` pixels, ``(n, y, x)``."""
    shape = (frames.shape[0] // factor, frames.shape[1] // factor)
    result = np.empty((len(frames), *shape), dtype=np.float32)

    def work(i: int) -> None:
        _bin_frame(frames.counts[i], frames.gain, factor, result[i])

    in_threads(work, range(len(frames)), cores)
    return result


def frame_spectra(
    binned: Stack, pixel_size: float, resolution: float, dose: Dose | None, *, cores: int = 1
) -> tuple[HalfSpectrum, Band]:
    """Spectra of the frames up to `resolution`, damped by the damage that each frame has.

    Parameters
    ----------
    binned
        ``(n, y, x)``.
    pixel_size
        Å per pixel of `binned`.
    resolution
        Å; finer detail is cut off.
    dose
        Frames are weighted by the signal that is left in them; None weighs all alike.

    Returns
    -------
    The spectra ``(n, ky, kx)`` and the band that they cover.
    """
    shape = (binned.shape[1], binned.shape[2])
    band = _cropped(shape, pixel_size, resolution)
    weights = None if dose is None else dose_weights(band.k, len(binned), dose)
    result = np.empty((len(binned), band.shape[0], band.shape[1] // 2 + 1), dtype=np.complex64)

    def transform(i: int) -> None:
        frame = binned[i] - binned[i].mean(dtype=np.float64).astype(np.float32)
        result[i] = crop_spectrum(fft.rfft2(frame), shape, band.shape)
        if weights is not None:
            result[i] *= weights[i]

    in_threads(transform, range(len(binned)), cores)
    return result, band


def _cropped(shape: tuple[int, int], pixel_size: float, resolution: float) -> Band:
    """The smallest even grid of the same field that reaches `resolution`."""
    sizes = []
    for size in shape:
        wanted = 2 * math.ceil(size * pixel_size / resolution) + 4
        sizes.append(size if wanted >= size else wanted)
    return Band((sizes[0], sizes[1]), pixel_size * shape[0] / sizes[0])


@numba.njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def derivatives(
    spectra: NDArray[np.complex64],
    weight: NDArray[np.float32],
    ky: NDArray[np.float32],
    kx: NDArray[np.float32],
    shifts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Agreement of each shifted frame with the sum of the others, and how it changes.

    With A the spectrum of a frame moved by its shift and L the sum of the other moved frames,
    the agreement is ``sum 2 weight Re(A conj L)`` over the half spectrum.

    Parameters
    ----------
    spectra
        ``(n, ky, kx)`` of the frames.
    weight
        ``(ky, kx)``.
    ky, kx
        Frequencies, 1/Å.
    shifts
        ``(n, 2)`` (dy, dx), Å.

    Returns
    -------
    ``(n, 6)``: agreement, its derivatives by dy and dx, minus its second derivatives by dy dy,
    dx dx and dy dx.
    """
    frames, height, width = spectra.shape
    result = np.zeros((frames, 6), dtype=np.float64)
    moved_re = np.empty((frames, width), dtype=np.float32)
    moved_im = np.empty((frames, width), dtype=np.float32)
    sum_re = np.empty(width, dtype=np.float32)
    sum_im = np.empty(width, dtype=np.float32)
    turn = 2.0 * np.pi
    cos_x = np.empty((frames, width), dtype=np.float32)
    sin_x = np.empty((frames, width), dtype=np.float32)
    for f in range(frames):
        for x in range(width):
            angle = -turn * kx[x] * shifts[f, 1]
            cos_x[f, x] = math.cos(angle)
            sin_x[f, x] = math.sin(angle)
    for y in range(height):
        last = -1
        for x in range(width):
            if weight[y, x] != 0:
                last = x
        if last < 0:
            continue
        sum_re[:] = 0
        sum_im[:] = 0
        for f in range(frames):
            angle = -turn * ky[y] * shifts[f, 0]
            c, s = np.float32(math.cos(angle)), np.float32(math.sin(angle))
            for x in range(last + 1):
                re, im = spectra[f, y, x].real, spectra[f, y, x].imag
                p = c * cos_x[f, x] - s * sin_x[f, x]
                q = c * sin_x[f, x] + s * cos_x[f, x]
                a, b = re * p - im * q, re * q + im * p
                moved_re[f, x] = a
                moved_im[f, x] = b
                sum_re[x] += a
                sum_im[x] += b
        for f in range(frames):
            value = np.float32(0)
            odd = np.float32(0)
            odd_x = np.float32(0)
            even_x = np.float32(0)
            even_xx = np.float32(0)
            for x in range(last + 1):
                a, b = moved_re[f, x], moved_im[f, x]
                u, v = sum_re[x] - a, sum_im[x] - b
                even = weight[y, x] * (a * u + b * v)
                value += even
                even_x += even * kx[x]
                even_xx += even * kx[x] * kx[x]
                slope = weight[y, x] * (b * u - a * v)
                odd += slope
                odd_x += slope * kx[x]
            result[f, 0] += 2 * value
            result[f, 1] += 2 * turn * ky[y] * odd
            result[f, 2] += 2 * turn * odd_x
            result[f, 3] += 2 * turn * turn * ky[y] * ky[y] * value
            result[f, 4] += 2 * turn * turn * even_xx
            result[f, 5] += 2 * turn * turn * ky[y] * even_x
    return result


@numba.njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def aligned_sum(
    spectra: NDArray[np.complex64],
    ky: NDArray[np.float32],
    kx: NDArray[np.float32],
    shifts: NDArray[np.float64],
) -> NDArray[np.complex64]:
    """Sum of the spectra ``(n, ky, kx)``, each moved by its shift ``(n, 2)`` in Å."""
    frames, height, width = spectra.shape
    total = np.zeros((height, width), dtype=np.complex64)
    turn = 2.0 * np.pi
    row = np.empty(width, dtype=np.complex64)
    for f in range(frames):
        for x in range(width):
            angle = -turn * kx[x] * shifts[f, 1]
            row[x] = complex(math.cos(angle), math.sin(angle))
        for y in range(height):
            angle = -turn * ky[y] * shifts[f, 0]
            phase = np.complex64(complex(math.cos(angle), math.sin(angle)))
            for x in range(width):
                total[y, x] += spectra[f, y, x] * (phase * row[x])
    return total
