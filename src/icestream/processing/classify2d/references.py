"""The maximization step: class references from sufficient statistics that slowly forget."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.classify2d.expectation import Expectation, reference_power
from icestream.processing.classify2d.polar import Complex, Float, PolarGrid

__all__ = [
    "FOLDS",
    "References",
    "Statistics",
    "estimate_references",
    "half_correlation",
    "mean_correlation",
    "shared_power",
    "wiener_prior",
]

FOLDS = 8
"""Parts of the particles. Each is compared with references that it has no part in: else a
particle finds its own noise in its class, and stays there."""
_LEAST_PARTICLES = 0.5
"""Particles below which a class has no reference worth the name."""


@dataclass(slots=True)
class Statistics:
    """Sums over the particles seen lately, for each fold of them."""

    numerator: Complex
    """``(FOLDS, k, rings, orders)`` CTF x particle."""
    denominator: Float
    """``(FOLDS, k, rings)`` CTF²."""
    weight: Float
    """``(k,)`` particles."""

    @classmethod
    def empty(cls, classes: int, grid: PolarGrid) -> "Statistics":
        """No particle yet."""
        return cls(
            np.zeros((FOLDS, classes, grid.rings, grid.orders), dtype=np.complex64),
            np.zeros((FOLDS, classes, grid.rings), dtype=np.float32),
            np.zeros(classes, dtype=np.float32),
        )

    def add(self, new: Expectation, fold: int, keep: float) -> None:
        """Fade what was there to the fraction `keep`, and add a block of particles of one fold."""
        self.numerator *= np.float32(keep)
        self.numerator[fold] += new.numerator
        self.denominator *= np.float32(keep)
        self.denominator[fold] += new.denominator
        self.weight *= np.float32(keep)
        self.weight += new.weight

    def half_averages(self) -> Complex:
        """Averages ``(2, k, rings, orders)`` of the even folds and of the odd ones."""
        numerator = np.stack([self.numerator[half::2].sum(axis=0) for half in (0, 1)])
        denominator = np.stack([self.denominator[half::2].sum(axis=0) for half in (0, 1)])
        return np.asarray(numerator / np.maximum(denominator, 1e-3)[..., None])

    def grow(self, classes: int) -> None:
        """Add empty classes until there are `classes`."""
        more = classes - len(self.weight)
        if more > 0:
            self.numerator = np.pad(self.numerator, ((0, 0), (0, more), (0, 0), (0, 0)))
            self.denominator = np.pad(self.denominator, ((0, 0), (0, more), (0, 0)))
            self.weight = np.pad(self.weight, (0, more))

    def taken(self, classes: list[int]) -> "Statistics":
        """Copies of the sums of some classes."""
        return Statistics(
            self.numerator[:, classes], self.denominator[:, classes], self.weight[classes]
        )

    def drop(self, classes: list[int]) -> None:
        """Leave classes out; the others move up."""
        self.numerator = np.delete(self.numerator, classes, axis=1)
        self.denominator = np.delete(self.denominator, classes, axis=1)
        self.weight = np.delete(self.weight, classes)


@dataclass(frozen=True, slots=True)
class References:
    """What particles are compared with."""

    whole: Complex
    """``(k, rings, orders)`` from all particles."""
    without: Complex
    """``(FOLDS, k, rings, orders)`` from all but those of one fold."""


def estimate_references(
    statistics: Statistics, noise: Float, grid: PolarGrid, masking: Float
) -> References:
    """Wiener estimates of the classes, kept inside a mask (`PolarGrid.masking`).

    The power of the signal on each ring is what the two halves of the particles have in common,
    over all classes; where they have nothing in common the reference is held down.
    """
    numerator, denominator = statistics.numerator.sum(axis=0), statistics.denominator.sum(axis=0)
    sums = np.concatenate([numerator[None], numerator - statistics.numerator])
    squares = np.concatenate([denominator[None], denominator - statistics.denominator])
    squares = np.maximum(squares, 0.0)
    references = sums / (squares + wiener_prior(statistics, noise, grid))[..., None]
    references[:, statistics.weight < _LEAST_PARTICLES] = 0.0
    # Columns of (order, ring): complex numbers as pairs, so that the matrices stay real.
    columns = np.ascontiguousarray(references.transpose(3, 2, 0, 1))
    flat = columns.view(np.float32).reshape(grid.orders, grid.rings, -1)
    masked = np.matmul(masking, flat).view(np.complex64).reshape(columns.shape)
    made = np.ascontiguousarray(masked.transpose(2, 3, 1, 0))
    return References(made[0], made[1:])


def wiener_prior(statistics: Statistics, noise: Float, grid: PolarGrid) -> Float:
    """What is added to the sums of CTF² on each ring, ``(rings,)``: noise over signal power."""
    common = _common_power(statistics, grid)
    strongest = float(common.max(initial=0.0))
    signal = np.maximum(common, 1e-3 * strongest + 1e-12)
    typical = statistics.denominator.sum(axis=0).mean(axis=0)
    return np.asarray(np.minimum(noise / signal, 10.0 * typical + 1e-3) + 1e-6, np.float32)


def _common_power(statistics: Statistics, grid: PolarGrid) -> Float:
    """Power of the signal per sample, ``(rings,)``: mean cross power of the two halves."""
    halves = statistics.half_averages()
    cross = _inner(halves[0], halves[1], grid.angles)
    share = statistics.weight / max(float(statistics.weight.sum()), 1e-9)
    return np.asarray(share @ cross / grid.angles, dtype=np.float32)


def _inner(first: Complex, second: Complex, angles: int) -> Float:
    """Sum over the samples of each ring of the product of two real circles."""
    total = reference_power(first + second, angles) - reference_power(first - second, angles)
    return np.asarray(0.25 * total, dtype=np.float32)


def mean_correlation(statistics: Statistics, grid: PolarGrid) -> Float:
    """Fourier ring correlation ``(rings,)`` of the halves of all classes together."""
    halves = statistics.half_averages()
    share = statistics.weight[:, None]
    cross = (share * _inner(halves[0], halves[1], grid.angles)).sum(axis=0)
    first, second = ((share * reference_power(half, grid.angles)).sum(axis=0) for half in halves)
    return np.asarray(cross / np.sqrt(np.maximum(first * second, 1e-20)), dtype=np.float32)


def half_correlation(statistics: Statistics, grid: PolarGrid, mask: Float) -> NDArray[np.float32]:
    """Fourier ring correlation ``(k, rings)`` of the two halves of each class, inside `mask`."""
    halves = _masked_halves(statistics, grid, mask)
    product = _inner(halves[0], halves[1], grid.angles)
    power = reference_power(halves[0], grid.angles) * reference_power(halves[1], grid.angles)
    return np.asarray(product / np.sqrt(np.maximum(power, 1e-20)), dtype=np.float32)


def shared_power(statistics: Statistics, grid: PolarGrid, mask: Float) -> NDArray[np.float32]:
    """What the halves of each class have in common, inside `mask`: power ``(k, rings)``.

    It is that of a whole ring: the mean over the ring, times its radius.
    """
    halves = _masked_halves(statistics, grid, mask)
    common = np.maximum(_inner(halves[0], halves[1], grid.angles), 0.0)
    return np.asarray(common * np.arange(1, grid.rings + 1), dtype=np.float32)


def _masked_halves(statistics: Statistics, grid: PolarGrid, mask: Float) -> list[Complex]:
    return [
        grid.harmonics(grid.images(grid.circles(half)) * mask)
        for half in statistics.half_averages()
    ]
