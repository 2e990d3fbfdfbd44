"""The expectation step: how well each particle fits each class, turned and moved in every way."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.backend import operations
from icestream.processing.classify2d.polar import Complex, Float, PolarGrid, to_harmonics

__all__ = ["ClassExpectation", "ClassMatching", "expect", "reference_power", "shift_grid"]

_COARSE_RINGS = 10
"""Rings that the search over all classes and shifts looks at."""
_COARSE_ANGLES = 32
"""Rotations that it tries."""
_FINE_CLASSES = 8
"""Classes, at most, that a particle is compared with on all rings."""
_BRIGHT = 1.5
"""Contrast, that of its class being 1, from which an image is compared by its shape only."""
_FAINTEST = 25.0
"""Energy, in units of the noise, below which a reference fits noise at many times its contrast."""
_BRIGHTEST = 4.0
"""Most contrast that is made up for."""
_LEAST_SHARE = 1e-3
"""Probability of a class below which a particle adds nothing to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMatching:
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
class ClassExpectation:
    """Posterior of a block of particles, and their part of the sufficient statistics."""

    numerator: Complex
    """``(k, rings, orders)`` sums of CTF x particle, turned into the class's frame."""
    denominator: Float
    """``(k, rings)`` sums of CTF²."""
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


def expect(spectra: Complex, transfer: Float, matching: ClassMatching) -> ClassExpectation:
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
    The innermost rings are compared with all classes at all shifts of a coarse grid; then all
    rings with the classes that fitted best, on a grid of one pixel around the best shift.
    Rotations are always searched all around, by a product of harmonics and a short inverse
    transform.
    """
    poses = _coarse_search(spectra, transfer, matching)
    coarse, chosen = poses.shift, poses.chosen
    around = shift_grid(1.5, 1.0)
    centered = spectra * matching.grid.ramps(coarse)
    moved = centered[:, None] * matching.grid.ramps(around)[None]
    moved *= transfer[:, None, :, None]
    shifts = coarse[:, None, :] + around[None]
    harmonics = to_harmonics(moved)
    fine = _fine_scores(harmonics, transfer, matching, chosen)
    score = fine.score
    score -= _shift_penalty(shifts, matching.shift_spread)[:, :, None, None]
    flat = score.reshape(len(score), -1)
    peak = flat.argmax(axis=1)
    flat -= flat[np.arange(len(flat)), peak][:, None]
    np.exp(flat, out=flat)
    flat /= flat.sum(axis=1, keepdims=True)
    rows = np.arange(len(flat))
    shares = score.sum(axis=(1, 3))
    # The class first, whatever the pose; then the best pose in it.
    best = shares.argmax(axis=1)
    mine = score[rows, :, best].reshape(len(score), -1)
    which = np.unravel_index(mine.argmax(axis=1), (score.shape[1], score.shape[3]))
    fitted = _Fitted(harmonics, transfer, chosen, fine.scale)
    sums = _collect(score, fitted, len(matching.references))
    return ClassExpectation(
        numerator=sums.numerator,
        denominator=sums.denominator,
        weight=sums.weight,
        best_class=chosen[rows, best].astype(np.int32),
        angle=(which[1] * np.float32(360.0 / matching.grid.angles)).astype(np.float32),
        shift=shifts[rows, which[0]].astype(np.float32),
        likelihood=np.minimum(shares[rows, best], 1.0),
    )


@dataclass(frozen=True, slots=True)
class _Coarse:
    """What the innermost rings say of a block of particles."""

    shift: Float
    """``(n, 2)`` best of the coarse shifts."""
    chosen: NDArray[np.int64]
    """``(n, c)`` classes that fitted best."""


def _coarse_search(spectra: Complex, transfer: Float, matching: ClassMatching) -> _Coarse:
    rings = min(_COARSE_RINGS, matching.rings)
    step = max(1, matching.grid.angles // _COARSE_ANGLES)
    small = PolarGrid(matching.grid.box, rings, matching.grid.angles // step)
    part = spectra[:, :rings, ::step] * transfer[:, :rings, None]
    moved = part[:, None] * small.ramps(matching.shifts)[None]
    weight = matching.weight(rings) * np.float32(step)
    references = matching.references[:, :rings, : small.orders] / np.float32(step)
    harmonics = to_harmonics(moved)
    score = operations(harmonics).score(harmonics, references * weight[None, :, None], small.angles)
    best = score.max(axis=3)
    energy = reference_power(references, small.angles) * weight
    best = _scaled(best, (np.square(transfer[:, :rings]) @ energy.T)[:, None, :])
    best -= _shift_penalty(matching.shifts, matching.shift_spread)[None, :, None]
    shift = matching.shifts[best.max(axis=2).argmax(axis=1)]
    order = np.argsort(-best.max(axis=1), axis=1)
    return _Coarse(np.asarray(shift, dtype=np.float32), order[:, :_FINE_CLASSES])


def _shift_penalty(shifts: Float, spread: float) -> Float:
    squared = (shifts**2).sum(axis=-1)
    return np.asarray(0.5 * squared / spread**2, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Scores:
    """How well a block of particles fits the chosen classes on all rings."""

    score: Float
    """``(n, s, c, angles)`` log-likelihood ratios against no particle."""
    scale: Float
    """``(n, c)`` contrast of each particle in its best pose in each class."""


def _fine_scores(
    harmonics: Complex, transfer: Float, matching: ClassMatching, chosen: NDArray[np.int64]
) -> _Scores:
    """Compare with the `chosen` classes; `harmonics` are as in `_Fitted`."""
    ops, rings = operations(harmonics), matching.rings
    weight = matching.weight(rings)
    references = (matching.references[:, :rings] * weight[None, :, None]).conj()
    # One small product for each particle and order: (s, rings) by (rings, c).
    left = np.ascontiguousarray(harmonics[:, :, :rings].transpose(0, 3, 1, 2))
    right = np.ascontiguousarray(references.transpose(0, 2, 1))[chosen].transpose(0, 2, 3, 1)
    product = ops.matmul(left, right)
    score = ops.irfft(product.transpose(0, 2, 3, 1), matching.grid.angles)
    energy = reference_power(matching.references[:, :rings], matching.grid.angles) * weight
    expected = np.take_along_axis(np.square(transfer[:, :rings]) @ energy.T, chosen, axis=1)
    expected = expected[:, None, :, None]
    scale = _contrast(score.max(axis=(1, 3), keepdims=True), expected)[:, 0, :, 0]
    return _Scores(_scaled(score, expected), scale)


def _scaled(product: Float, expected: Float) -> Float:
    """Log-likelihood ratios of classes against no particle, with the contrast made up for.

    They are ``s p - s² e / 2`` with the inner product ``p`` of particle and reference, and the
    energy ``e`` of the reference. The contrast ``s`` is 1 where the particle has that of its
    class, or less; else a faint reference would fit noise. Drops of ice and the like have many
    times as much: with ``s`` = 1 the strong ones among them would rule a class, from which the
    others would go to any round class of particles.
    """
    scale = _contrast(product, expected)
    return np.asarray(scale * (product - 0.5 * scale * expected), dtype=np.float32)


def _contrast(product: Float, expected: Float) -> Float:
    scale = product / (np.float32(_BRIGHT) * np.maximum(expected, np.float32(_FAINTEST)))
    return np.asarray(np.clip(scale, 1.0, _BRIGHTEST), dtype=np.float32)


def reference_power(harmonics: Complex, angles: int) -> Float:
    """Sum of squares ``(..., rings)`` over the samples of each ring, from its harmonics."""
    squared = np.square(harmonics.real) + np.square(harmonics.imag)
    total = 2.0 * squared.sum(axis=-1) - squared[..., 0] - squared[..., -1]
    return np.asarray(total / angles, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A block of particles, as they were compared with some classes."""

    harmonics: Complex
    """``(n, s, rings, orders)`` of CTF x particle, at each shift."""
    transfer: Float
    """``(n, rings)`` CTF."""
    chosen: NDArray[np.int64]
    """``(n, c)`` the classes."""
    scale: Float
    """``(n, c)`` contrast in each of them."""


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over a block: ``(k, rings, orders)``, ``(k, rings)`` and ``(k,)``."""

    numerator: Complex
    denominator: Float
    weight: Float


def _collect(posterior: Float, fitted: _Fitted, classes: int) -> _Sums:
    """Sum what a block says of each class, by the `posterior` ``(n, s, c, angles)``.

    Particles with next to no share in a class are left out of its sums; CTF and particle count
    as much as their contrast.
    """
    harmonics, chosen = fitted.harmonics, fitted.chosen
    shares = posterior.sum(axis=(1, 3))
    ops = operations(harmonics)
    orders, rings = harmonics.shape[3], harmonics.shape[2]
    particle, column = np.nonzero(shares > _LEAST_SHARE)
    turned = ops.rfft(posterior[particle, :, column]).conj()
    seen = ops.matmul(
        np.ascontiguousarray(turned.transpose(0, 2, 1))[:, :, None, :],
        np.ascontiguousarray(harmonics.transpose(0, 3, 1, 2))[particle],
    )[:, :, 0]
    numerator = np.zeros((classes, orders, rings), dtype=np.complex64)
    denominator = np.zeros((classes, rings), dtype=np.float32)
    share, group = shares[particle, column], chosen[particle, column]
    squares = np.square(fitted.transfer)
    contrast = fitted.scale[particle, column]
    for pose, k, part, weight, much in zip(particle, group, seen, share, contrast, strict=True):
        numerator[k] += much * part
        denominator[k] += weight * much**2 * squares[pose]
    weights = np.bincount(group, share, minlength=classes).astype(np.float32)
    return _Sums(np.ascontiguousarray(numerator.transpose(0, 2, 1)), denominator, weights)
