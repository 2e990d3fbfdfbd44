"""What people see of a classification: averages, counts and resolution."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.model import Stack
from icestream.processing.classify2d.online import Classification
from icestream.processing.classify2d.polar import Float
from icestream.processing.classify2d.references import half_correlation

__all__ = [
    "ClassQuality",
    "class_averages",
    "class_counts",
    "class_quality",
    "resolution_of_halves",
]


def class_averages(classification: Classification) -> Stack:
    """Averages ``(k, box, box)``, CTF corrected, bright on dark, zero outside the particle."""
    if classification.references is None:
        box = classification.plan.box
        return np.zeros((len(classification.statistics.weight), box, box), dtype=np.float32)
    grid = classification.plan.grid
    return grid.images(grid.circles(classification.references))


def class_counts(classification: Classification) -> NDArray[np.int64]:
    """Particles ``(k,)`` that were assigned to each class when they were last looked at."""
    group = classification.group
    counts = np.bincount(group, minlength=len(classification.statistics.weight))
    return np.asarray(counts, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class ClassQuality:
    """What the particles of each class have in common."""

    resolution: Float
    """``(k,)`` Å at which the correlation of the class's halves falls below 0.5; 0 where it cannot
    be told, see `resolution_of_halves`, or where there is no particle."""
    agreement: Float
    """``(k,)`` mean correlation over all rings up to the finest detail that is compared, 0 to 1:
    how much structure the particles of the class have in common."""


def class_quality(classification: Classification) -> ClassQuality:
    """Resolution and agreement of each class.

    Notes
    -----
    Both halves were aligned to the same reference, so that the numbers flatter a little: they
    rank classes, they do not certify them.
    """
    plan = classification.plan
    correlation = half_correlation(classification.statistics, plan.grid, plan.reference_mask)
    correlation = correlation[:, : plan.finest]
    correlation[classification.statistics.weight < 1] = 0.0
    resolution = resolution_of_halves(correlation, plan.box * plan.pixel_size, plan.diameter)
    agreement = np.clip(correlation, 0.0, 1.0).mean(axis=1)
    return ClassQuality(resolution, agreement.astype(np.float32))


def resolution_of_halves(correlation: Float, extent: float, diameter: float) -> Float:
    """Finest detail ``(k,)`` that the halves of each class have in common, Å; 0 where unknown.

    Parameters
    ----------
    correlation
        Of the halves on each ring ``(k, rings)``, the innermost first.
    extent
        Side of the box, Å: the first ring is of waves as long as that.
    diameter
        Of the particle, Å. Halves that agree on nothing finer than half of it, such as on the first
        ring alone, show that something of that size is there, as the transform of any ball does
        down to 0.7 diameters, and no detail of it: this is not a resolution.
    """
    below = correlation < 0.5
    rings = np.where(below.any(axis=1), below.argmax(axis=1), correlation.shape[1])
    finest = extent / np.maximum(rings, 1)
    shows = (rings > 1) & (finest < 0.5 * diameter)
    return np.where(shows, finest, 0.0).astype(np.float32)
