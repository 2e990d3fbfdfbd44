"""How much a class looks like a particle, and not like ice, an edge, noise or a pair."""

from dataclasses import dataclass

import numpy as np

from icestream.model import Stack
from icestream.processing.classify2d.averages import class_quality
from icestream.processing.classify2d.online import Classification
from icestream.processing.classify2d.polar import Float
from icestream.processing.classify2d.references import wiener_prior

__all__ = ["ClassScores", "class_scores", "enclosure", "structure"]

_RING = (1.05, 1.35)
"""Surroundings of a particle, in its radii."""
_OUTSIDE = 4.0
"""Around real particles is next to nothing: neighbours lie differently around each."""
_ENOUGH = 0.1
"""Structure beyond a blob that particles have, at the least."""
_WIDTHS = (0.25, 0.35, 0.5, 0.7, 1.0)
"""Standard deviations of the blobs that an average is compared with, in radii."""


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Three numbers from 0 to 1 for each class ``(k,)``, and what they come to."""

    agreement: Float
    """Mean correlation of the halves of the class: noise has little."""
    enclosure: Float
    """How much of the average lies within the particle's diameter: edges and pairs go on
    outside."""
    structure: Float
    """Part of the average that is not a round blob: drops of ice are one."""

    @property
    def score(self) -> Float:
        """The product, where a tenth of structure is enough: higher looks like a particle."""
        enough = np.minimum(self.structure / np.float32(_ENOUGH), np.float32(1.0))
        return np.asarray(self.agreement * self.enclosure * enough, dtype=np.float32)


def class_scores(classification: Classification) -> ClassScores:
    """Judge the classes of a classification; zeros before the first particle."""
    count = len(classification.numbers)
    if classification.references is None:
        zeros = np.zeros(count, np.float32)
        return ClassScores(zeros, zeros, zeros)
    plan, sums = classification.plan, classification.statistics
    prior = wiener_prior(sums, classification.noise, plan.grid)
    divisor = sums.denominator.sum(axis=0) + prior
    whole = plan.grid.circles(sums.numerator.sum(axis=0) / divisor[:, :, None])
    averages = plan.grid.images(whole)
    radius = 0.5 * plan.diameter / plan.pixel_size
    agreement = class_quality(classification)[1]
    return ClassScores(agreement, enclosure(averages, radius), structure(averages, radius))


def enclosure(averages: Stack, radius: float) -> Float:
    """``(k,)`` 1 when nothing is around the particle, 0 when a quarter as much as in it.

    Parameters
    ----------
    averages
        ``(k, box, box)``, not masked within 1.35 radii.
    radius
        Of the particle, pixels. What is compared is the mean squared difference to the mean of
        the surroundings, in a ring of 1.05 to 1.35 radii (less where the box ends) and inside.
    """
    distance = _distance(averages.shape[-1])
    outer = min(_RING[1] * radius, averages.shape[-1] / 2 - 1)
    around = (distance >= min(_RING[0] * radius, outer - 1.5)) & (distance <= outer)
    level = averages[:, around].mean(axis=1)[:, None]
    outside = np.square(averages[:, around] - level).mean(axis=1)
    inside = np.square(averages[:, distance < radius] - level).mean(axis=1)
    part = outside / np.maximum(inside, 1e-12)
    return np.asarray(np.clip(1.0 - _OUTSIDE * part, 0.0, 1.0), dtype=np.float32)


def structure(averages: Stack, radius: float) -> Float:
    """``(k,)`` part of the variance within `radius` pixels that no round blob explains."""
    box = averages.shape[-1]
    inside = _distance(box) < radius
    y, x = (axis[inside] for axis in np.mgrid[:box, :box] - box // 2)
    found = np.empty(len(averages), np.float32)
    for place, average in enumerate(averages):
        values = average[inside].astype(np.float64)
        mass = np.maximum(values - np.percentile(values, 20), 0.0)
        total = max(float(mass.sum()), 1e-12)
        squared = (y - (mass @ y) / total) ** 2 + (x - (mass @ x) / total) ** 2
        explained = [
            np.corrcoef(values, np.exp(-squared / (2.0 * (width * radius) ** 2)))[0, 1] ** 2
            for width in _WIDTHS
        ]
        found[place] = 1.0 - max(explained) if values.std() > 0 else 0.0
    return found


def _distance(box: int) -> Float:
    axis = np.arange(box, dtype=np.float32) - box // 2
    return np.asarray(np.hypot(axis[:, None], axis[None, :]))
