"""How much a class looks like a particle, and not like ice, an edge, noise or a pair."""

from dataclasses import dataclass

import numpy as np

from icestream.model import Stack
from icestream.processing.classify2d.averages import class_quality
from icestream.processing.classify2d.online import Classification
from icestream.processing.classify2d.polar import Float
from icestream.processing.classify2d.references import shared_power, wiener_prior

__all__ = ["ClassScores", "class_scores", "detail", "enclosure", "structure"]

_RING = (1.05, 1.35)
"""Surroundings of a particle, in its radii."""
_OUTSIDE = 4.0
"""Around real particles is next to nothing: neighbours lie differently around each."""
_ENOUGH = 0.1
"""Structure beyond a blob that particles have, at the least."""
_FINE = 3.0
"""Details of a particle are finer than its diameter over this."""
_DETAIL = (0.01, 0.02)
"""Part of the power that is in details: drops, edges and mixtures have no more than the first or
little more, particles the second or more."""
_WIDTHS = (0.25, 0.35, 0.5, 0.7, 1.0)
"""Standard deviations of the blobs that an average is compared with, in radii."""


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Four numbers from 0 to 1 for each class ``(k,)``, and what they come to."""

    agreement: Float
    """Mean correlation of the halves of the class: noise has little."""
    enclosure: Float
    """How much of the average lies within the particle's diameter: edges and pairs go on
    outside."""
    structure: Float
    """Part of the average that is not a round blob: drops of ice are one."""
    detail: Float
    """Part of the power that is in details: what is large and smooth has little."""

    @property
    def score(self) -> Float:
        """The product, where some structure and detail is enough: higher looks like a particle."""
        structure = np.minimum(self.structure / np.float32(_ENOUGH), np.float32(1.0))
        detail = np.clip((self.detail - _DETAIL[0]) / (_DETAIL[1] - _DETAIL[0]), 0.0, 1.0)
        score = self.agreement * self.enclosure * structure * detail
        return np.asarray(score, dtype=np.float32)


def class_scores(classification: Classification) -> ClassScores:
    """Judge the classes of a classification; zeros before the first particle."""
    count = len(classification.numbers)
    if classification.references is None:
        zeros = np.zeros(count, np.float32)
        return ClassScores(zeros, zeros, zeros, zeros)
    plan, sums = classification.plan, classification.statistics
    prior = wiener_prior(sums, classification.noise, plan.grid)
    divisor = sums.denominator.sum(axis=0) + prior
    whole = plan.grid.circles(sums.numerator.sum(axis=0) / divisor[:, :, None])
    averages = plan.grid.images(whole)
    radius = 0.5 * plan.diameter / plan.pixel_size
    agreement = class_quality(classification).agreement
    return ClassScores(
        agreement,
        enclosure(averages, radius),
        structure(averages, radius),
        detail(
            shared_power(sums, plan.grid, plan.reference_mask)[:, : plan.finest], radius / plan.box
        ),
    )


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
    scores = np.empty(len(averages), np.float32)
    for index, average in enumerate(averages):
        values = average[inside].astype(np.float64)
        if not values.std() > 0:
            scores[index] = 0.0
            continue
        mass = np.maximum(values - np.percentile(values, 20), 0.0)
        total = max(float(mass.sum()), 1e-12)
        squared = (y - (mass @ y) / total) ** 2 + (x - (mass @ x) / total) ** 2
        explained = [
            np.corrcoef(values, np.exp(-squared / (2.0 * (width * radius) ** 2)))[0, 1] ** 2
            for width in _WIDTHS
        ]
        scores[index] = 1.0 - max(explained)
    return scores


def detail(power: Float, radius: float) -> Float:
    """``(k,)`` part of the power ``(k, rings)`` at frequencies above 3 over the diameter.

    Parameters
    ----------
    power
        Of whole rings, see `shared_power`.
    radius
        Of the particle, as part of the box.
    """
    fine = np.arange(1, power.shape[1] + 1) > 0.5 * _FINE / radius
    part = power[:, fine].sum(axis=1) / np.maximum(power.sum(axis=1), 1e-12)
    return np.asarray(part, dtype=np.float32)


def _distance(box: int) -> Float:
    axis = np.arange(box, dtype=np.float32) - box // 2
    return np.asarray(np.hypot(axis[:, None], axis[None, :]))
