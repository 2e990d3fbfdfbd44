"""Finding the defocus: an exhaustive search over sectors, then refinement on all pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from icestream.processing.ctf.rings import Rings, Score
from icestream.processing.ctf.transfer import Defocus

__all__ = ["SearchRange", "refine", "search"]

Numbers = NDArray[np.float64]

_SECTORS = 12
_STEP = 50.0
"""Å between the defoci that are tried; below a tenth of a cycle at 3 Å."""
_DIRECTIONS = 12
_STARTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRange:
    """Where to look."""

    defocus: tuple[float, float] = (5000.0, 50000.0)
    """Å, of the mean defocus."""
    phase_shift: tuple[float, float] = (0.0, 0.0)
    """Degrees; equal: the phase shift is not fitted."""
    astigmatism: float = 4000.0
    """Largest difference of the two defoci, Å."""

    @property
    def phase_plate(self) -> bool:
        """Whether the phase shift is fitted."""
        return self.phase_shift[1] > self.phase_shift[0]

    def penalty(self, mean: float, along: float, across: float, phase: float) -> float:
        """How far outside the range, in units of a step; 0 inside."""
        low, high = self.defocus
        over = max(low - mean, mean - high, 0.0) / 100.0
        over += max(2.0 * math.hypot(along, across) - self.astigmatism, 0.0) / 100.0
        return over + max(self.phase_shift[0] - phase, phase - self.phase_shift[1], 0.0) / 10.0


def search(rings: Rings, envelope: Numbers, wanted: SearchRange) -> list[Defocus]:
    """The most promising defoci, best first.

    Twelve sectors of the spectrum are each compared with the CTF at every defocus of the range;
    for any astigmatism the score is then a sum of twelve numbers, so mean defocus, astigmatism,
    its direction and the phase shift are all searched without a starting point.
    """
    low, high = wanted.defocus
    margin = 0.5 * wanted.astigmatism
    trial = np.arange(max(low - margin, _STEP), high + margin + _STEP, _STEP)
    means = np.flatnonzero((trial >= low) & (trial <= high))
    if not len(means):
        means = np.array([int(np.argmin(np.abs(trial - 0.5 * (low + high))))])
    angles, sums = _sectors(rings)
    phases = np.array([0.0])
    if wanted.phase_plate:
        span = wanted.phase_shift[1] - wanted.phase_shift[0]
        phases = np.linspace(*wanted.phase_shift, max(2, math.ceil(span / 15.0) + 1))
    elif wanted.phase_shift[0]:
        phases = np.array([wanted.phase_shift[0]])
    found: list[tuple[float, Defocus]] = []
    for phase in phases:
        curves = _sector_scores(rings, envelope, trial, sums, float(phase))
        best, vectors = _best_astigmatism(curves, angles, means, margin)
        for peak in _peaks(best, _STARTS):
            along, across = vectors[peak]
            mean = float(trial[means[peak]])
            found.append((best[peak], Defocus.from_vector(mean, along, across, float(phase))))
    found.sort(key=lambda pair: -pair[0])
    return [defocus for _, defocus in found[: _STARTS * (2 if wanted.phase_plate else 1)]]


def _sectors(rings: Rings) -> tuple[Numbers, Numbers]:
    """Directions of the sectors (radians), and sums of the data ``(sectors, rings)``."""
    theta = 0.5 * np.arctan2(rings.sine, rings.cosine)
    width = math.pi / _SECTORS
    sector = np.minimum(((theta + 0.5 * math.pi) / width).astype(np.int64), _SECTORS - 1)
    count = len(rings.starts) - 1
    ring = np.repeat(np.arange(count), rings.counts)
    rest = rings.values - rings.background[ring]
    sums = np.bincount(sector * count + ring, rest, _SECTORS * count)
    directions = np.asarray((np.arange(_SECTORS) + 0.5) * width - 0.5 * math.pi)
    return directions, np.asarray(sums.reshape(_SECTORS, count), dtype=np.float64)


def _sector_scores(
    rings: Rings, envelope: Numbers, trial: Numbers, sums: Numbers, phase: float
) -> Numbers:
    """Overlap of each sector with the CTF at each defocus, ``(sectors, trials)``."""
    # All pixels of a ring have nearly the same radius; its mean stands for them.
    linear = rings.mean(rings.linear)
    constant = rings.mean(rings.constant) + phase / 180.0
    model = -np.cos(2.0 * np.pi * (trial[:, None] * linear + constant)) * envelope
    counts = rings.counts
    share = (model * counts) @ rings.basis
    norm = np.sqrt(np.maximum((model**2) @ counts - np.sum(share**2, axis=1), 1e-30))
    return np.asarray((model @ sums.T / norm[:, None]).T)


def _best_astigmatism(
    curves: Numbers, angles: Numbers, means: NDArray[np.int64], largest: float
) -> tuple[Numbers, Numbers]:
    """For each mean defocus the best score and the astigmatism vector (Å) that gives it."""
    count = curves.shape[1]
    best = np.full(len(means), -np.inf)
    vectors = np.zeros((len(means), 2))
    for half in np.arange(0.0, largest + 1.0, 2.0 * _STEP):
        for direction in range(_DIRECTIONS if half else 1):
            twice = 2.0 * math.pi * direction / _DIRECTIONS
            shifts = np.rint(half * np.cos(2.0 * angles - twice) / _STEP).astype(np.int64)
            total = np.zeros(len(means))
            for sector, shift in enumerate(shifts):
                total += curves[sector, np.clip(means + shift, 0, count - 1)]
            better = total > best
            best[better] = total[better]
            vectors[better] = half * math.cos(twice), half * math.sin(twice)
    return best, vectors


def _peaks(curve: Numbers, most: int) -> Sequence[int]:
    """Places of the highest maxima of `curve`, at least 500 Å apart, highest first."""
    taken: list[int] = []
    for place in np.argsort(curve)[::-1]:
        if all(abs(place - other) * _STEP >= 500.0 for other in taken):
            taken.append(int(place))
            if len(taken) == most:
                break
    return taken


def refine(score: Score, start: Defocus, wanted: SearchRange, *, width: float = 150.0) -> Defocus:
    """Climb from `start` to the nearest maximum of the score (Nelder-Mead).

    `width` is the size of the first simplex in Å.
    """
    first = np.array([start.mean, *start.vector])
    scale = np.array([width, width, width])
    if wanted.phase_plate:
        first, scale = np.append(first, start.phase_shift), np.append(scale, 10.0)
    fixed = start.phase_shift

    def loss(step: Numbers) -> float:
        values = [float(value) for value in first + step * scale]
        fit = (values[0], values[1], values[2], values[3] if len(values) > 3 else fixed)
        return 0.1 * wanted.penalty(*fit) - score.at(*fit)

    count = len(first)
    simplex = np.vstack([np.zeros(count), np.eye(count)])
    result = scipy.optimize.minimize(
        loss,
        np.zeros(count),
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "xatol": 1.0 / width, "fatol": 1e-7, "maxfev": 250},
    )
    values = [float(value) for value in first + result.x * scale]
    phase = values[3] if len(values) > 3 else fixed
    return Defocus.from_vector(values[0], values[1], values[2], phase)
