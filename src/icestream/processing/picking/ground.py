"""What every picker starts from: a small, flat micrograph in units of its noise, and its map."""

from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import Column, Ctf, Image, column
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.fourier import bin_image
from icestream.processing.picking.foreign import FRINGE, find_foreign, widened
from icestream.processing.picking.peaks import Float, Peaks, highest_peaks

__all__ = ["Ground", "Wanted", "prepare_ground", "transfer_of"]

_SAMPLES = 4.0
"""Least samples in the standard deviation of a wide blur."""
_DEPTH = 1.0
"""Diameters from its edge that the middle of a foreign body lies, at least."""
_HIGH_PASS = 1.0
"""Sigma, coarse pixels, of the filter below which noise is measured."""
_HIGH_PASS_VARIANCE = 1.0 - 2.0 / (2.0 * np.pi) + 1.0 / (4.0 * np.pi)
"""Variance that white noise of variance 1 keeps after subtraction of its Gaussian blur."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a picker needs to know of the particles before it looks at a micrograph."""

    pixel_size: float
    """Å to which the micrograph is averaged down at most."""
    diameter: float
    """Largest diameter that is looked for, Å."""
    border: float
    """Width of the rim without picks, Å."""
    bright: bool = False
    """Particles are brighter than the ice (negative stain, or inverted contrast)."""
    depth: float | None = None
    """Å from its edge that the middle of a foreign body lies, at least; one diameter
    when None."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """A micrograph that is ready to be searched."""

    flat: Float
    """``(y, x)`` averaged down, phases flipped, particles bright, without slow background, in
    standard deviations of the local noise."""
    usable: NDArray[np.bool_]
    """Pixels that may hold a particle's centre: not all in the rim, carbon, crystals or ice."""
    factor: int
    """Pixels of the micrograph / pixel of `flat`."""
    pixel_size: float
    """Å per pixel of `flat`."""
    shape: tuple[int, int]
    """(y, x) pixels of the micrograph."""
    rim: float
    """Pixels of the micrograph along its edges that hold no picks."""
    foreign: NDArray[np.bool_]
    """Pixels that carbon, crystals and drops of ice cover; `flat` is 0 there."""

    def peaks(self, response: Float, spacing: float) -> Peaks:
        """Positive maxima of `response` at usable places, `spacing` Å apart, best first."""
        y, x, height = self.maxima(response, spacing)
        peaks = Peaks(self._outer(x), self._outer(y), column(height))
        inside = np.ones(len(height), dtype=bool)
        for places, size in zip((peaks.y, peaks.x), self.shape, strict=True):
            inside &= (places >= self.rim) & (places <= size - 1 - self.rim)
        return peaks.take(inside)

    def maxima(
        self, response: Float, spacing: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Rows, columns and heights of positive maxima at usable places, `spacing` Å apart."""
        return highest_peaks(response, self.usable, spacing / self.pixel_size)

    def part(self, rows: slice, columns: slice) -> "Ground":
        """A part of it, for statistics: its places are not those of the micrograph."""
        return replace(
            self,
            flat=self.flat[rows, columns],
            usable=self.usable[rows, columns],
            foreign=self.foreign[rows, columns],
        )

    def halved(self) -> "Ground":
        """The same with pixels twice as large, whose white noise is 1 again."""
        height, width = (n // 2 * 2 for n in self.usable.shape)
        return Ground(
            flat=2.0 * bin_image(self.flat, 2),
            usable=self.usable[1:height:2, 1:width:2],
            factor=2 * self.factor,
            pixel_size=2 * self.pixel_size,
            shape=self.shape,
            rim=self.rim,
            foreign=self.foreign[1:height:2, 1:width:2],
        )

    def places(self, peaks: Peaks) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of `flat` that hold the peaks."""
        inner = [(np.asarray(c) - (self.factor - 1) / 2) / self.factor for c in (peaks.y, peaks.x)]
        rows, columns = (
            np.clip(np.rint(c).astype(np.intp), 0, n - 1)
            for c, n in zip(inner, self.flat.shape, strict=True)
        )
        return rows, columns

    def _outer(self, coordinates: NDArray[np.float64]) -> Column:
        """Pixels of the micrograph."""
        return column(coordinates * self.factor + (self.factor - 1) / 2)


def prepare_ground(image: Image, pixel_size: float, wanted: Wanted, ctf: Ctf | None) -> Ground:
    """Make a micrograph small and flat, and find where particles may be.

    Parameters
    ----------
    image
        ``(y, x)``. Must be finite.
    pixel_size
        Å.
    wanted
        Size and contrast of the particles.
    ctf
        CTF of the image: phases are flipped where it reverses the contrast. None: the image is
        taken as it is.

    Raises
    ------
    ValueError
        If the image is smaller than two diameters, or holds NaN or infinity.
    """
    if min(image.shape) < 2.0 * wanted.diameter / pixel_size:
        raise ValueError(
            f"cannot pick particles of {wanted.diameter:g} Å in an image of "
            f"{image.shape[0]} x {image.shape[1]} pixels of {pixel_size:g} Å: it must be at "
            "least two diameters wide; check the pixel size and the diameter"
        )
    factor = max(1, int(wanted.pixel_size / pixel_size))
    coarse = bin_image(image, factor)
    if not np.isfinite(coarse).all():
        raise ValueError("the image to pick in holds NaN or infinity; mask or replace them first")
    size = pixel_size * factor
    if ctf is not None:
        spectrum = scipy.fft.rfft2(coarse)
        spectrum[transfer_of(ctf, coarse.shape, size) > 0] *= -1
        coarse = scipy.fft.irfft2(spectrum, s=coarse.shape)
    if not wanted.bright:
        coarse = -coarse
    across = wanted.diameter / size
    flat, noise = _normalize(coarse, across)
    depth = _DEPTH * wanted.diameter if wanted.depth is None else wanted.depth
    foreign = find_foreign(coarse, noise, size, wanted.diameter, depth)
    if foreign.any():
        flat = _normalize_between(coarse, across, ~foreign)
    rim = wanted.border / pixel_size
    within = (_within(n, m, factor, rim) for n, m in zip(image.shape, coarse.shape, strict=True))
    return Ground(
        flat=flat,
        usable=~widened(foreign, max(0.5 * across - FRINGE / size, 0.0))
        & np.logical_and.outer(*within),
        foreign=foreign,
        factor=factor,
        pixel_size=size,
        shape=image.shape,
        rim=rim,
    )


def _within(size: int, coarse: int, factor: int, rim: float) -> NDArray[np.bool_]:
    """Which of the `coarse` pixels along an edge of `size` pixels are not wholly in the rim."""
    middle = np.arange(coarse) * factor + 0.5 * (factor - 1)
    return np.asarray(np.minimum(middle, size - 1 - middle) + 0.5 * factor > rim)


def transfer_of(ctf: Ctf, shape: tuple[int, int], pixel_size: float) -> Float:
    """CTF ``(y, x // 2 + 1)`` of an image of `shape` and `pixel_size` Å; protein is negative."""
    return ctf_2d(shape, Defocus.of(ctf), replace(ctf.optics, pixel_size=pixel_size), half=True)


def _normalize(coarse: Float, diameter: float) -> tuple[Float, Float]:
    """The image with its slow background removed, in units of the local white noise."""
    high = coarse - scipy.ndimage.gaussian_filter(coarse, _HIGH_PASS, mode="reflect")
    local = _blur(high * high, 2.0 * diameter)
    noise = np.sqrt(local / _HIGH_PASS_VARIANCE)
    floor = 1e-3 * float(np.median(noise)) or 1.0
    slow = _blur(coarse, 2.0 * diameter)
    return (coarse - slow) / np.maximum(noise, floor), noise


def _normalize_between(coarse: Float, diameter: float, ice: NDArray[np.bool_]) -> Float:
    """The same where there is ice, from the ice alone; 0 where there is none."""
    weight = ice.astype(np.float32)
    cover = np.maximum(_blur(weight, 2.0 * diameter), 1e-3)
    slow = _blur(coarse * weight, 2.0 * diameter) / cover
    rest = (coarse - slow) * weight
    high = (rest - scipy.ndimage.gaussian_filter(rest, _HIGH_PASS, mode="reflect")) * weight
    noise = np.sqrt(_blur(high * high, 2.0 * diameter) / cover / _HIGH_PASS_VARIANCE)
    floor = 1e-3 * float(np.median(noise[ice])) or 1.0
    return np.asarray(rest / np.maximum(noise, floor), dtype=np.float32)


def _blur(image: Float, sigma: float) -> Float:
    """Gaussian filter; a wide one on fewer pixels, which is as smooth and much less work."""
    factor = int(sigma / _SAMPLES)
    if factor < 2:
        return np.asarray(scipy.ndimage.gaussian_filter(image, sigma, mode="reflect"))
    height, width = (-(-n // factor) * factor for n in image.shape)
    padded = np.pad(
        image, ((0, height - image.shape[0]), (0, width - image.shape[1])), mode="symmetric"
    )
    small = scipy.ndimage.gaussian_filter(bin_image(padded, factor), sigma / factor, mode="reflect")
    # Pixel i of the image lies at (i + 0.5) / factor - 0.5 of the small one.
    places = [
        np.clip((np.arange(n) + 0.5) / factor - 0.5, 0, m - 1)
        for n, m in zip(image.shape, small.shape, strict=True)
    ]
    rows = _between(small, places[0])
    return np.ascontiguousarray(_between(rows.T, places[1]).T)


def _between(image: Float, places: NDArray[np.float64]) -> Float:
    """Rows of `image` at fractional `places`, linearly interpolated."""
    first = np.minimum(places.astype(np.intp), max(len(image) - 2, 0))
    second = np.minimum(first + 1, len(image) - 1)
    share = (places - first).astype(np.float32)[:, None]
    between: Float = image[first] * (1 - share) + image[second] * share
    return between
