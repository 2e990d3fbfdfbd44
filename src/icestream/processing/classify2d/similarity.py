"""Which classes show the same view: no more different than the noise in them explains."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.backend import operations
from icestream.processing.classify2d.expectation import ClassMatching, reference_power, shift_grid
from icestream.processing.classify2d.polar import Complex, Float, to_harmonics, to_spectra
from icestream.processing.classify2d.references import Statistics, wiener_prior

__all__ = ["Similarity", "compare", "moved_sums", "twins"]

_REACH = 8.0
"""Pixels by which classes may be off center against each other. A view that looks nearly the same
when it is turned by half a circle makes two classes, each off center the other way."""
_STEP = 2.0
"""Pixels between the shifts that are tried first, on the innermost rings."""
_COARSE_RINGS = 8
_SAME = 1.5
"""Difference, over what noise and the grid of poses explain, up to which two classes show one
view. The averages of one view, divided at random, come to 0.5 to 0.8; those that expectation
maximization made differ more, 1.2 to 1.45: particles were sent to the one whose noise they fit.
Two views come to more only with enough particles: about a hundred each where signal is fair."""
_NEIGHBOURS = 5
"""Classes, nearest on the innermost rings, that each one is laid on more finely."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """How well each class lies on each other one, in their best relative pose."""

    difference: Float
    """``(k, k)`` squared difference of the averages over that which noise alone would give."""
    turn: Float
    """``(k, k)`` degrees: class i lies as class j does when that is turned by ``[i, j]``,"""
    shift: Float
    """``(k, k, 2)`` and then moved by so many pixels (dy, dx)."""


def compare(statistics: Statistics, matching: ClassMatching) -> Similarity:
    """Lay every class on every other one.

    Notes
    -----
    The log-likelihood of a typical particle changes by
    ``D = sum_r w(r) |A - B|² / 2``, ``w`` = mean CTF² / noise variance, when reference ``A`` is
    replaced by ``B``. References of one view that were made from different particles differ by
    their noise: then ``D0 = sum_r w(r) (v_A + v_B) / 2`` with ``v`` the noise that the Wiener
    filter let through. They also differ because poses are tried on a grid, which is all that
    counts when there are many particles: that is added to ``D0``. The result is ``D / D0``. The
    mask of the references takes noise away that ``D0`` counts: one view comes to less than 1.
    """
    grid, references = matching.grid, matching.references
    squares = statistics.denominator.sum(axis=0)
    typical = squares.sum(axis=0) / max(float(statistics.weight.sum()), 1e-9)
    weight = matching.weight(grid.rings) * typical
    weight[matching.rings :] = 0.0
    spectra = to_spectra(grid.circles(references))
    weighted = references * weight[None, :, None]
    laid = _lay_coarsely(spectra, weighted, matching)
    turn, shift = laid.turn, laid.shift
    power = reference_power(references, grid.angles)
    energy = power @ weight
    passed = squares / np.square(squares + wiener_prior(statistics, matching.noise, grid))
    noise = 0.5 * grid.angles * passed @ (weight * matching.noise)
    alone = noise + 0.25 * power @ (weight * _misplaced(matching))
    expected = np.maximum(alone[:, None] + alone[None, :], 1e-9)
    total = 0.5 * (energy[:, None] + energy[None, :])
    inner = weight[:_COARSE_RINGS] @ power[:, :_COARSE_RINGS].T
    near = 0.5 * (inner[:, None] + inner[None, :]) - laid.score
    np.fill_diagonal(near, np.inf)
    nearest = np.argsort(near, axis=1)[:, : min(_NEIGHBOURS, len(references) - 1)]
    pairs = {(max(row, other), min(row, other)) for row, other in _pairs(nearest)}
    best = np.diag(energy)
    for one, other in sorted(pairs):
        near_by = _refine(spectra[one], weighted[other], shift[one, other], 1.0, matching)
        pose = _refine(spectra[one], weighted[other], near_by.shift, 0.5, matching)
        best[one, other] = best[other, one] = pose.score
        turn[one, other], shift[one, other] = pose.turn, pose.shift
        # The other way round: moved back, then turned back.
        back = np.exp(-1j * np.radians(pose.turn)) * complex(-pose.shift[1], -pose.shift[0])
        turn[other, one], shift[other, one] = -pose.turn % 360.0, (back.imag, back.real)
    return Similarity(((total - best) / expected).astype(np.float32), turn, shift)


def _pairs(nearest: NDArray[np.int64]) -> list[tuple[int, int]]:
    return [(row, other) for row, others in enumerate(nearest.tolist()) for other in others]


@dataclass(frozen=True, slots=True)
class _AllLaid:
    """Each class on each other one: their scores, turns and shifts, ``(k, k)`` and so on."""

    score: Float
    turn: Float
    shift: Float


@dataclass(frozen=True, slots=True)
class _Laid:
    """A class on another."""

    score: float
    turn: float
    """Degrees."""
    shift: Float
    """``(2,)`` (dy, dx) pixels."""


def _lay_coarsely(spectra: Complex, weighted: Complex, matching: ClassMatching) -> _AllLaid:
    """How the classes lie best on one another, by the innermost rings."""
    grid, rings, count = matching.grid, min(_COARSE_RINGS, matching.rings), len(spectra)
    shifts = shift_grid(_REACH, _STEP)
    ramps = grid.ramps(shifts)[:, :rings]
    best = np.empty((count, count), np.float32)
    turn = np.empty((count, count), np.float32)
    shift = np.empty((count, count, 2), np.float32)
    for row in range(count):
        harmonics = to_harmonics(spectra[row, :rings] * ramps)[None]
        score = matching.products(harmonics, weighted[:, :rings])[0].transpose(1, 0, 2)
        flat = score.reshape(count, -1)
        peak = flat.argmax(axis=1)
        best[row] = flat[np.arange(count), peak]
        shift[row] = shifts[peak // grid.angles]
        turn[row] = peak % grid.angles * (360.0 / grid.angles)
    return _AllLaid(best, turn, shift)


def _refine(
    spectra: Complex, reference: Complex, shift: Float, step: float, matching: ClassMatching
) -> _Laid:
    """How a class lies best on another, one `step` (pixels) around a shift."""
    grid = matching.grid
    shifts = shift + shift_grid(1.5 * step, step)
    harmonics = to_harmonics(spectra * grid.ramps(shifts))
    product = (harmonics * reference.conj()).sum(axis=1)
    score = 2.0 * operations(product).irfft(product, 2 * grid.angles)
    turn, sample = np.unravel_index(int(score.argmax()), score.shape)
    return _Laid(float(score.max()), float(sample) * 180.0 / grid.angles, shifts[turn])


def _misplaced(matching: ClassMatching) -> NDArray[np.float64]:
    """Mean squared error of the phase on each ring, when the nearest pose of the grid is taken.

    Errors of the shift are spread evenly over half a pixel, those of the angle over half a
    sample; these move what lies at the edge of the mask, half as far on average in the square.
    """
    grid = matching.grid
    radius = grid.box * np.sqrt(matching.independence / np.pi)
    variance = (1.0 + 0.5 * (radius * 2.0 * np.pi / grid.angles) ** 2) / 48.0
    return np.asarray(variance * (2.0 * np.pi / grid.box * np.arange(1, grid.rings + 1)) ** 2)


def twins(similarity: Similarity) -> list[tuple[int, int]]:
    """Pairs of classes (the later, the earlier) that show one view; each class once at most."""
    difference = similarity.difference
    pairs = np.argwhere(np.tril(difference <= _SAME, -1))
    order = np.argsort(difference[pairs[:, 0], pairs[:, 1]], kind="stable")
    chosen: list[tuple[int, int]] = []
    used: set[int] = set()
    for later, earlier in pairs[order].tolist():
        if not used & {later, earlier}:
            chosen.append((later, earlier))
            used |= {later, earlier}
    return chosen


def moved_sums(numerator: Complex, turn: float, shift: Float, matching: ClassMatching) -> Complex:
    """Sums ``(..., rings, orders)`` of a class, laid on a class that it is turned and moved from.

    The reverse of: turned by `turn` degrees, then moved by `shift` (dy, dx) pixels.
    """
    grid = matching.grid
    spectra = to_spectra(grid.circles(numerator)) * grid.ramps(shift[None])[0]
    phases = np.exp(1j * np.radians(turn) * np.arange(grid.orders))
    return np.asarray(to_harmonics(spectra) * phases, dtype=np.complex64)
