"""Reference-free particle picking: a bank of blob filters, and peaks above an adaptive limit."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.model import Ctf, Image
from icestream.processing.picking.ground import Ground, Wanted, prepare_ground
from icestream.processing.picking.limits import Limits, within_limits
from icestream.processing.picking.peaks import Float, Peaks

__all__ = ["BlobSearch", "blob_diameter", "pick_by_log"]

_SCALE_STEP = 1.15
"""Ratio of neighbouring diameters in the bank: the response falls by 3 % half a step away."""
_RING = 1.25
"""Outer radius of the filter's negative ring / radius of its disc."""
_PIXELS_PER_DIAMETER = 12
_SEARCH_PIXEL = 8.0
"""Å at which the diameter is searched for."""
_FINE = 9.0
"""Pixels of a diameter, at least, where pixels are joined to search for a larger one."""
_LOBES = 0.8
"""A larger blob is preferred to a smaller one when its peaks reach this fraction of the height:
the lobes of a particle stand out as much as the particle."""
_FEWEST = 10
"""Peaks whose mean height speaks for a diameter, at least."""
_LEAST = 2.0
"""Standard deviations of a response below which peaks are not worth listing."""
_STANDS_OUT = 4.0
"""Standard deviations of a response above which a peak is more than noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobSearch:
    """What to look for, and how strict to be."""

    diameter_min: float
    """Smallest particle diameter, Å."""
    diameter_max: float
    """Largest particle diameter, Å."""
    limits: Limits = field(default_factory=Limits)
    """How high peaks are; heights are in standard deviations of the noise."""
    spacing: float = 0.8
    """Least distance of two particles, in (geometric mean) diameters."""
    border: float | None = None
    """Width of the rim without picks, Å; half the smallest diameter when None."""
    bright: bool = False
    """Particles are brighter than the ice (negative stain, or inverted contrast)."""

    def diameters(self) -> tuple[float, ...]:
        """The bank of diameters, Å."""
        ratio = self.diameter_max / self.diameter_min
        steps = max(1, int(np.ceil(np.log(ratio) / np.log(_SCALE_STEP)))) if ratio > 1 else 0
        if not steps:
            return (self.diameter_min,)
        return tuple(float(d) for d in self.diameter_min * ratio ** (np.arange(steps + 1) / steps))

    def wanted(self, pixel_size: float) -> Wanted:
        """How to prepare the micrograph, in pixels of at most `pixel_size` Å."""
        border = self.diameter_min / 2 if self.border is None else self.border
        return Wanted(
            pixel_size=pixel_size, diameter=self.diameter_max, border=border, bright=self.bright
        )


def pick_by_log(
    image: Image, pixel_size: float, search: BlobSearch, *, ctf: Ctf | None = None
) -> Peaks:
    """Find particles by their size and contrast alone.

    The image is averaged down to about twelve pixels per diameter, normalized by its local
    noise, and correlated with a bank of discs, each inside a ring of the opposite sign. Unlike a
    Laplacian of Gaussian, of which it is the box-shaped relative, this filter has one peak in the
    middle of a hollow particle, and its ring ends before a touching neighbour's centre. Every
    filter has unit norm, so responses are in standard deviations of white noise and those of
    different diameters compare.

    Parameters
    ----------
    image
        ``(y, x)``; particles dark unless `search.bright`. Must be finite.
    pixel_size
        Å.
    search
        Diameters, threshold, spacing.
    ctf
        CTF of the image: phases are flipped where it reverses the contrast. None: the image is
        taken as it is.

    Returns
    -------
    Peaks
        Best first. Empty when nothing stands out of the noise.

    Raises
    ------
    ValueError
        If the image is smaller than two diameters, or holds NaN or infinity.

    Notes
    -----
    Regions of carbon or crystalline ice are left out (`prepare_ground`), and what is within a
    diameter of contamination: a peak that is higher than any particle's.
    """
    wanted = search.wanted(search.diameter_min / _PIXELS_PER_DIAMETER)
    ground = prepare_ground(image, pixel_size, wanted, ctf)
    response = np.full_like(ground.flat, -np.inf)
    for each in _responses(ground, search.diameters()):
        np.maximum(response, each, out=response)
    middle = math.sqrt(search.diameter_min * search.diameter_max)
    peaks = ground.peaks(response, search.spacing * middle)
    height = np.asarray(peaks.score, dtype=np.float64)
    kept = within_limits(height, height, search.limits)
    clear = peaks.clear_of(kept.contamination, search.diameter_max / pixel_size)
    return peaks.take(kept.particles & clear)


def blob_diameter(
    image: Image, pixel_size: float, search: BlobSearch, *, ctf: Ctf | None = None
) -> float:
    """Diameter of the blobs that stand out of a micrograph, Å, between those of `search`.

    Each filter's response is brought to standard deviations of its own bulk, which holds the
    noise that the ice adds at that size. The height of a diameter is the mean of its highest peaks.
    Of the diameters that stand out more than their neighbours, the largest is taken that reaches
    0.8 of the best height: the best itself is often that of a particle's lobes. This finds the
    centres of most particles; how large they are is better measured on their averages.

    Parameters
    ----------
    image, pixel_size, ctf
        As in `pick_by_log`.
    search
        The smallest and the largest diameter, and the contrast.

    Raises
    ------
    ValueError
        If the image is smaller than two of the largest diameters, or holds NaN or infinity.
    """
    ground = prepare_ground(image, pixel_size, search.wanted(_SEARCH_PIXEL), ctf)
    diameters = search.diameters()
    heights = []
    for level, part in _octaves(ground, diameters):
        for diameter, response in zip(part, _responses(level, part), strict=True):
            low, middle = np.quantile(response[::3, ::3], (0.16, 0.5))
            above = (response - middle) / max(middle - low, 1e-6) - _LEAST
            peaks = level.peaks(above.astype(np.float32), search.spacing * diameter)
            heights.append(np.asarray(peaks.score) + _LEAST)
    # Large blobs fit in less often than the lobes of small ones.
    most = max(np.count_nonzero(height > _STANDS_OUT) for height in heights)
    many = max(_FEWEST, most // 4)
    mean = np.array([float(height[:many].mean()) if len(height) else 0.0 for height in heights])
    return diameters[_largest_maximum(mean)]


def _octaves(
    ground: Ground, diameters: Sequence[float]
) -> Iterator[tuple[Ground, Sequence[float]]]:
    """Each part of the bank with pixels that are fine enough for it; larger blobs need fewer."""
    rest = list(diameters)
    while rest:
        part = [each for each in rest if each < _FINE * 2 * ground.pixel_size]
        if part:
            yield ground, part
        rest = rest[len(part) :]
        ground = ground.halved()


def _largest_maximum(mean: NDArray[np.float64]) -> int:
    """Place of the last maximum that is nearly as high as the highest; the end is none."""
    before, after = np.append(-np.inf, mean[:-1]), np.append(mean[1:], np.inf)
    tops = np.flatnonzero((mean >= before) & (mean > after))
    if not len(tops):
        return int(mean.argmax())
    return int(tops[mean[tops] >= _LOBES * mean[tops].max()][-1])


def _responses(ground: Ground, diameters: Sequence[float]) -> Iterator[Float]:
    """Correlate with unit-norm discs, each in a ring of the opposite sign."""
    flat = ground.flat
    reach = int(np.ceil(_RING * max(diameters) / ground.pixel_size / 2 + 1))
    padded = np.pad(flat, reach, mode="reflect")
    shape = tuple(fft.next_fast_len(n, real=True) for n in padded.shape)
    spectrum = fft.rfft2(padded, shape)
    axis = np.arange(-reach, reach + 1)
    distance = np.hypot(axis[:, None], axis[None, :])
    for each in diameters:
        radius = each / ground.pixel_size / 2
        disc = np.clip(radius - distance + 0.5, 0, 1)
        ring = np.clip(_RING * radius - distance + 0.5, 0, 1) - disc
        kernel = disc / disc.sum() - ring / ring.sum()
        kernel /= np.sqrt((kernel * kernel).sum())
        full = fft.irfft2(spectrum * fft.rfft2(kernel.astype(np.float32), shape), shape)
        # The kernel is symmetric and starts at its corner: the centre lies `reach` further on.
        yield full[2 * reach : 2 * reach + flat.shape[0], 2 * reach : 2 * reach + flat.shape[1]]
