"""The expectation step: how well each particle fits each class, turned and moved in every way."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.processing.backend import operations
from icestream.processing.classify2d.polar import Complex, Float, PolarGrid, to_harmonics

__all__ = ["Expectation", "Matching", "expect", "reference_power", "shift_grid"]

_COARSE_RINGS = 10
"""Rings that the search over shifts looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """The references that particles are compared with, and how."""

    grid: PolarGrid
    references: Complex
    """``(k, rings, orders)`` polar harmonics."""
    noise: Float
    """``(rings,)`` variance of the noise on each ring."""
    independence: float
    """Independent samples per sample of a ring's area: the fraction of the box in the mask."""
    rings: int
    """Rings compared, from the innermost: the resolution now."""
    shifts: Float
    """``(s, 2)`` coarse shifts (dy, dx) to try, pixels."""
    shift_spread: float
    """Standard deviation of the prior on shifts, pixels."""

    def weight(self, rings: int) -> Float:
        """``(rings,)`` independent values per sample of a ring, over the noise's variance."""
        area = 2.0 * np.pi * np.arange(1, rings + 1) * self.independence / self.grid.angles
        return np.asarray(area / self.noise[:rings], dtype=np.float32)

    def products(self, harmonics: Complex, references: Complex) -> Float:
        """Inner products ``(n, s, k, angles)`` of images with references turned by each angle.

        `harmonics` are ``(n, s, rings, orders)``, `references` ``(k, rings, orders)``.
        """
        ops = operations(harmonics)
        return np.asarray(ops.score(harmonics, references, self.grid.angles))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Posterior of a block of particles, and their part of the sufficient statistics."""

    numerator: Complex
    """``(2, k, rings, orders)`` sums of CTF x particle, turned into the class's frame, for the
    even and the odd particles of the block."""
    denominator: Float
    """``(2, k, rings)`` sums of CTF²."""
    weight: Float
    """``(k,)`` particles, shared among the classes."""
    best_class: NDArray[np.int32]
    angle: Float
    """``(n,)`` degrees by which the class must be turned, from +x towards +y, to lie as the
    particle does."""
    shift: Float
    """``(n, 2)`` (dy, dx) pixels at which the particle lies from the center."""
    likelihood: Float
    """``(n,)`` posterior probability of the best class."""


def shift_grid(reach: float, step: float) -> Float:
    """Points (dy, dx) of a square grid of `step` pixels within `reach` pixels of the origin."""
    count = int(np.floor(reach / step + 1e-6))
    axis = np.arange(-count, count + 1) * step
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    inside = np.hypot(points[:, 0], points[:, 1]) <= reach + 1e-6
    return np.asarray(points[inside], dtype=np.float32)


def expect(spectra: Complex, transfer: Float, matching: Matching) -> Expectation:
    """Compare a block of particles with all references.

    Parameters
    ----------
    spectra
        ``(n, rings, angles // 2)`` of the particles, from `PolarGrid.spectra`.
    transfer
        ``(n, rings)`` CTF of each particle at the rings, with the sign of the particle's contrast.
    matching
        References and search.

    Notes
    -----
    Shifts are searched on a coarse grid with the innermost rings first, then on a grid of one
    pixel around the best one with all rings; rotations are always searched at all samples of a
    circle, by a product of harmonics and a short inverse transform.
    """
    coarse = _coarse_shift(spectra, transfer, matching)
    around = shift_grid(1.5, 1.0)
    centered = spectra * matching.grid.ramps(coarse)
    moved = centered[:, None] * matching.grid.ramps(around)[None]
    moved *= transfer[:, None, :, None]
    shifts = coarse[:, None, :] + around[None]
    harmonics = to_harmonics(moved)
    score = _scores(harmonics, transfer, matching, matching.rings)
    score -= _shift_penalty(shifts, matching.shift_spread)[:, :, None, None]
    flat = score.reshape(len(score), -1)
    best = flat.argmax(axis=1)
    flat -= flat[np.arange(len(flat)), best][:, None]
    np.exp(flat, out=flat)
    flat /= flat.sum(axis=1, keepdims=True)
    return _collect(score, best, harmonics, transfer, shifts, matching.grid)


def _coarse_shift(spectra: Complex, transfer: Float, matching: Matching) -> Float:
    """``(n, 2)`` best of the coarse shifts, over all classes and rotations."""
    rings = min(_COARSE_RINGS, matching.rings)
    step = 2 if matching.grid.angles % 8 == 0 else 1
    angles = matching.grid.angles // step
    small = PolarGrid(matching.grid.box, rings, angles)
    part = spectra[:, :rings, ::step] * transfer[:, :rings, None]
    moved = part[:, None] * small.ramps(matching.shifts)[None]
    harmonics = to_harmonics(moved)
    reduced = matching.references[:, :rings, : small.orders] / np.float32(step)
    fewer = Matching(
        grid=small,
        references=reduced,
        noise=matching.noise[:rings],
        independence=matching.independence,
        rings=rings,
        shifts=matching.shifts,
        shift_spread=matching.shift_spread,
    )
    score = _scores(harmonics, transfer[:, :rings], fewer, rings).max(axis=(2, 3))
    score -= _shift_penalty(matching.shifts[None], matching.shift_spread)
    return np.asarray(matching.shifts[score.argmax(axis=1)], dtype=np.float32)


def _shift_penalty(shifts: Float, spread: float) -> Float:
    squared = (shifts**2).sum(axis=-1)
    return np.asarray(0.5 * squared / spread**2, dtype=np.float32)


def _scores(harmonics: Complex, transfer: Float, matching: Matching, rings: int) -> Float:
    """Log-likelihood ratios ``(n, s, k, angles)`` against an empty image.

    `harmonics` ``(n, s, rings, orders)`` are those of CTF x particle.
    """
    weight = matching.weight(rings)
    references = matching.references[:, :rings] * weight[None, :, None]
    score = matching.products(harmonics[:, :, :rings], references)
    energy = reference_power(matching.references[:, :rings], matching.grid.angles) * weight
    score -= 0.5 * (np.square(transfer[:, :rings]) @ energy.T)[:, None, :, None]
    return score


def reference_power(harmonics: Complex, angles: int) -> Float:
    """Sum of squares ``(..., rings)`` over the samples of each ring, from its harmonics."""
    squared = np.square(harmonics.real) + np.square(harmonics.imag)
    total = 2.0 * squared.sum(axis=-1) - squared[..., 0] - squared[..., -1]
    return np.asarray(total / angles, dtype=np.float32)


def _collect(
    posterior: Float,
    best: NDArray[np.intp],
    harmonics: Complex,
    transfer: Float,
    shifts: Float,
    grid: PolarGrid,
) -> Expectation:
    """Sufficient statistics and best poses from the posterior ``(n, s, k, angles)``."""
    count, tried, classes, angles = posterior.shape
    shares = posterior.sum(axis=(1, 3))
    turned = fft.rfft(posterior, axis=-1).conj().transpose(3, 2, 0, 1)
    numerator = np.empty((2, classes, grid.rings, grid.orders), dtype=np.complex64)
    denominator = np.empty((2, classes, grid.rings), dtype=np.float32)
    ops = operations(harmonics)
    by_order = harmonics.transpose(3, 0, 1, 2)
    for half in (0, 1):
        left = np.ascontiguousarray(turned[:, :, half::2]).reshape(grid.orders, classes, -1)
        right = np.ascontiguousarray(by_order[:, half::2]).reshape(grid.orders, -1, grid.rings)
        numerator[half] = ops.matmul(left, right).transpose(1, 2, 0)
        denominator[half] = shares[half::2].T @ np.square(transfer[half::2])
    which = np.unravel_index(best, (tried, classes, angles))
    rows = np.arange(count)
    return Expectation(
        numerator=numerator,
        denominator=denominator,
        weight=shares.sum(axis=0),
        best_class=which[1].astype(np.int32),
        angle=(which[2] * np.float32(360.0 / angles)).astype(np.float32),
        shift=shifts[rows, which[0]].astype(np.float32),
        likelihood=np.minimum(shares[rows, which[1]], 1.0),
    )
