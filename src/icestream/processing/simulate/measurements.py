"""What would be measured in a session, without its images: streams of qualities, and faults.

Everything a session legitimately does is there: cycles of the defocus, squares, holes and exposure
groups that differ, slow drifts, bad exposures in runs, estimates that are missing, and pauses.
A fault is planted from one exposure on; the rest stays as it would have been, number by number.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from icestream.model import MeasuredExposure

__all__ = ["FAULTS", "Fault", "FaultKind", "simulate_measurements"]

FaultKind = Literal[
    "astigmatism", "square motion", "ice", "dose", "gain", "defocus", "coherence", "slow"
]
FAULTS: tuple[FaultKind, ...] = (
    "astigmatism",
    "square motion",
    "ice",
    "dose",
    "gain",
    "defocus",
    "coherence",
    "slow",
)

_START = 1_700_000_000.0
_INTERVAL = 12.0
"""Seconds between two exposures of one visit of the stage."""
_LAMBDA = 3000.0
"""Å of ice after which 1/e of the electrons still count, behind an energy filter."""
_BATCH = 20
"""Movies after which the residual of the gain is told anew."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong, from which exposure on, and how much."""

    kind: FaultKind
    first: int
    """Index of the first exposure that has it; that of a square begins with the next square."""
    size: float
    """Astigmatism and defocus: Å. Dose: the part that is lost. Gain: the residual. Ice: how much
    thicker, as a part of what it was, in `over` exposures. The others: a factor."""
    over: int = 0
    """Exposures in which ice grows by `size`; it goes on to grow."""


@dataclass(slots=True)
class _Session:
    """Columns of a session, one value for each exposure."""

    rng: np.random.Generator
    number: int
    square: NDArray[np.int64] = field(init=False)
    hole: NDArray[np.int64] = field(init=False)
    group: NDArray[np.int64] = field(init=False)
    taken: Floats = field(init=False)
    asked: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Lay out squares, visits of the stage with nine holes each, and times."""
        rng, n = self.rng, self.number
        sizes = np.clip(rng.lognormal(math.log(40.0), 0.4, n // 8 + 2), 9, 120).astype(int)
        self.square = np.repeat(np.arange(len(sizes)), sizes)[:n]
        first = np.flatnonzero(np.diff(self.square, prepend=-1))
        within = np.arange(n) - first[self.square]
        self.hole = np.cumsum((within % 3 == 0).astype(int))
        self.group = within % 9 + 1
        gaps: Floats = _INTERVAL * rng.lognormal(0.0, 0.06, n)
        gaps = gaps + np.where(within % 9 == 0, rng.uniform(20.0, 40.0, n), 0.0)
        gaps = gaps + np.where(within == 0, rng.uniform(120.0, 400.0, n), 0.0)
        gaps[rng.integers(0, n, max(1, n // 800))] += float(rng.uniform(2400.0, 9000.0))
        self.taken = np.asarray(_START + np.cumsum(gaps), dtype=np.float64)
        self.asked = np.asarray(8000.0 + 2000.0 * ((np.arange(n) // 9) % 8), dtype=np.float64)

    def by_square(self, spread: float) -> Floats:
        """One normal value for each square."""
        values: Floats = self.rng.normal(0.0, spread, int(self.square[-1]) + 1)[self.square]
        return values

    def by_hole(self, spread: float) -> Floats:
        """One normal value for each hole."""
        values: Floats = self.rng.normal(0.0, spread, int(self.hole[-1]) + 1)[self.hole]
        return values

    def by_group(self, spread: float) -> Floats:
        """One normal value for each exposure group."""
        values: Floats = self.rng.normal(0.0, spread, 10)[self.group]
        return values

    def noise(self, spread: float) -> Floats:
        """Of heavy tails: Student's t with four degrees of freedom."""
        return spread * self.rng.standard_t(4.0, self.number)

    def walk(self, spread: float) -> Floats:
        """A drift: the sum of small steps."""
        return np.cumsum(self.rng.normal(0.0, spread, self.number))


def simulate_measurements(
    seed: int, number: int = 2000, faults: Iterable[Fault] = ()
) -> list[MeasuredExposure]:
    """A session of `number` exposures, in the order in which they were taken.

    Parameters
    ----------
    seed
        Decides everything but the faults.
    number
        Exposures.
    faults
        Planted into it; they do not change the random numbers of the rest.
    """
    session = _Session(np.random.default_rng(seed), number)
    planted = tuple(faults)
    columns = _columns(session, planted)
    taken = session.taken + _lost_time(session, planted)
    shots = []
    for i in range(number):
        values = {name: float(column[i]) for name, column in columns.items()}
        shots.append(
            MeasuredExposure(
                exposure=f"exposure_{i + 1:05d}",
                taken=float(taken[i]),
                grid_square=f"square {session.square[i] + 1}",
                foil_hole=f"hole {session.hole[i]}",
                group=int(session.group[i]),
                nominal_defocus=float(session.asked[i]),
                since_last=float(taken[i] - taken[i - 1]) if i else None,
                qualities={name: value for name, value in values.items() if math.isfinite(value)},
            )
        )
    return shots


def _columns(session: _Session, faults: tuple[Fault, ...]) -> dict[str, Floats]:
    """Every quality of every exposure, NaN where it is missing."""
    rng, n = session.rng, session.number
    relative = session.by_square(0.15) + session.by_hole(0.06) + session.noise(0.02)
    thinner = 320.0 * np.exp(relative)
    thickness = thinner * (1.0 + _growth(n, faults))
    beam = np.cumsum(np.full(n, -rng.uniform(0.0, 1.5e-5))) + session.noise(0.004)
    motion = math.log(8.0) + session.by_square(0.15) + session.by_hole(0.12) + session.noise(0.18)
    motion += np.where(np.diff(session.hole, prepend=0) > 0, 0.15, 0.0)
    early = motion + math.log(0.3) + session.noise(0.10)
    offset = session.by_square(500.0) + session.by_hole(150.0) + session.noise(150.0)
    offset += session.walk(8.0)
    vector = _astigmatism(session)
    extra = np.log(thickness / 320.0)
    resolution = math.log(4.0) + session.by_square(0.05) + session.by_hole(0.03)
    resolution += session.noise(0.05) + 0.35 * extra + 0.15 * (session.asked - 15000.0) / 1e4
    score = 0.30 + session.by_square(0.015) + session.noise(0.02) - 0.08 * extra
    ring = 0.05 + 0.15 * thickness / 320.0 * np.exp(session.noise(0.10))
    picks = math.log(250.0) + session.by_square(0.20) + session.by_hole(0.1) + session.noise(0.10)
    correlation = 0.40 + session.by_square(0.03) + session.noise(0.03) - 0.12 * extra
    dose = math.log(0.9) + beam - thickness / _LAMBDA
    stripes = 1.05 * np.exp(session.noise(0.05))
    residual = np.repeat(0.006 * np.exp(rng.normal(0.0, 0.08, n // _BATCH + 1)), _BATCH)[:n]
    for fault in faults:
        since = np.arange(n) >= fault.first
        if fault.kind == "astigmatism":
            turn = 2.0 * math.pi * (fault.first * 0.618 % 1.0)
            vector += np.outer(since * fault.size, [math.cos(turn), math.sin(turn)])
        elif fault.kind == "square motion":
            there = session.square == session.square[fault.first] + 1
            # The factor is that to the usual motion, not to what this square would have had.
            rise = there * (math.log(8.0 * fault.size) - np.mean(motion[there]))
            motion, early = motion + rise, early + rise
            resolution += there * 0.1 * math.log(fault.size)
        elif fault.kind == "dose":
            dose += since * math.log(1.0 - fault.size)
            correlation -= since * 0.05 * fault.size
        elif fault.kind == "gain":
            residual = np.where(since, fault.size, residual)
            stripes *= np.where(since, 1.0 + 8.0 * fault.size, 1.0)
        elif fault.kind == "defocus":
            offset += since * fault.size
        elif fault.kind == "coherence":
            resolution += since * math.log(fault.size)
            score -= since * 0.12 * math.log(fault.size)
    bad = _bad(rng, n)
    defocus = session.asked + offset
    measured: dict[str, Floats] = {
        "motion.total": np.exp(motion),
        "motion.early": np.exp(early),
        "sum.correlation": correlation,
        "ctf.defocus": defocus,
        "ctf.astigmatism": np.hypot(*vector.T),
        "ctf.angle": 0.5 * np.degrees(np.arctan2(vector[:, 1], vector[:, 0])),
        "ctf.resolution": np.exp(resolution),
        "ctf.score": score,
        "ctf.ice_ring": ring,
        "ctf.thickness": np.where(
            rng.random(n) < 0.3, thickness * np.exp(session.noise(0.05)), np.nan
        ),
        "dose.counted": np.exp(dose),
        "micrograph.score": np.clip(0.8 + session.noise(0.04), 0.0, 1.0),
        "micrograph.stripes": stripes,
        "picks.count": np.asarray(np.round(np.exp(picks - 0.2 * extra)), dtype=np.float64),
    }
    _spoil(rng, measured, bad)
    for start in ("ctf.", "picks.", "motion.", "micrograph."):
        missing = rng.random(n) < 0.03
        for name, values in measured.items():
            if name.startswith(start):
                measured[name] = np.where(missing, np.nan, values)
    last = np.arange(n) % _BATCH == _BATCH - 1
    measured["gain.residual"] = np.where(last, residual, np.nan)
    return measured


def _astigmatism(session: _Session) -> Floats:
    """``(n, 2)``: cosine and sine parts at twice the angle, Å."""
    parts = []
    for base in (180.0, 120.0):
        level = base + session.by_group(50.0) + session.walk(2.0)
        parts.append(level + session.noise(30.0))
    return np.stack(parts, axis=1)


def _growth(n: int, faults: tuple[Fault, ...]) -> Floats:
    """By what part the ice is thicker than it was."""
    grown = np.zeros(n)
    for fault in faults:
        if fault.kind == "ice":
            since = np.maximum(0.0, np.arange(n) - fault.first + 1.0)
            grown += fault.size * since / fault.over
    return grown


def _lost_time(session: _Session, faults: tuple[Fault, ...]) -> Floats:
    """Seconds by which a slow acquisition is late."""
    late = np.zeros(session.number)
    gaps = np.diff(session.taken, prepend=session.taken[0])
    for fault in faults:
        if fault.kind == "slow":
            since = np.arange(session.number) >= fault.first
            late += np.cumsum(np.where(since, gaps * (fault.size - 1.0), 0.0))
    return late


def _bad(rng: np.random.Generator, n: int) -> NDArray[np.bool_]:
    """Exposures of carbon, cracks and drops: a few in a hundred, up to three in a row."""
    bad = np.zeros(n, dtype=bool)
    for first in np.flatnonzero(rng.random(n) < 0.02):
        bad[first : first + int(rng.integers(1, 4))] = True
    return bad


def _spoil(rng: np.random.Generator, measured: dict[str, Any], bad: NDArray[np.bool_]) -> None:
    """Bad exposures have values that mean little, or none."""
    n = int(bad.sum())
    measured["ctf.resolution"][bad] *= rng.uniform(1.3, 4.0, n)
    measured["ctf.score"][bad] *= rng.uniform(0.2, 0.8, n)
    measured["ctf.defocus"][bad] += rng.normal(0.0, 4000.0, n)
    measured["ctf.astigmatism"][bad] = rng.uniform(50.0, 2500.0, n)
    measured["ctf.angle"][bad] = rng.uniform(-90.0, 90.0, n)
    measured["ctf.ice_ring"][bad] += rng.exponential(0.3, n)
    measured["ctf.thickness"][bad] = np.nan
    measured["motion.total"][bad] *= rng.lognormal(0.4, 0.5, n)
    measured["motion.early"][bad] *= rng.lognormal(0.4, 0.5, n)
    measured["sum.correlation"][bad] *= rng.uniform(0.3, 1.5, n)
    measured["dose.counted"][bad] *= rng.uniform(0.3, 1.0, n)
    seen = rng.random(n) < 0.85
    judged = np.where(seen, rng.uniform(0.0, 0.5, n), rng.uniform(0.5, 0.9, n))
    measured["micrograph.score"][bad] = judged
    measured["picks.count"][bad] = np.where(rng.random(n) < 0.5, 0.0, rng.integers(0, 100, n))
