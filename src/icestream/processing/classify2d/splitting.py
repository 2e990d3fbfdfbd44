"""Whether the particles of one class are of two kinds: told by particles that took no part."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.processing.classify2d.expectation import ClassMatching
from icestream.processing.classify2d.polar import Complex, Float, to_harmonics

__all__ = ["Halving", "divide", "upright"]

_ITERATIONS = 8
"""Of expectation maximization with two averages and fixed poses."""
_CAUTION = 1.0 / 3.0
"""Part of the difference of the two averages that is tried on others. All of it is mostly the
noise of the few particles that made it, and would lose even where there are two kinds."""
_FOLDS = 4
"""Parts of the particles, each of which is tried in turn."""
_SMALLEST = 0.1
"""Part of the particles that the smaller kind must have."""


@dataclass(frozen=True, slots=True)
class Halving:
    """Two kinds of particles in one class."""

    share: Float
    """``(n, 2)`` probability of each kind, for each particle."""
    gain: float
    """Mean gain of log-likelihood of a particle that was not used to find the kinds."""


def upright(spectra: Complex, angle: Float, shift: Float, matching: ClassMatching) -> Complex:
    """Harmonics ``(n, rings, orders)`` of particles, laid as their class lies.

    Parameters
    ----------
    spectra
        ``(n, rings, angles // 2)``.
    angle, shift
        Pose of each particle: degrees, and ``(n, 2)`` pixels (dy, dx).
    """
    grid = matching.grid
    centered = to_harmonics(spectra * grid.ramps(shift))
    turns = np.exp(1j * np.radians(angle)[:, None] * np.arange(grid.orders))
    return np.asarray(centered * turns[:, None, :], dtype=np.complex64)


def divide(
    harmonics: Complex, transfer: Float, prior: Float, matching: ClassMatching, certain: float = 2.0
) -> Halving | None:
    """Divide the particles of a class into two kinds; None when that explains nothing.

    Parameters
    ----------
    harmonics
        ``(n, rings, orders)`` from `upright`, in random order.
    transfer
        ``(n, rings)`` CTF.
    prior
        ``(rings,)`` Wiener prior of the class.
    matching
        Noise, and the rings to compare.
    certain
        Standard errors by which the gain of likelihood must be above zero.

    Notes
    -----
    Three quarters of the particles are divided by the sign of the first principal component
    of what the class average leaves in them, then by expectation maximization with two
    averages. The other quarter must become more likely when the average is moved a part of the
    way towards the one or the other; so for each quarter. Along a direction that is noise only,
    that loses: ``log cosh x`` is less than ``x² / 2``.
    """
    data = _whitened(harmonics, transfer, prior, matching)
    rows = np.arange(len(harmonics))
    gains = []
    for fold in range(_FOLDS):
        train, test = rows[rows % _FOLDS != fold], rows[rows % _FOLDS == fold]
        found = data.halve(train)
        careful = found.whole + np.float32(_CAUTION) * (found.averages - found.whole)
        two = scipy.special.logsumexp(data.likelihood(test, careful) + found.balance, axis=1)
        gains.append(two - data.likelihood(test, found.whole)[:, 0])
    gain = np.concatenate(gains)
    if gain.mean() < certain * gain.std() / np.sqrt(len(gain)):
        return None
    share = data.halve(rows).share
    if share.sum(axis=0).min() < _SMALLEST * len(rows):
        return None
    return Halving(share, float(gain.mean()))


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Some particles, divided into two kinds."""

    share: Float
    """``(n, 2)`` probability of each kind."""
    whole: Float
    """``(1, d)`` average of all."""
    averages: Float
    """``(2, d)`` of the kinds."""
    balance: Float
    """``(2,)`` logarithm of the part that is of each kind."""


@dataclass(frozen=True, slots=True)
class _Data:
    """Particles as vectors of noise with variance 1, and the CTF at their rings."""

    values: Float
    weights: Float
    prior: Float

    def average(self, rows: NDArray[np.int64], share: Float) -> Float:
        """Wiener averages ``(k, d)`` of particles with shares ``(n, k)``."""
        seen = self.values[rows] * _spread(self.weights[rows], self.values)
        squares = share.T @ np.square(self.weights[rows]) + self.prior
        return np.asarray(share.T @ seen / _spread(squares, self.values), dtype=np.float32)

    def likelihood(self, rows: NDArray[np.int64], averages: Float) -> Float:
        """Log-likelihood ratios ``(n, k)`` against an empty image."""
        seen = self.values[rows] * _spread(self.weights[rows], self.values)
        rings = self.weights.shape[1]
        energy = np.square(averages).reshape(len(averages), rings, -1).sum(axis=2)
        return np.asarray(seen @ averages.T - 0.5 * np.square(self.weights[rows]) @ energy.T)

    def halve(self, rows: NDArray[np.int64]) -> _Kinds:
        """Divide some of the particles."""
        whole = self.average(rows, np.ones((len(rows), 1), np.float32))
        seen = _spread(self.weights[rows], self.values)
        rest = (self.values[rows] - seen * whole) * seen
        component = np.linalg.eigh(rest @ rest.T)[1][:, -1]
        share = np.stack([component > 0, component <= 0], axis=1).astype(np.float32)
        for _ in range(_ITERATIONS):
            averages = self.average(rows, share)
            balance = np.log(np.maximum(share.mean(axis=0), 1e-3))
            total = self.likelihood(rows, averages) + balance
            share = np.exp(total - scipy.special.logsumexp(total, axis=1, keepdims=True)).astype(
                np.float32
            )
        return _Kinds(share, whole, averages, balance)


def _spread(rings: Float, values: Float) -> Float:
    """One value per ring, repeated for every number on that ring."""
    return np.repeat(rings, values.shape[1] // rings.shape[1], axis=1)


def _whitened(harmonics: Complex, transfer: Float, prior: Float, matching: ClassMatching) -> _Data:
    """Real vectors ``(n, d)`` whose inner products are those of the likelihood, with their CTF."""
    rings, orders = matching.rings, matching.grid.orders
    # Harmonics 0 and the last count once, the others for their complex conjugates too.
    twice = np.full(orders, 2.0)
    twice[[0, -1]] = 1.0
    scale = np.sqrt(matching.weight(rings)[:, None] * twice / matching.grid.angles)
    values = (harmonics[:, :rings] * scale).astype(np.complex64)
    vectors = values.view(np.float32).reshape(len(values), -1)
    return _Data(vectors, transfer[:, :rings], prior[:rings])
