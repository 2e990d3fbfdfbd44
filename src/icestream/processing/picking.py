"""Reference-free particle picking: a bank of blob filters, and peaks above an adaptive limit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy.spatial import cKDTree

from icestream.model import Column, Ctf, Image, column
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.fourier import bin_image

__all__ = ["BlobSearch", "Matches", "Peaks", "agree_on_peaks", "match_peaks", "pick_by_log"]

Float = NDArray[np.float32]

_SCALE_STEP = 1.15
"""Ratio of neighbouring diameters in the bank: the response falls by 3 % half a step away."""
_RING = 1.25
"""Outer radius of the filter's negative ring / radius of its disc."""
_PIXELS_PER_DIAMETER = 16
_HIGH_PASS = 1.0
"""Sigma, coarse pixels, of the filter below which noise is measured."""
_HIGH_PASS_VARIANCE = 1.0 - 2.0 / (2.0 * np.pi) + 1.0 / (4.0 * np.pi)
"""Variance that white noise of variance 1 keeps after subtraction of its Gaussian blur."""


class Peaks(NamedTuple):
    """Particle centres in pixels of the image, and the height of their peaks."""

    x: Column
    """``(n,)``; 0 is the centre of the first pixel."""
    y: Column
    score: Column
    """``(n,)`` response in standard deviations of the noise."""


class Matches(NamedTuple):
    """One-to-one matches of found centres with true ones."""

    recall: float
    """Fraction of the true centres that were found; 1 when there are none."""
    precision: float
    """Fraction of the found centres that are true; 1 when there are none."""
    pairs: NDArray[np.intp]
    """``(m, 2)`` indices of (found, true)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobSearch:
    """What to look for, and how strict to be."""

    diameter_min: float
    """Smallest particle diameter, Å."""
    diameter_max: float
    """Largest particle diameter, Å."""
    threshold: float = 4.5
    """Least height of a peak, in standard deviations of the noise."""
    relative: float = 0.5
    """Least height of a peak as a fraction of the median of those kept; 0 switches it off."""
    spacing: float = 0.8
    """Least distance of two particles, in (geometric mean) diameters."""
    border: float | None = None
    """Width of the rim without picks, Å; half the smallest diameter when None."""
    outliers: float = 2.5
    """Peaks higher than this many times the median are contamination."""
    bright: bool = False
    """Particles are brighter than the ice (negative stain, or inverted contrast)."""

    def diameters(self) -> tuple[float, ...]:
        """The bank of diameters, Å."""
        ratio = self.diameter_max / self.diameter_min
        steps = max(1, int(np.ceil(np.log(ratio) / np.log(_SCALE_STEP)))) if ratio > 1 else 0
        if not steps:
            return (self.diameter_min,)
        return tuple(float(d) for d in self.diameter_min * ratio ** (np.arange(steps + 1) / steps))


def pick_by_log(
    image: Image, pixel_size: float, search: BlobSearch, *, ctf: Ctf | None = None
) -> Peaks:
    """Find particles by their size and contrast alone.

    The image is averaged down to about sixteen pixels per diameter, normalized by its local
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
    The threshold adapts: where particles stand far out of the noise, peaks below
    `search.relative` of the median height of those kept are debris, and the limit is raised
    until this holds. Where they hardly stand out, `search.threshold` decides alone.
    Regions of carbon or crystalline ice are left out: where the image, blurred to the particle's
    size, leaves the range of the rest over more than three diameters in every direction.
    """
    factor = _binning(image, pixel_size, search)
    coarse = bin_image(image, factor)
    if not np.isfinite(coarse).all():
        raise ValueError("the image to pick in holds NaN or infinity; mask or replace them first")
    size = pixel_size * factor
    if ctf is not None:
        coarse = _flip_phases(coarse, size, ctf)
    if not search.bright:
        coarse = -coarse
    middle = math.sqrt(search.diameter_min * search.diameter_max) / size
    flat, noise = _normalize(coarse, search.diameter_max / size)
    usable = _usable(coarse, noise, search, size)
    response = np.full_like(flat, -np.inf)
    for each in search.diameters():
        np.maximum(response, _filter(flat, each / size), out=response)
    y, x, height = _peaks(response, usable, search.spacing * middle)
    keep = _select(height, search)
    order = np.flatnonzero(keep)[np.argsort(-height[keep], kind="stable")]
    shift = (factor - 1) / 2
    return Peaks(
        column(x[order] * factor + shift), column(y[order] * factor + shift), column(height[order])
    )


def _binning(image: Image, pixel_size: float, search: BlobSearch) -> int:
    """Whole-number factor that leaves about sixteen pixels across the smallest particle."""
    needed = 2.0 * search.diameter_max / pixel_size
    if min(image.shape) < needed:
        raise ValueError(
            f"cannot pick particles of {search.diameter_max:g} Å in an image of "
            f"{image.shape[0]} x {image.shape[1]} pixels of {pixel_size:g} Å: it must be at "
            "least two diameters wide; check the pixel size and the diameter"
        )
    return max(1, int(search.diameter_min / _PIXELS_PER_DIAMETER / pixel_size))


def _flip_phases(coarse: Float, size: float, ctf: Ctf) -> Float:
    """Give every frequency the sign that protein has at low ones."""
    optics = replace(ctf.optics, pixel_size=size)
    transfer = ctf_2d(coarse.shape, Defocus.of(ctf), optics, half=True)
    spectrum = fft.rfft2(coarse)
    spectrum[transfer > 0] *= -1
    return np.asarray(fft.irfft2(spectrum, s=coarse.shape), dtype=np.float32)


def _normalize(coarse: Float, diameter: float) -> tuple[Float, Float]:
    """The image with its slow background removed, in units of the local white noise."""
    high = coarse - ndimage.gaussian_filter(coarse, _HIGH_PASS, mode="reflect")
    local = ndimage.gaussian_filter(high * high, 2.0 * diameter, mode="reflect")
    noise = np.sqrt(local / _HIGH_PASS_VARIANCE)
    floor = 1e-3 * float(np.median(noise)) or 1.0
    slow = ndimage.gaussian_filter(coarse, 2.0 * diameter, mode="reflect")
    return (coarse - slow) / np.maximum(noise, floor), noise


def _usable(coarse: Float, noise: Float, search: BlobSearch, size: float) -> NDArray[np.bool_]:
    """Where particles may be: away from the rim, and from carbon or crystals."""
    usable = np.ones(coarse.shape, dtype=bool)
    border = search.diameter_min / 2 if search.border is None else search.border
    rim = max(0, round(border / size))
    if rim:
        usable[:rim] = usable[-rim:] = False
        usable[:, :rim] = usable[:, -rim:] = False
    diameter = search.diameter_max / size
    typical = float(np.median(noise)) or 1.0
    blurred = ndimage.gaussian_filter(coarse, 0.5 * diameter, mode="reflect")
    level = _without_plane(blurred) / typical
    spread = 1.4826 * float(np.median(np.abs(level - np.median(level))))
    odd = np.abs(level - np.median(level)) / max(spread, 0.1)
    # A core that no particle could fill, and from there outwards to where it fades.
    labels, count = ndimage.label(odd > 3.0)
    depth = ndimage.distance_transform_edt(odd > 6.0)
    large = np.zeros(count + 1, dtype=bool)
    large[np.unique(labels[depth > 1.5 * diameter])] = True
    large[0] = False
    if large.any():
        distance = ndimage.distance_transform_edt(~large[labels])
        usable &= distance > 0.5 * diameter
    return usable


def _without_plane(image: Float) -> Float:
    """Subtract the plane through most of the pixels (one robust repeat)."""
    y, x = np.indices(image.shape, dtype=np.float32)
    terms = np.stack([np.ones_like(x), x / image.shape[1], y / image.shape[0]], axis=-1)
    sample = terms[::4, ::4].reshape(-1, 3)
    values = image[::4, ::4].ravel()
    keep = np.ones(len(values), dtype=bool)
    for _ in range(2):
        plane = np.linalg.lstsq(sample[keep], values[keep], rcond=None)[0]
        rest = values - sample @ plane
        limit = 3 * 1.4826 * np.median(np.abs(rest - np.median(rest)))
        keep = np.abs(rest - np.median(rest)) <= limit
    flat: Float = (image - terms @ plane).astype(np.float32)
    return flat


def _filter(flat: Float, diameter: float) -> Float:
    """Correlate with a unit-norm disc of `diameter` pixels in a ring of the opposite sign."""
    reach = int(np.ceil(_RING * diameter / 2 + 1))
    axis = np.arange(-reach, reach + 1)
    radius = np.hypot(axis[:, None], axis[None, :])
    disc = np.clip(diameter / 2 - radius + 0.5, 0, 1)
    ring = np.clip(_RING * diameter / 2 - radius + 0.5, 0, 1) - disc
    kernel = disc / disc.sum() - ring / ring.sum()
    kernel /= np.sqrt((kernel * kernel).sum())
    padded = np.pad(flat, reach, mode="reflect")
    shape = tuple(fft.next_fast_len(n, real=True) for n in padded.shape)
    product = fft.rfft2(padded, shape) * fft.rfft2(kernel.astype(np.float32), shape)
    full = fft.irfft2(product, shape)
    # The kernel is symmetric and starts at its corner: the centre lies `reach` further on.
    found: Float = full[
        2 * reach : 2 * reach + flat.shape[0], 2 * reach : 2 * reach + flat.shape[1]
    ]
    return found


def _peaks(
    response: Float, usable: NDArray[np.bool_], spacing: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Positive maxima, the higher first choosing its place, with positions between pixels."""
    local = ndimage.maximum_filter(response, size=3, mode="nearest")
    rows, columns = np.nonzero((response == local) & (response > 0) & usable)
    height = response[rows, columns].astype(np.float64)
    order = np.argsort(-height, kind="stable")
    rows, columns, height = rows[order], columns[order], height[order]
    points = np.stack([rows, columns], axis=1).astype(np.float64)
    if not len(points):
        return points[:, 0], points[:, 1], height
    alive = np.ones(len(points), dtype=bool)
    near = cKDTree(points)
    for place in range(len(points)):
        if alive[place]:
            others = np.asarray(near.query_ball_point(points[place], spacing))
            alive[others[others > place]] = False
    rows, columns, height = rows[alive], columns[alive], height[alive]
    y = rows + _vertex(response, rows, columns, 0)
    x = columns + _vertex(response, rows, columns, 1)
    return y, x, height


def _vertex(
    response: Float, rows: NDArray[np.intp], columns: NDArray[np.intp], axis: int
) -> NDArray[np.float64]:
    """Offset, within half a pixel, of the parabola through each peak along `axis`."""
    step = (1, 0) if axis == 0 else (0, 1)
    last = (response.shape[0] - 1, response.shape[1] - 1)
    before = response[np.maximum(rows - step[0], 0), np.maximum(columns - step[1], 0)]
    after = response[np.minimum(rows + step[0], last[0]), np.minimum(columns + step[1], last[1])]
    curve = before + after - 2.0 * response[rows, columns]
    slope = 0.5 * (before - after)
    offset = np.divide(slope, curve, out=np.zeros(len(rows)), where=curve < -1e-12)
    return np.asarray(np.clip(offset, -0.5, 0.5))


def _select(height: NDArray[np.float64], search: BlobSearch) -> NDArray[np.bool_]:
    """Peaks that are high enough, and not too high."""
    least = search.threshold
    keep = height >= least
    while keep.any():
        raised = search.relative * float(np.median(height[keep]))
        if raised <= least:
            break
        least = raised
        keep = height >= least
    if keep.any():
        keep &= height <= search.outliers * np.median(height[keep])
    return keep


def match_peaks(
    found: tuple[Column, Column], true: tuple[Column, Column], radius: float
) -> Matches:
    """Match found (x, y) with true (x, y) one to one, nearest pairs first, within `radius`."""
    a = np.stack([np.asarray(c, dtype=np.float64) for c in found], axis=1)
    b = np.stack([np.asarray(c, dtype=np.float64) for c in true], axis=1)
    pairs = _nearest_pairs(a, b, radius)
    recall = len(pairs) / len(b) if len(b) else 1.0
    precision = len(pairs) / len(a) if len(a) else 1.0
    return Matches(recall, precision, pairs)


def _nearest_pairs(
    a: NDArray[np.float64], b: NDArray[np.float64], radius: float
) -> NDArray[np.intp]:
    """One-to-one pairs of points within `radius`, the nearest pairs first."""
    if not len(a) or not len(b):
        return np.zeros((0, 2), dtype=np.intp)
    near = cKDTree(a).sparse_distance_matrix(cKDTree(b), radius, output_type="ndarray")
    free_a, free_b = np.ones(len(a), dtype=bool), np.ones(len(b), dtype=bool)
    pairs = []
    for entry in near[np.lexsort((near["j"], near["i"], near["v"]))]:
        if free_a[entry["i"]] and free_b[entry["j"]]:
            free_a[entry["i"]] = free_b[entry["j"]] = False
            pairs.append((entry["i"], entry["j"]))
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def agree_on_peaks(candidates: Sequence[Peaks], radius: float, votes: int) -> Peaks:
    """Keep the particles that at least `votes` of the pickers found.

    Each picker has one vote per particle. Pickers join one by one, in the order given, each
    matched one to one (nearest first) with the particles known so far; a particle lies at the
    mean of its votes, and its score is the fraction of the pickers that saw it.

    Parameters
    ----------
    candidates
        Peaks of each picker, in the same pixels.
    radius
        Greatest distance of the same particle in two pickers, pixels.
    votes
        Least number of pickers, from 1.
    """
    points = np.zeros((0, 2))
    counts = np.zeros(0)
    for peaks in candidates:
        new = np.stack([np.asarray(peaks.x, float), np.asarray(peaks.y, float)], axis=1)
        pairs = _nearest_pairs(points, new, radius)
        known, seen = pairs[:, 0], pairs[:, 1]
        points[known] += (new[seen] - points[known]) / (counts[known, None] + 1)
        counts[known] += 1
        fresh = np.delete(new, seen, axis=0)
        points = np.concatenate([points, fresh])
        counts = np.concatenate([counts, np.ones(len(fresh))])
    keep = np.flatnonzero(counts >= votes)
    keep = keep[np.argsort(-counts[keep], kind="stable")]
    score = counts[keep] / max(len(candidates), 1)
    return Peaks(column(points[keep, 0]), column(points[keep, 1]), column(score))
