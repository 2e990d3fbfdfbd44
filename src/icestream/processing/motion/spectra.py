"""What motion is measured on: frames, and the low frequencies of their spectra."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model.arrays import Image, Stack
from icestream.processing.backend import operations, to_host
from icestream.processing.fourier import HalfSpectrum, crop_spectrum
from icestream.threads import in_threads

__all__ = [
    "Band",
    "Binned",
    "Frames",
    "bin_frames",
    "flatten",
    "moved",
    "small_spectra",
]

_BINNING = 0.9
"""Two binned pixels, as a part of the resolution that is asked for."""
_LOCAL = 100.0
"""Å over which `flatten` takes the mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A grid of low spatial frequencies: the part of a spectrum that alignment uses."""

    shape: tuple[int, int]
    """(y, x) pixels of the real image that has this spectrum."""
    extent: tuple[float, float]
    """(y, x) Å that this image covers."""

    @property
    def ky(self) -> NDArray[np.float32]:
        """1/Å along y."""
        return np.fft.fftfreq(self.shape[0], self.extent[0] / self.shape[0]).astype(np.float32)

    @property
    def kx(self) -> NDArray[np.float32]:
        """1/Å along x, from 0."""
        return np.fft.rfftfreq(self.shape[1], self.extent[1] / self.shape[1]).astype(np.float32)

    @property
    def k(self) -> NDArray[np.float32]:
        """1/Å, ``(y, x // 2 + 1)``."""
        return np.hypot(self.ky[:, None], self.kx[None, :])

    @property
    def pixel(self) -> NDArray[np.float64]:
        """(y, x) Å per pixel of the real image."""
        return np.array(self.extent, dtype=np.float64) / self.shape

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

    def without_first(self, frames: int) -> "Frames":
        """The movie that lacks its first `frames` frames."""
        return replace(self, counts=self.counts[frames:])


@dataclass(frozen=True, slots=True, eq=False)
class Binned:
    """Gain-corrected frames with larger pixels."""

    images: Stack
    """``(n, y, x)``."""
    pixel_size: float
    """Å."""

    def __len__(self) -> int:
        return len(self.images)


def bin_frames(frames: Frames, resolution: float, *, cores: int = 1) -> Binned:
    """Bin frames as far as `resolution` (Å) allows: nine tenths of it are two binned pixels.

    Frames on a GPU are binned there and fetched: what is left is small, and its patches, some
    hundred pixels each, are measured on the CPU.
    """
    factor = max(1, int(_BINNING * resolution / (2 * frames.pixel_size)))
    ops = operations(frames.counts)
    images = ops.bin_frames(frames.counts, frames.gain, factor, threads=cores)
    return Binned(to_host(images), frames.pixel_size * factor)


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _flatten(image: NDArray[np.float32], reach: int, out: NDArray[np.float32]) -> None:
    """Take the mean of the square of ``2 reach + 1`` pixels around it off each pixel."""
    height, width = image.shape
    columns = np.zeros(width, dtype=np.float64)
    place = np.arange(width)
    share = 1.0 / (np.minimum(place + reach, width - 1) - np.maximum(place - reach, 0) + 1)
    for y in range(min(reach, height)):
        for x in range(width):
            columns[x] += image[y, x]
    for y in range(height):
        if y + reach < height:
            for x in range(width):
                columns[x] += image[y + reach, x]
        if y - reach - 1 >= 0:
            for x in range(width):
                columns[x] -= image[y - reach - 1, x]
        part = 1.0 / (min(y + reach, height - 1) - max(y - reach, 0) + 1)
        total = np.float64(0)
        for x in range(min(reach, width)):
            total += columns[x]
        for x in range(width):
            if x + reach < width:
                total += columns[x + reach]
            if x - reach - 1 >= 0:
                total -= columns[x - reach - 1]
            out[y, x] = image[y, x] - np.float32(total * part * share[x])


def flatten(binned: Binned, *, cores: int = 1) -> Binned:
    """Take the local mean, over squares of about 100 Å, off each pixel.

    What is coarser tells little about motion, but the edge of the carbon, cut off by the border of
    a patch, stands still there and holds the frames.
    """
    images = np.empty_like(binned.images)
    reach = max(round(0.5 * _LOCAL / binned.pixel_size), 1)
    in_threads(lambda i: _flatten(binned.images[i], reach, images[i]), range(len(binned)), cores)
    return Binned(images, binned.pixel_size)


def small_spectra(
    binned: Binned, resolution: float, *, cores: int = 1
) -> tuple[HalfSpectrum, Band]:
    """Spectra of whole frames up to a low resolution.

    Rows and columns at the far border are left out where that makes the transforms faster.

    Parameters
    ----------
    resolution
        Å; finer detail is cut off.

    Returns
    -------
    The spectra ``(n, ky, kx)`` and the band that they cover.
    """
    ops = operations(binned.images)
    ones = ops.xp.ones(binned.images.shape[1:], dtype=np.float32)
    smaller = bin_frames(Frames(binned.images, ones, binned.pixel_size), resolution, cores=cores)
    images, pixel = smaller.images, smaller.pixel_size
    shape = (
        scipy.fft.prev_fast_len(images.shape[1], real=True),
        scipy.fft.prev_fast_len(images.shape[2], real=True),
    )
    size = [min(2 * int(np.ceil(n * pixel / resolution)) + 4, n) for n in shape]
    band = Band((size[0], size[1]), (shape[0] * pixel, shape[1] * pixel))

    def transform(frame: Image) -> HalfSpectrum:
        cut = frame[: shape[0], : shape[1]]
        return crop_spectrum(ops.rfft2(cut - cut.mean()), shape, band.shape)

    return np.stack(in_threads(transform, images, cores)), band


def moved(spectra: HalfSpectrum, band: Band, shifts: NDArray[np.float64]) -> HalfSpectrum:
    """Spectra ``(n, ky, kx)`` of the frames moved by `shifts` ``(n, 2)`` in Å."""
    down = np.exp(-2j * np.pi * shifts[:, :1] * band.ky).astype(np.complex64)
    across = np.exp(-2j * np.pi * shifts[:, 1:] * band.kx).astype(np.complex64)
    result: HalfSpectrum = spectra * down[:, :, None] * across[:, None, :]
    return result
