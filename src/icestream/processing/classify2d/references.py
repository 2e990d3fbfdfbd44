"""The maximization step: class references from sufficient statistics that slowly forget."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.classify2d.expectation import Expectation, reference_power
from icestream.processing.classify2d.polar import Complex, Float, PolarGrid

__all__ = [
    "Statistics",
    "estimate_references",
    "half_correlation",
    "mean_correlation",
    "wiener_prior",
]

_LEAST_PARTICLES = 0.5
"""Particles below which a class has no reference worth the name."""


@dataclass(slots=True)
class Statistics:
    """Sums over the particles seen lately, for two halves of them."""

    numerator: Complex
    """``(2, k, rings, orders)`` CTF x particle."""
    denominator: Float
    """``(2, k, rings)`` CTF²."""
    weight: Float
    """``(k,)`` particles."""

    @classmethod
    def empty(cls, classes: int, grid: PolarGrid) -> "Statistics":
        """No particle yet."""
        return cls(
            np.zeros((2, classes, grid.rings, grid.orders), dtype=np.complex64),
            np.zeros((2, classes, grid.rings), dtype=np.float32),
            np.zeros(classes, dtype=np.float32),
        )

    def add(self, new: Expectation, keep: float) -> None:
        """Fade what was there to the fraction `keep`, and add a block of particles."""
        self.numerator *= np.float32(keep)
        self.numerator += new.numerator
        self.denominator *= np.float32(keep)
        self.denominator += new.denominator
        self.weight *= np.float32(keep)
        self.weight += new.weight

    def grow(self, classes: int) -> None:
        """Add empty classes until there are `classes`."""
        more = classes - len(self.weight)
        if more > 0:
            self.numerator = np.pad(self.numerator, ((0, 0), (0, more), (0, 0), (0, 0)))
            self.denominator = np.pad(self.denominator, ((0, 0), (0, more), (0, 0)))
            self.weight = np.pad(self.weight, (0, more))

    def drop(self, classes: list[int]) -> None:
        """Leave classes out; the others move up."""
        self.numerator = np.delete(self.numerator, classes, axis=1)
        self.denominator = np.delete(self.denominator, classes, axis=1)
        self.weight = np.delete(self.weight, classes)

    def split(self, source: int, target: int) -> None:
        """Divide class `source`: each of the two gets one half of its particles.

        The halves differ by their noise only, which is enough: the next steps pull them to
        whatever differs most among the particles.
        """
        for sums in (self.numerator, self.denominator):
            first, second = sums[0, source].copy(), sums[1, source].copy()
            sums[:, source] = 0.5 * first
            sums[:, target] = 0.5 * second
        self.weight[source] *= 0.5
        self.weight[target] = self.weight[source]


def estimate_references(
    statistics: Statistics, noise: Float, grid: PolarGrid, mask: Float
) -> Complex:
    """Wiener estimates ``(k, rings, orders)`` of the classes, kept inside `mask`.

    The power of the signal on each ring is what the two halves of the particles have in common,
    over all classes; where they have nothing in common the reference is held down.
    """
    numerator = statistics.numerator.sum(axis=0)
    divisor = statistics.denominator.sum(axis=0) + wiener_prior(statistics, noise, grid)
    references = numerator / divisor[:, :, None]
    references[statistics.weight < _LEAST_PARTICLES] = 0.0
    flat = grid.images(grid.circles(references)) * mask
    return grid.harmonics(flat)


def wiener_prior(statistics: Statistics, noise: Float, grid: PolarGrid) -> Float:
    """What is added to the sums of CTF² on each ring, ``(rings,)``: noise over signal power."""
    common = _common_power(statistics, grid)
    strongest = float(common.max(initial=0.0))
    signal = np.maximum(common, 1e-3 * strongest + 1e-12)
    typical = statistics.denominator.sum(axis=0).mean(axis=0)
    return np.asarray(np.minimum(noise / signal, 10.0 * typical + 1e-3) + 1e-6, np.float32)


def _common_power(statistics: Statistics, grid: PolarGrid) -> Float:
    """Power of the signal per sample, ``(rings,)``: mean cross power of the two halves."""
    enough = np.maximum(statistics.denominator, 1e-3)
    halves = statistics.numerator / enough[..., None]
    cross = _inner(halves[0], halves[1], grid.angles)
    share = statistics.weight / max(float(statistics.weight.sum()), 1e-9)
    return np.asarray(share @ cross / grid.angles, dtype=np.float32)


def _inner(first: Complex, second: Complex, angles: int) -> Float:
    """Sum over the samples of each ring of the product of two real circles."""
    total = reference_power(first + second, angles) - reference_power(first - second, angles)
    return np.asarray(0.25 * total, dtype=np.float32)


def mean_correlation(statistics: Statistics, grid: PolarGrid) -> Float:
    """Fourier ring correlation ``(rings,)`` of the halves of all classes together."""
    enough = np.maximum(statistics.denominator, 1e-3)
    halves = statistics.numerator / enough[..., None]
    share = statistics.weight[:, None]
    cross = (share * _inner(halves[0], halves[1], grid.angles)).sum(axis=0)
    first, second = ((share * reference_power(half, grid.angles)).sum(axis=0) for half in halves)
    return np.asarray(cross / np.sqrt(np.maximum(first * second, 1e-20)), dtype=np.float32)


def half_correlation(statistics: Statistics, grid: PolarGrid, mask: Float) -> NDArray[np.float32]:
    """Fourier ring correlation ``(k, rings)`` of the two halves of each class, inside `mask`."""
    halves = []
    for half in (0, 1):
        scale = np.maximum(statistics.denominator[half], 1e-3)
        images = grid.images(grid.circles(statistics.numerator[half] / scale[..., None]))
        halves.append(grid.harmonics(images * mask))
    product = _inner(halves[0], halves[1], grid.angles)
    power = reference_power(halves[0], grid.angles) * reference_power(halves[1], grid.angles)
    return np.asarray(product / np.sqrt(np.maximum(power, 1e-20)), dtype=np.float32)
