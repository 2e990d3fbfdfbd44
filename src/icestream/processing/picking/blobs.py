"""Reference-free particle picking: a bank of blob filters, and peaks above an adaptive limit."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from icestream.model import Ctf, Image
from icestream.processing.picking.bars import Shape, long_shape
from icestream.processing.picking.discs import disc_responses
from icestream.processing.picking.ground import Ground, Wanted, prepare_ground
from icestream.processing.picking.heaps import clear_of_heaps
from icestream.processing.picking.limits import Limits, within_limits
from icestream.processing.picking.peaks import Peaks

__all__ = ["BlobSearch", "blob_shape", "pick_by_log"]

_SCALE_STEP = 1.15
"""Ratio of neighbouring diameters in the bank: the response falls by 3 % half a step away."""
_PIXELS_PER_DIAMETER = 12
_SEARCH_PIXEL = 8.0
"""Å at which the diameter is searched for."""
_FINE = 9.0
"""Pixels of a diameter, at least, where pixels are joined to search for a larger one."""
_LOBES = 0.8
"""A larger blob is preferred to a smaller one when its peaks reach this fraction of the height:
the lobes of a particle stand out as much as the particle."""
_WITHIN = 0.6
"""Diameters from the middle of a blob within which a smaller one is a part of it."""
_HELD = 0.5
"""Share of the smaller blobs that are parts of larger ones, where the larger ones are particles."""
_DENSE = 3.0
"""Response of a heap over a particle's: the blob that fits best may be a part of the particle."""
_FEWEST = 10
"""Peaks whose mean height speaks for a diameter, at least."""
_LEAST = 2.0
"""Standard deviations of a response below which peaks are not worth listing."""
_WIDE = 0.45
"""Largest diameters from its edge that the middle of a foreign body lies, while the particle's own
is unknown: what is wider than any particle is none."""
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

    def wanted(self, pixel_size: float, depth: float | None = None) -> Wanted:
        """How to prepare the micrograph, in pixels of at most `pixel_size` Å."""
        return Wanted(
            pixel_size=pixel_size,
            diameter=self.diameter_max,
            border=self.diameter_min / 2 if self.border is None else self.border,
            bright=self.bright,
            depth=depth,
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
    for each in disc_responses(ground, search.diameters()):
        np.maximum(response, each, out=response)
    middle = math.sqrt(search.diameter_min * search.diameter_max)
    peaks = ground.peaks(response, search.spacing * middle)
    height = np.asarray(peaks.score, dtype=np.float64)
    kept = within_limits(height, height, search.limits)
    clear = peaks.clear_of(kept.contamination, search.diameter_max / pixel_size)
    picked = peaks.take(kept.particles & clear)
    return picked.take(clear_of_heaps(ground, picked, middle, dense=_DENSE))


def blob_shape(
    image: Image, pixel_size: float, search: BlobSearch, *, ctf: Ctf | None = None
) -> Shape:
    """Length and width of what stands out of a micrograph, Å.

    Bars, where they stand out far more than discs of any size between those of `search`; else the
    diameter of the blobs, for both.

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
    wanted = search.wanted(_SEARCH_PIXEL, _WIDE * search.diameter_max)
    ground = prepare_ground(image, pixel_size, wanted, ctf)
    long = long_shape(ground, search.diameters())
    if long is not None:
        return long
    diameter = _blob_diameter(ground, pixel_size, search)
    return Shape(diameter, diameter)


def _blob_diameter(ground: Ground, pixel_size: float, search: BlobSearch) -> float:
    """Diameter of the discs that stand out most, Å."""
    diameters = search.diameters()
    found = []
    for level, part in _octaves(ground, diameters):
        for diameter, response in zip(part, disc_responses(level, part), strict=True):
            low, middle = np.quantile(response[::3, ::3], (0.16, 0.5))
            above = (response - middle) / max(middle - low, 1e-6) - _LEAST
            peaks = level.peaks(above.astype(np.float32), search.spacing * diameter)
            peaks = Peaks(peaks.x * pixel_size, peaks.y * pixel_size, peaks.score + _LEAST)
            found.append(_of_particles(peaks, diameter, search.limits))
    heights = [np.asarray(peaks.score, dtype=np.float64) for peaks in found]
    # Large blobs fit in less often than the lobes of small ones.
    most = max(np.count_nonzero(height > _STANDS_OUT) for height in heights)
    many = max(_FEWEST, most // 4)
    mean = np.array([float(height[:many].mean()) if len(height) else 0.0 for height in heights])
    tops = _maxima(mean)
    best = int(tops[int(mean[tops].argmax())])
    for top in tops[::-1]:
        if mean[top] >= _LOBES * mean[best] and _holds(found[top], found[best], diameters[top]):
            return diameters[int(top)]
    return diameters[best]


def _of_particles(peaks: Peaks, diameter: float, limits: Limits) -> Peaks:
    """The peaks (Å) that no contamination made, the highest first.

    A few drops of ice stand out far more than any particle, at all diameters, and so do their
    edges: they must not decide which diameter stands out most.
    """
    height = np.asarray(peaks.score, dtype=np.float64)
    clear = height > _STANDS_OUT
    if not clear.any():
        return peaks
    far = height > limits.outliers * float(np.median(height[clear]))
    return peaks.take(~far & peaks.clear_of(far, diameter))


def _holds(large: Peaks, small: Peaks, diameter: float) -> bool:
    """Whether most blobs that stand out are parts of larger ones that do, of a diameter.

    The lobes of particles are; single particles beside a few heaps of them are not.
    """
    parts, wholes = (peaks.take(np.asarray(peaks.score) > _STANDS_OUT) for peaks in (small, large))
    if not len(wholes.x):
        return not len(parts.x)
    from scipy.spatial import cKDTree  # slow to load

    tree = cKDTree(np.stack([wholes.x, wholes.y], axis=1))
    distance, _ = tree.query(np.stack([parts.x, parts.y], axis=1))
    return float(np.mean(distance <= _WITHIN * diameter)) >= _HELD if len(distance) else True


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


def _maxima(mean: NDArray[np.float64]) -> NDArray[np.intp]:
    """Places of the maxima; the end is none, but for a row that only rises."""
    before, after = np.append(-np.inf, mean[:-1]), np.append(mean[1:], np.inf)
    tops = np.flatnonzero((mean >= before) & (mean > after))
    return tops if len(tops) else np.array([int(mean.argmax())])
