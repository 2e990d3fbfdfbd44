"""What class averages teach a picker: how large the particle is, and what it looks like."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import Stack
from icestream.processing.picking.peaks import Float
from icestream.processing.picking.templates import mass_centre

__all__ = [
    "average_diameter",
    "average_width",
    "choose_classes",
    "is_cut",
    "session_diameter",
    "session_is_cut",
    "session_width",
]

_EDGE = 0.15
"""The particle ends where it has fallen to this part of its height over the background."""
_DIP = 0.6
"""Below this part of its height, a particle also ends where a neighbour begins: at a minimum."""
_CROWD = 0.25
"""A class of particles has at least this part of the mean number."""
_SCORE = 0.6
"""And scores at least this part of what the median particle's class does."""
_MOST = 20
"""Classes that become templates: the most crowded ones."""
_RAYS = 72
_STEP = 0.25
"""Pixels between the samples of a ray."""
_START = 0.2
"""Radius within which the particle's mass is looked for at first, in boxes."""
_REPEATS = 5
_LONGEST = 0.95
"""Part of the directions in which the particle reaches no farther than its diameter says."""
_SOFT = 2.0
"""Pixels over which a mask fades."""
_FULL = 0.95
"""Diameter over that of the mask from which a particle may go on beyond it."""
_CUT_RAYS = 3
"""Rays, of 72, that end at the mask where a particle goes on beyond it; a neighbour's dip ends
others before."""
_CUT = 0.3
"""Part of the particles, by class, that go on beyond their mask when it is too small."""
_LARGEST = 0.95
"""Part of the particles, by class, that look no larger than the diameter: few show their full
length, and fewer are in a class of two particles that touch."""


def average_diameter(average: Float, pixel_size: float) -> float:
    """Diameter of the particle in the middle of a class average, Å; 0 when there is none.

    From the centre of mass, rays go out until the average has fallen to 0.15 of its height
    over the background, or to a minimum with a neighbour behind it. Two opposite rays are a
    diameter; the largest of them counts, but for a twentieth of the directions.

    Parameters
    ----------
    average
        ``(box, box)`` bright, zero outside the mask that it was made with.
    pixel_size
        Å.
    """
    outline = _outline(average)
    return 0.0 if outline is None else 2.0 * outline.radius * pixel_size


def average_width(average: Float, pixel_size: float) -> float:
    """Width of the particle in the middle of a class average, Å; 0 when there is none.

    The smallest diameter, but for a twentieth of the directions; see `average_diameter`.
    """
    outline = _outline(average)
    if outline is None:
        return 0.0
    return 2.0 * float(np.quantile(outline.both, 1.0 - _LONGEST)) * pixel_size


def is_cut(average: Float, pixel_size: float, mask: float) -> bool:
    """Whether the particle of a class average goes on beyond the average's mask.

    Parameters
    ----------
    average
        ``(box, box)`` bright.
    pixel_size
        Å.
    mask
        Diameter of the mask that the average was made with, Å.
    """
    outline = _outline(average)
    if outline is None:
        return False
    radius = 0.5 * mask / pixel_size
    if outline.radius < _FULL * radius:
        return False  # it would fit in, were it in the middle
    off = np.hypot(*(outline.ends - average.shape[-1] // 2).T)
    return bool(np.count_nonzero(off >= radius - _SOFT) >= _CUT_RAYS)


@dataclass(frozen=True, slots=True, eq=False)
class _Outline:
    """Where the particle in the middle of a class average ends, in pixels."""

    ends: NDArray[np.float64]
    """``(rays, 2)`` (y, x) of the last point of each ray."""
    both: NDArray[np.float64]
    """``(rays,)`` mean length of a ray and its opposite."""

    @property
    def radius(self) -> float:
        """How far it reaches, but for a twentieth of the directions."""
        return float(np.quantile(self.both, _LONGEST))


def _outline(average: Float) -> _Outline | None:
    """The outline of a particle around its centre of mass; None where nothing is."""
    inside = average != 0
    if inside.sum() < 16:
        return None
    smooth = scipy.ndimage.gaussian_filter(average, 0.7)
    box = average.shape[-1]
    background = float(np.quantile(smooth[inside], 0.25))
    bright = np.where(inside, smooth - background, 0.0).astype(np.float32)
    radius = _START * box
    outline = None
    for _ in range(_REPEATS):
        middle = mass_centre(bright, radius)
        if middle is None:
            return None
        outline = _around(bright, middle)
        if abs(outline.radius - radius) < 0.25:
            break
        radius = outline.radius
    return outline


def _around(bright: Float, middle: NDArray[np.float64]) -> _Outline:
    """The outline of the particle around `middle`."""
    angles = 2 * np.pi * np.arange(_RAYS) / _RAYS
    radii = np.arange(0.0, bright.shape[-1] / 2, _STEP)
    directions = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    places = middle[:, None, None] + directions.T[:, :, None] * radii[None, None, :]
    rays = scipy.ndimage.map_coordinates(bright, places, order=1, mode="constant")
    mean = rays.mean(axis=0)
    start = int(mean[: len(radii) // 2].argmax())
    reach = np.array([_end(ray, start, float(mean[start])) for ray in rays])
    both = 0.5 * (reach + np.roll(reach, _RAYS // 2))
    return _Outline(middle + directions * (_STEP * reach)[:, None], _STEP * both)


def _end(ray: NDArray[np.floating], start: int, top: float) -> int:
    """Step at which a ray leaves the particle."""
    low = ray[start:] < _EDGE * top
    rising = np.diff(ray[start:], append=ray[-1]) > 0
    stop = np.flatnonzero(low | (rising & (ray[start:] < _DIP * top)))
    return start + int(stop[0]) if len(stop) else len(ray)


def session_diameter(averages: Stack, weights: NDArray[np.floating], pixel_size: float) -> float:
    """Diameter of the particle over all views, Å: 95 % of the particles look no larger.

    Parameters
    ----------
    averages
        ``(k, box, box)``, see `average_diameter`.
    weights
        ``(k,)`` particles in each class; 0 leaves it out.
    pixel_size
        Å.
    """
    diameters = np.array([average_diameter(average, pixel_size) for average in averages])
    weight = np.where(diameters > 0, weights, 0.0)
    if weight.sum() <= 0:
        return 0.0
    order = np.argsort(diameters)
    share = np.cumsum(weight[order]) / weight.sum()
    return float(diameters[order][np.searchsorted(share, _LARGEST)])


def session_width(averages: Stack, weights: NDArray[np.floating], pixel_size: float) -> float:
    """Width of the particle as most of them show it, Å: the weighted median; see `average_width`.

    A particle that is as long as wide, or seen along its length, shows no less than its diameter
    there, so this is little below `session_diameter` unless the particle is long.
    """
    widths = np.array([average_width(average, pixel_size) for average in averages])
    weight = np.where(widths > 0, weights, 0.0)
    if weight.sum() <= 0:
        return 0.0
    order = np.argsort(widths)
    share = np.cumsum(weight[order]) / weight.sum()
    return float(widths[order][np.searchsorted(share, 0.5)])


def session_is_cut(
    averages: Stack, weights: NDArray[np.floating], pixel_size: float, mask: float
) -> bool:
    """Whether the mask is too small for the particles: three in ten go on beyond it."""
    cut = np.array([is_cut(average, pixel_size, mask) for average in averages], dtype=bool)
    return bool(np.sum(weights[cut]) > _CUT * np.sum(weights))


def choose_classes(
    counts: NDArray[np.floating],
    score: NDArray[np.floating],
    selected: NDArray[np.floating] | None = None,
) -> NDArray[np.intp]:
    """Places of the classes that look like particles, the most crowded first; 20 at most.

    What was `selected` is taken as it is; without, classes that are crowded enough and score
    well enough, held against the others of the same session.

    Parameters
    ----------
    counts, score
        ``(k,)`` particles in each class, and how much they have in common.
    selected
        ``(k,)`` 1 for classes of particles, 0 for junk; None when nobody has judged.
    """
    order = np.argsort(-counts, kind="stable")
    if not len(counts) or counts.sum() <= 0:
        return np.zeros(0, dtype=np.intp)
    if selected is not None:
        good = (np.asarray(selected) > 0) & (counts > 0)
    else:
        by_score = np.argsort(score)
        middle = np.searchsorted(np.cumsum(counts[by_score]), 0.5 * counts.sum())
        good = (counts >= _CROWD * counts.mean()) & (score >= _SCORE * score[by_score][middle])
    return np.asarray(order[good[order]][:_MOST], dtype=np.intp)
