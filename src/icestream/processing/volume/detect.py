"""Symmetry of a volume, from how well it fits itself when it is turned."""

from dataclasses import dataclass

import numpy as np

from icestream.processing.classify2d.polar import Float
from icestream.processing.volume.align import Comparison
from icestream.processing.volume.rotations import (
    Rotations,
    axis_rotations,
    spiral_directions,
    views_along,
)
from icestream.processing.volume.slices import Map
from icestream.processing.volume.symmetry import generators, point_group

__all__ = ["CANDIDATES", "Candidate", "find_symmetries"]

CANDIDATES = (
    *("C2", "C3", "C4", "C5", "C6", "C7", "C8"),
    *("D2", "D3", "D4", "D5", "D6", "D7", "D8", "T", "O", "I"),
)
"""Point groups that are looked for."""

_AXES = 5.0
"""Degrees between the axes that are tried."""
_PEAKS = 6
"""Axes of each order that are looked at closer."""
_SPIN = 4.0
"""Degrees between the positions of a second axis around the first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point group that a volume might have, and where its axes would lie."""

    name: str
    rotation: Rotations
    """``(3, 3)``: turn the volume by it, and its axes lie where the group has them."""
    agreement: float
    """Mean correlation of the volume with itself under the rotations of the group, without the
    identity."""
    background: float
    """The same for axes at random, and its spread above: what no symmetry would reach."""


def find_symmetries(volume: Map, rings: int) -> list[Candidate]:
    """Point groups in the order of their agreement with `volume`, those that stand out alone.

    Parameters
    ----------
    volume
        ``(m, m, m)``, centered.
    rings
        Highest shell compared.

    Notes
    -----
    The correlation of the volume with itself turned by 360/n degrees is computed for axes all
    over half the sphere; from its peaks the generators of each group are laid in turn, and the
    best is improved with all rotations of the group. Groups whose agreement is no better than
    that of the best of as many random axes of the same orders are left out.
    """
    comparison = Comparison(volume, volume, rings)
    axes = spiral_directions(_AXES)
    axes = axes[axes[:, 2] >= 0.0]
    maps = {n: comparison.correlations(axis_rotations(axes, 360.0 / n)) for n in range(2, 9)}
    found = []
    for name in CANDIDATES:
        (fold, _), *_rest = generators(name)
        candidate = _place(name, comparison, axes, maps[fold])
        typical = np.median(maps[fold])
        spread = 1.4826 * np.median(np.abs(maps[fold] - typical))
        background = float(typical + 3.0 * spread)
        if candidate[1] > background:
            found.append(Candidate(name, candidate[0], candidate[1], background))
    return sorted(found, key=lambda candidate: -candidate.agreement)


def _place(
    name: str, comparison: Comparison, axes: Rotations, heights: Float
) -> tuple[Rotations, float]:
    """Where the axes of the group fit best, and how well."""
    (_, main), *others = generators(name)
    elements = point_group(name)[1:]
    upright = views_along(main[None].astype(np.float32))[0]
    spins = np.arange(0.0, 360.0, _SPIN) if others else np.zeros(1)
    turns = np.concatenate([axis_rotations(main, float(spin)) for spin in spins])
    tried = []
    for axis in axes[_peaks(axes, heights)]:
        # Brings the group's main axis onto the volume's, after any spin about itself.
        home = views_along(axis[None])[0].T @ upright @ turns
        for fold, second in others:
            element = axis_rotations(second, 360.0 / fold)[0]
            around = (home @ element @ home.transpose(0, 2, 1)).astype(np.float32)
            scores = comparison.correlations(around)
            home = home[np.argsort(-scores)[:3]]
        tried += list(home)
    scored = [(_agreement(comparison, elements, home), home) for home in tried]
    scored.sort(key=lambda pair: -pair[0])
    best = max((_climb(comparison, elements, *pair) for pair in scored[:2]), key=lambda p: p[0])
    return np.ascontiguousarray(best[1].T), best[0]


def _peaks(axes: Rotations, heights: Float) -> list[int]:
    """Places of the highest axes that are no neighbors."""
    chosen: list[int] = []
    for place in np.argsort(-heights):
        if all(abs(float(axes[place] @ axes[other])) < 0.97 for other in chosen):
            chosen.append(int(place))
        if len(chosen) == _PEAKS:
            break
    return chosen


def _agreement(comparison: Comparison, elements: Rotations, home: Rotations) -> float:
    return float(comparison.correlations(home @ elements @ home.T).mean())


def _climb(
    comparison: Comparison, elements: Rotations, height: float, home: Rotations
) -> tuple[float, Rotations]:
    for step in (3.0, 1.5, 0.75):
        small = np.concatenate([axis_rotations(np.eye(3), s) for s in (step, -step)])
        for _ in range(8):
            tried = small @ home
            scores = [_agreement(comparison, elements, each) for each in tried]
            place = int(np.argmax(scores))
            if scores[place] <= height:
                break
            height, home = scores[place], tried[place]
    return height, home
