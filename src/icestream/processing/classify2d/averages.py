"""What people see of a classification: averages, counts and resolution."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.model import Stack
from icestream.processing.classify2d.online import Classification
from icestream.processing.classify2d.polar import Float
from icestream.processing.classify2d.references import half_correlation

__all__ = ["ClassQuality", "class_averages", "class_counts", "class_quality"]


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
    """``(k,)`` Å at which the correlation of the class's halves falls below 0.5; 0 where it is
    below already on the first ring, or where there is no particle."""
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
    below = correlation < 0.5
    rings = np.where(below.any(axis=1), below.argmax(axis=1), plan.finest)
    extent = plan.box * plan.pixel_size
    resolution = np.where(rings > 0, extent / np.maximum(rings, 1), 0.0)
    agreement = np.clip(correlation, 0.0, 1.0).mean(axis=1)
    return ClassQuality(resolution.astype(np.float32), agreement.astype(np.float32))
