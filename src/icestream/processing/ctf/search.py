"""Finding the defocus: an exhaustive search over sectors, then refinement on all pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
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
    for any astigmatism the score is then a sum of twelve numbers, so mean defocus, astigmatism
    and its direction are all searched without a starting point. The best phase shift of each of
    them follows from two such sums, with rings and with rings a quarter of a turn on: ``a cos p +
    b sin p`` is highest at ``p = atan2(b, a)``.
    """
    low, high = wanted.defocus
    margin = 0.5 * wanted.astigmatism
    trial = np.arange(max(low - margin, _STEP), high + margin + _STEP, _STEP)
    means = np.flatnonzero((trial >= low) & (trial <= high))
    if not len(means):
        means = np.array([int(np.argmin(np.abs(trial - 0.5 * (low + high))))])
    angles, sums = _sectors(rings)
    curves = _sector_scores(rings, envelope, trial, sums)
    twice = np.arange(_DIRECTIONS) * (2.0 * math.pi / _DIRECTIONS)
    lengths = np.arange(2.0 * _STEP, margin + 1.0, 2.0 * _STEP)
    directions = np.column_stack([np.cos(twice), np.sin(twice)])
    tried = np.vstack([np.zeros(2), (lengths[:, None, None] * directions).reshape(-1, 2)])
    across = tried @ np.stack([np.cos(2.0 * angles), np.sin(2.0 * angles)])
    shifts = np.rint(across / _STEP).astype(np.int64)
    turns = (wanted.phase_shift[0] / 180.0, wanted.phase_shift[1] / 180.0)
    best, places, phases = _best_astigmatism(curves, shifts, means, turns)
    return [
        Defocus.from_vector(
            mean=float(trial[means[peak]]),
            along=float(tried[places[peak], 0]),
            across=float(tried[places[peak], 1]),
            phase_shift=180.0 * float(phases[peak]),
        )
        for peak in _peaks(best, _STARTS)
    ]


def _sectors(rings: Rings) -> tuple[Numbers, Numbers]:
    """Directions of the sectors (radians), and sums of the data ``(sectors, rings)``."""
    theta = 0.5 * np.arctan2(rings.sine, rings.cosine)
    width = math.pi / _SECTORS
    sector = np.minimum(((theta + 0.5 * math.pi) / width).astype(np.int64), _SECTORS - 1)
    count = len(rings.starts) - 1
    ring = np.repeat(np.arange(count), rings.counts)
    summed = np.bincount(sector * count + ring, rings.values, _SECTORS * count)
    sums = summed.astype(np.float64).reshape(_SECTORS, count)
    # Each sector without its own background: what is left of one, over the length of a model that
    # is nearly a background itself, would be higher than any ring.
    sums = sums - rings.counts * (sums @ rings.basis @ rings.basis.T)
    directions = np.asarray((np.arange(_SECTORS) + 0.5) * width - 0.5 * math.pi)
    return directions, np.asarray(sums, dtype=np.float64)


def _sector_scores(rings: Rings, envelope: Numbers, trial: Numbers, sums: Numbers) -> Numbers:
    """Overlap of each sector with the CTF at each defocus, ``(sectors, trials, 2)``.

    The second is that of the CTF a quarter of a turn of 2 chi on, a phase shift of 45 degrees.
    """
    # All pixels of a ring have nearly the same radius; its mean stands for them.
    linear, constant = rings.mean(rings.linear), rings.mean(rings.constant)
    counts = rings.counts
    angle = 2.0 * np.pi * (trial[:, None] * linear + constant)
    scores = []
    for wave in (-np.cos(angle), np.sin(angle)):
        model = wave * envelope
        share = (model * counts) @ rings.basis
        norm = np.sqrt(np.maximum((model**2) @ counts - np.sum(share**2, axis=1), 1e-30))
        scores.append((model @ sums.T / norm[:, None]).T)
    return np.ascontiguousarray(np.stack(scores, axis=-1))


@njit(cache=True, nogil=True)  # pragma: no cover
def _best_astigmatism(
    curves: Numbers,
    shifts: NDArray[np.int64],
    means: NDArray[np.int64],
    turns: tuple[float, float],
) -> tuple[Numbers, NDArray[np.int64], Numbers]:
    """For each mean defocus the best score, the astigmatism, and the phase in half turns.

    `shifts` are those of each sector for each astigmatism, in trials; the phase is one of `turns`,
    or between them.
    """
    last = curves.shape[1] - 1
    best, phases = np.full(means.size, -np.inf), np.zeros(means.size)
    places = np.zeros(means.size, dtype=np.int64)
    low, high = turns
    for vector in range(shifts.shape[0]):
        for index in range(means.size):
            along, across = 0.0, 0.0
            for sector in range(shifts.shape[1]):
                at = min(max(means[index] + shifts[vector, sector], 0), last)
                along += curves[sector, at, 0]
                across += curves[sector, at, 1]
            # No phase gives more than this.
            if math.hypot(along, across) <= best[index]:
                continue
            top = low + (math.atan2(across, along) / (2.0 * math.pi) - low) % 1.0
            for phase in (low, high, top):
                turn = 2.0 * math.pi * phase
                score = along * math.cos(turn) + across * math.sin(turn)
                if phase <= high and score > best[index]:
                    best[index], places[index], phases[index] = score, vector, phase
    return best, places, phases


def _peaks(curve: Numbers, most: int) -> Sequence[int]:
    """Places of the highest maxima of `curve`, at least 500 Å apart, highest first."""
    taken: list[int] = []
    for index in np.argsort(curve)[::-1]:
        if all(abs(index - other) * _STEP >= 500.0 for other in taken):
            taken.append(int(index))
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
    import scipy.optimize  # slow to load

    result = scipy.optimize.minimize(
        loss,
        np.zeros(count),
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "xatol": 1.0 / width, "fatol": 1e-7, "maxfev": 250},
    )
    values = [float(value) for value in first + result.x * scale]
    phase = values[3] if len(values) > 3 else fixed
    return Defocus.from_vector(values[0], values[1], values[2], phase)
