"""How well images fit a volume, seen from every direction, turned and moved in every way.

The same polar harmonics as in 2D classification: the references are central slices, a turn in
the plane is a phase, and what the images say is summed for each direction before it goes back
into the volume.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.processing.classify2d.polar import Complex, Float, PolarGrid, to_harmonics

__all__ = ["ImageBlock", "Projections", "VolumeExpectation", "VolumeMatching", "expect", "project"]

_WINDOW = 3
"""Turns looked at on either side of the best one of a direction."""
_NEGLIGIBLE = 1e-4
"""Share of a pose, against the best one, that is not worth a sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBlock:
    """Some images, on the rings that are compared."""

    spectra: Complex
    """``(n, rings, angles // 2)`` as from `PolarGrid.spectra`."""
    transfer: Float
    """``(n, rings)`` CTF, with the sign of the images' contrast."""
    centers: Float
    """``(n, 2)`` (dy, dx) pixels where the particles were found to lie last."""
    weights: Float
    """``(n,)`` with which each image counts in the sums."""
    halves: NDArray[np.int8]
    """``(n,)`` 0 or 1."""

    def __len__(self) -> int:
        return len(self.spectra)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeMatching:
    """How images are compared with projections."""

    grid: PolarGrid
    """Of the rings that are compared."""
    noise: Float
    """``(rings,)`` variance of the noise on each ring."""
    independence: float
    """Independent samples per sample of a ring's area: the fraction of the box in the mask."""
    orders: int
    """Harmonics compared, from 0: those that a particle of this size has."""
    shifts: Float
    """``(s, 2)`` shifts (dy, dx) to try around the last one, pixels; the first is (0, 0)."""
    shift_spread: float
    """Standard deviation of the prior on shifts, pixels."""
    candidates: int
    """Directions for which the shifts are tried: the best ones without."""
    temperature: float = 1.0
    """Log-likelihoods are divided by it before they are compared."""

    @property
    def turns(self) -> int:
        """Turns in the plane that are tried: they hold all harmonics."""
        return int(scipy.fft.next_fast_len(2 * self.orders, real=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Projections:
    """What images are compared with."""

    harmonics: Complex
    """``(d, rings, orders)`` conjugate, over the noise, for a sum of products."""
    energy: Float
    """``(d, rings)`` half the sum of squares over the noise."""
    power: Float
    """``(d, rings)`` mean square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeExpectation:
    """Posterior of a block of images, and their part of the sums."""

    numerator: Complex
    """``(2, d, rings, orders)`` sums of CTF x image, turned upright, for each half and
    direction."""
    denominator: Float
    """``(2, d, rings)`` sums of CTF²."""
    likelihood: Float
    """``(n,)`` log-likelihood ratio against an empty image, averaged over all poses. Of a
    temperature other than 1 it is a free energy."""
    direction: NDArray[np.int32]
    """``(n,)`` place of the best direction."""
    angle: Float
    """``(n,)`` degrees by which the projection must be turned, from +x towards +y, to lie as the
    image does."""
    shift: Float
    """``(n, 2)`` (dy, dx) pixels at which the particle lies from the center."""
    weight: Float
    """``(d,)`` weights of the images, shared among the directions."""


def project(slices: Complex, matching: VolumeMatching) -> Projections:
    """Prepare central slices ``(d, rings, angles // 2)`` for many comparisons."""
    grid, noise = matching.grid, matching.noise[: matching.grid.rings]
    area = 2.0 * np.pi * np.arange(1, grid.rings + 1) * matching.independence / grid.angles
    weight = (area / noise).astype(np.float32)
    harmonics = to_harmonics(slices)[..., : matching.orders]
    squared = np.square(harmonics.real) + np.square(harmonics.imag)
    total = (2.0 * squared.sum(axis=-1) - squared[..., 0]) / grid.angles
    return Projections(
        harmonics=harmonics.conj() * (weight / np.float32(grid.angles))[:, None],
        energy=(0.5 * total * weight).astype(np.float32),
        power=(total / grid.angles).astype(np.float32),
    )


def expect(
    block: ImageBlock, projections: Projections, matching: VolumeMatching
) -> VolumeExpectation:
    """Compare a block of images with all projections.

    Notes
    -----
    First every direction and turn is tried at the place where the particle was found last; then,
    for the best directions, the turns around the best one at every shift. The posterior lives on
    the latter.
    """
    grid, count = matching.grid, len(block)
    centered = block.spectra * grid.ramps(block.centers) * block.transfer[:, :, None]
    moved = centered[:, None] * grid.ramps(matching.shifts)[None]
    harmonics = np.ascontiguousarray(to_harmonics(moved)[..., : matching.orders])
    energy = np.square(block.transfer) @ projections.energy.T
    turned = _best_turns(harmonics[:, 0], projections, matching)
    height = turned.height - energy
    candidates = min(matching.candidates, height.shape[1])
    chosen = np.argpartition(-height, candidates - 1, axis=1)[:, :candidates]
    rows = np.arange(count)[:, None]
    places = block.centers[:, None] + matching.shifts[None]
    penalty = (0.5 * (places**2).sum(axis=-1) / matching.shift_spread**2).astype(np.float32)
    turns = matching.turns
    order = np.arange(matching.orders)
    waves = np.exp(2j * np.pi * np.arange(turns)[:, None] * order / turns).astype(np.complex64)
    waves[:, 1:] *= 2.0
    directions, rings = projections.energy.shape
    compared = _Compared(_Parts.of(harmonics), _Parts.of(projections.harmonics), _Parts.of(waves))
    tried = _Tried(chosen.astype(np.int32), turned.turn[rows, chosen], energy[rows, chosen])
    counted = _Counted(
        penalty, np.square(block.transfer), block.weights, block.halves, matching.temperature
    )
    sums = _Sums(
        np.zeros((2, directions, rings, matching.orders), dtype=np.complex64),
        np.zeros((2, directions, rings), dtype=np.float32),
        np.zeros(directions, dtype=np.float32),
    )
    fits = np.empty((count, 4), dtype=np.float64)
    _fit(compared, tried, counted, sums, fits)
    best = fits[:, 1:4].astype(np.int64)
    tried = np.exp(-penalty.astype(np.float64)).sum(axis=1) * directions * turns
    return VolumeExpectation(
        numerator=sums.numerator,
        denominator=sums.denominator,
        likelihood=(fits[:, 0] - np.log(tried)).astype(np.float32),
        direction=best[:, 0].astype(np.int32),
        angle=(best[:, 1] * (360.0 / turns)).astype(np.float32),
        shift=places[np.arange(count), best[:, 2]].astype(np.float32),
        weight=sums.weight,
    )


@dataclass(frozen=True, slots=True)
class _Turned:
    """Images in the best turn of each direction."""

    height: Float
    """``(n, d)`` score."""
    turn: NDArray[np.int32]
    """``(n, d)`` which of the turns."""


def _best_turns(harmonics: Complex, projections: Projections, matching: VolumeMatching) -> _Turned:
    """Try every direction and turn, without a shift."""
    turns = matching.turns
    # One matrix product per order: (n, rings) by (rings, d).
    left = np.ascontiguousarray(harmonics.transpose(2, 0, 1))
    right = np.ascontiguousarray(projections.harmonics.transpose(2, 1, 0))
    product = np.matmul(left, right)
    spectrum = np.ascontiguousarray(product.transpose(1, 2, 0))
    score = scipy.fft.irfft(spectrum, turns, axis=-1, overwrite_x=True)
    turn = score.argmax(axis=-1)
    height = np.take_along_axis(score, turn[..., None], axis=-1)[..., 0] * np.float32(turns)
    return _Turned(height.astype(np.float32), turn.astype(np.int32))


# What the kernels are given: numba takes named tuples, but no dataclasses.


class _Parts(NamedTuple):
    """Complex numbers as two arrays, for the compiler to take several at once."""

    re: Float
    im: Float

    @classmethod
    def of(cls, values: Complex) -> "_Parts":
        return cls(values.real.copy(), values.imag.copy())


class _Compared(NamedTuple):
    """What is compared with what."""

    images: _Parts
    """``(n, s, rings, orders)`` at each shift."""
    references: _Parts
    """``(d, rings, orders)``."""
    waves: _Parts
    """``(turns, orders)`` phases of each turn."""


class _Tried(NamedTuple):
    """Directions ``(n, c)`` tried for each image, their best turns, and their energies."""

    chosen: NDArray[np.int32]
    turn: NDArray[np.int32]
    energy: Float


class _Counted(NamedTuple):
    """What shares depend on besides the scores, and with what an image counts in the sums."""

    penalty: Float
    """``(n, s)`` of the shifts."""
    squared: Float
    """``(n, rings)`` CTF²."""
    weights: Float
    """``(n,)``."""
    halves: NDArray[np.int8]
    """``(n,)``."""
    temperature: float


class _Sums(NamedTuple):
    """As in `VolumeExpectation`; added to."""

    numerator: Complex
    denominator: Float
    weight: Float


@njit(cache=True, nogil=True, fastmath=True)
def _fit(compared, tried, counted, sums, found):  # type: ignore[no-untyped-def]
    """Posterior over shifts and turns of the chosen directions, and the sums that follow.

    `found` ``(n, 4)`` becomes the log of the sum over all poses, and direction, turn and shift of
    the best one.
    """
    chosen, temperature = tried.chosen, counted.temperature
    shape = (chosen.shape[1], compared.images.re.shape[1], 2 * _WINDOW + 1)
    score = np.empty(shape, dtype=np.float32)
    for n in range(len(chosen)):
        top = _score(n, compared, tried, counted.penalty, score, found)
        total = 0.0
        for c in range(shape[0]):
            for s in range(shape[1]):
                for a in range(shape[2]):
                    share = np.exp((score[c, s, a] - top) / temperature)
                    score[c, s, a] = share
                    total += share
        found[n, 0] = top + temperature * np.log(total)
        scale, half = np.float32(counted.weights[n] / total), counted.halves[n]
        for c in range(shape[0]):
            d = chosen[n, c]
            share = _add(n, compared, score[c], tried.turn[n, c], scale, sums.numerator[half, d])
            sums.weight[d] += share
            for r in range(counted.squared.shape[1]):
                sums.denominator[half, d, r] += share * counted.squared[n, r]


@njit(cache=True, nogil=True, fastmath=True)
def _score(n, compared, tried, penalty, score, found):  # type: ignore[no-untyped-def]
    """Scores of one image for its chosen directions; the best pose goes to `found`."""
    image_re, image_im = compared.images
    reference_re, reference_im = compared.references
    wave_re, wave_im = compared.waves
    chosen, turn, energy = tried
    _, shifts, rings, orders = image_re.shape
    turns = wave_re.shape[0]
    product_re, product_im = np.empty(orders, np.float32), np.empty(orders, np.float32)
    top = -np.inf
    for c in range(chosen.shape[1]):
        d = chosen[n, c]
        for s in range(shifts):
            product_re[:] = 0.0
            product_im[:] = 0.0
            for r in range(rings):
                for m in range(orders):
                    xr, xi = image_re[n, s, r, m], image_im[n, s, r, m]
                    yr, yi = reference_re[d, r, m], reference_im[d, r, m]
                    product_re[m] += xr * yr - xi * yi
                    product_im[m] += xr * yi + xi * yr
            for a in range(score.shape[2]):
                t = (turn[n, c] + a - _WINDOW) % turns
                value = np.float32(0.0)
                for m in range(orders):
                    value += product_re[m] * wave_re[t, m] - product_im[m] * wave_im[t, m]
                value -= energy[n, c] + penalty[n, s]
                score[c, s, a] = value
                if value > top:
                    top = value
                    found[n, 1], found[n, 2], found[n, 3] = d, t, s
    return top


@njit(cache=True, nogil=True, fastmath=True)
def _add(n, compared, shares, turn, scale, numerator):  # type: ignore[no-untyped-def]
    """Add one image to the sum of one direction by its `shares`; returns their total."""
    image_re, image_im = compared.images
    wave_re, wave_im = compared.waves
    _, shifts, rings, orders = image_re.shape
    product_re, product_im = np.empty(orders, np.float32), np.empty(orders, np.float32)
    total = np.float32(0.0)
    for s in range(shifts):
        here = np.float32(0.0)
        product_re[:] = 0.0
        product_im[:] = 0.0
        for a in range(shares.shape[1]):
            if shares[s, a] < _NEGLIGIBLE:
                continue
            share = shares[s, a] * scale
            here += share
            t = (turn + a - _WINDOW) % wave_re.shape[0]
            # The waves of all orders but the first were doubled for the score.
            product_re[0] += share
            for m in range(1, orders):
                product_re[m] += np.float32(0.5) * share * wave_re[t, m]
                product_im[m] += np.float32(0.5) * share * wave_im[t, m]
        if here == 0.0:
            continue
        total += here
        for r in range(rings):
            for m in range(orders):
                xr, xi = image_re[n, s, r, m], image_im[n, s, r, m]
                numerator[r, m] += complex(
                    xr * product_re[m] - xi * product_im[m],
                    xr * product_im[m] + xi * product_re[m],
                )
    return total
