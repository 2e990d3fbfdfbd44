"""What class averages teach a picker: how large the particle is, and what it looks like."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from icestream.model import Stack
from icestream.processing.picking.peaks import Float
from icestream.processing.picking.templates import mass_centre

__all__ = ["average_diameter", "choose_classes", "session_diameter"]

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
    inside = average != 0
    if inside.sum() < 16:
        return 0.0
    smooth = ndimage.gaussian_filter(average, 0.7)
    box = average.shape[-1]
    background = float(np.quantile(smooth[inside], 0.25))
    bright = np.where(inside, smooth - background, 0.0).astype(np.float32)
    radius = _START * box
    for _ in range(_REPEATS):
        middle = mass_centre(bright, radius)
        if middle is None:
            return 0.0
        new = _radius(bright, middle)
        if abs(new - radius) < 0.25:
            break
        radius = new
    return 2.0 * new * pixel_size


def _radius(bright: Float, middle: NDArray[np.float64]) -> float:
    """How far the particle around `middle` reaches, pixels."""
    angles = 2 * np.pi * np.arange(_RAYS) / _RAYS
    radii = np.arange(0.0, bright.shape[-1] / 2, _STEP)
    places = [
        middle[0] + radii[None, :] * np.sin(angles)[:, None],
        middle[1] + radii[None, :] * np.cos(angles)[:, None],
    ]
    rays = ndimage.map_coordinates(bright, places, order=1, mode="constant")
    mean = rays.mean(axis=0)
    start = int(mean[: len(radii) // 2].argmax())
    reach = np.array([_end(ray, start, float(mean[start])) for ray in rays])
    both = 0.5 * (reach + np.roll(reach, _RAYS // 2))
    return float(_STEP * np.quantile(both, _LONGEST))


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
