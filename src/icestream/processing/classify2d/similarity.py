"""Which classes show the same view: no more different than the noise in them explains."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.classify2d.expectation import Matching, reference_power, shift_grid
from icestream.processing.classify2d.polar import Complex, Float, to_harmonics, to_spectra
from icestream.processing.classify2d.references import Statistics, wiener_prior

__all__ = ["Similarity", "compare", "moved_sums", "twins"]

_REACH = 3.0
"""Pixels by which classes may be off center against each other."""
_SAME = 1.5
"""Difference, over what noise explains, up to which two classes show one view. The averages of
one view, divided at random, come to 1; those that expectation maximization made differ more,
1.2 to 1.45, because particles were sent to the one whose noise they fit."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """How well each class lies on each other one, in their best relative pose."""

    difference: Float
    """``(k, k)`` squared difference of the averages over that which noise alone would give."""
    turn: NDArray[np.int32]
    """``(k, k)`` samples of a circle: class ``[i, j]``: i lies as j does, turned by so much,"""
    shift: Float
    """``(k, k, 2)`` and then moved by so many pixels (dy, dx)."""


def compare(statistics: Statistics, matching: Matching) -> Similarity:
    """Lay every class on every other one.

    Notes
    -----
    The log-likelihood of a typical particle changes by
    ``D = sum_r w(r) |A - B|² / 2``, ``w`` = mean CTF² / noise variance, when reference ``A`` is
    replaced by ``B``. References of one view that were made from different particles differ by
    their noise: then ``D0 = sum_r w(r) (v_A + v_B) / 2`` with ``v`` the noise that the Wiener
    filter let through. The result is ``D / D0``.
    """
    grid, references = matching.grid, matching.references
    squares = statistics.denominator.sum(axis=0)
    typical = squares.sum(axis=0) / max(float(statistics.weight.sum()), 1e-9)
    weight = matching.weight(grid.rings) * typical
    weight[matching.rings :] = 0.0
    shifts = shift_grid(_REACH, 1.0)
    ramps = grid.ramps(shifts)
    spectra = to_spectra(grid.circles(references))
    weighted = references * weight[None, :, None]
    count = len(references)
    best = np.empty((count, count), np.float32)
    turn = np.empty((count, count), np.int32)
    shift = np.empty((count, count, 2), np.float32)
    for row in range(count):
        harmonics = to_harmonics(spectra[row] * ramps)[None]
        score = matching.products(harmonics, weighted)[0].transpose(1, 0, 2)
        flat = score.reshape(count, -1)
        place = flat.argmax(axis=1)
        best[row] = flat[np.arange(count), place]
        shift[row] = shifts[place // grid.angles]
        turn[row] = place % grid.angles
    energy = reference_power(references, grid.angles) @ weight
    found = 0.5 * (energy[:, None] + energy[None, :]) - best
    passed = squares / np.square(squares + wiener_prior(statistics, matching.noise, grid))
    noise = 0.5 * grid.angles * passed @ (weight * matching.noise)
    expected = np.maximum(noise[:, None] + noise[None, :], 1e-9)
    return Similarity((found / expected).astype(np.float32), turn, shift)


def twins(similarity: Similarity) -> list[tuple[int, int]]:
    """Pairs of classes (the later, the earlier) that show one view; each class once at most."""
    difference = similarity.difference
    pairs = np.argwhere(np.tril(difference <= _SAME, -1))
    order = np.argsort(difference[pairs[:, 0], pairs[:, 1]], kind="stable")
    found: list[tuple[int, int]] = []
    used: set[int] = set()
    for later, earlier in pairs[order].tolist():
        if not used & {later, earlier}:
            found.append((later, earlier))
            used |= {later, earlier}
    return found


def moved_sums(numerator: Complex, turn: int, shift: Float, matching: Matching) -> Complex:
    """Sums ``(..., rings, orders)`` of a class, laid on a class that it is turned and moved from.

    The reverse of: turned by `turn` samples, then moved by `shift` (dy, dx) pixels.
    """
    grid = matching.grid
    spectra = to_spectra(grid.circles(numerator)) * grid.ramps(shift[None])[0]
    phases = np.exp(2j * np.pi * turn * np.arange(grid.orders) / grid.angles)
    return np.asarray(to_harmonics(spectra) * phases, dtype=np.complex64)
