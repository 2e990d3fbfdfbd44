"""Symmetry of a volume, from how well it fits itself when it is turned."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
_COARSE = 8
"""Lowest shells with which axes are looked for; they are improved with all."""
_STEPS, _FINE_STEPS = (3.0, 1.5, 0.75), (1.0, 0.5)
"""Degrees by which they are improved, first and last."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point group that a volume might have, and where its axes would lie."""

    name: str
    rotation: Rotations
    """``(3, 3)``: turn the volume by it, and its axes lie where the group has them."""
    agreement: float
    """Correlation of one half of the volume with the other turned, over that with the other as
    it is: 1 where the symmetry is true, whatever the noise. The mean of all rotations of the
    group but the identity."""
    weakest: float
    """The same of the rotation that fits worst."""
    background: float
    """The same of axes at random, their median."""

    @property
    def certainty(self) -> float:
        """How far the rotation that fits worst is from one at random, 0, to a true one, 1."""
        return (self.weakest - self.background) / max(1.0 - self.background, 0.05)


def find_symmetries(
    halves: tuple[Map, Map], shells: NDArray[np.integer], names: Collection[str] = CANDIDATES
) -> list[Candidate]:
    """Point groups in the order of their agreement with a volume, those that stand out alone.

    Parameters
    ----------
    halves
        Two maps ``(m, m, m)`` of the volume, centered, with noise of their own each; or the volume
        twice, where there are none.
    shells
        The shells compared, ascending.
    names
        Point groups to look for.

    Notes
    -----
    The correlation of one half with the other turned by 360/n degrees is computed for axes all
    over half the sphere; from its peaks the generators of each group are laid in turn, and
    improved; where every rotation of the group stands out, with all of them. Shells count for
    their independent samples, their isotropic parts are left out. Groups no better than axes at
    random, and three times their spread, are left out.
    """
    fine = Comparison(*halves, shells)
    coarse = Comparison(*halves, shells[:_COARSE]) if len(shells) > _COARSE else fine
    axes = spiral_directions(_AXES)
    axes = axes[axes[:, 2] >= 0.0]
    folds = {generators(name)[0].fold for name in names}
    maps = {fold: coarse.correlations(axis_rotations(axes, 360.0 / fold)) for fold in folds}
    symmetries = []
    for name in names:
        heights, elements = maps[generators(name)[0].fold], point_group(name)[1:]
        home, used = _place(name, coarse, axes, heights), coarse
        typical = float(np.median(heights))
        chance = typical + 3.0 * 1.4826 * float(np.median(np.abs(heights - typical)))
        if _correlations(coarse, elements, home).min() > chance:
            home, used = _climb(fine, elements, home, _FINE_STEPS), fine
        told = _correlations(used, elements, home) / _itself(used)
        candidate = Candidate(
            name=name,
            rotation=np.ascontiguousarray(home.T),
            agreement=float(told.mean()),
            weakest=float(told.min()),
            background=typical / _itself(coarse),
        )
        if candidate.agreement > chance / _itself(coarse):
            symmetries.append(candidate)
    return sorted(symmetries, key=lambda candidate: -candidate.agreement)


def _place(name: str, comparison: Comparison, axes: Rotations, heights: Float) -> Rotations:
    """Where the axes of the group fit best."""
    main, *others = generators(name)
    elements = point_group(name)[1:]
    makers = np.stack([axis.rotation for axis in (main, *others)])
    upright = views_along(main.direction[None].astype(np.float32))[0]
    spins = np.arange(0.0, 360.0, _SPIN) if others else np.zeros(1)
    turns = np.concatenate([axis_rotations(main.direction, float(spin)) for spin in spins])
    tried = []
    for axis in axes[_peaks(axes, heights)]:
        # Brings the group's main axis onto the volume's, after any spin about itself.
        home = views_along(axis[None])[0].T @ upright @ turns
        for second in others:
            around = (home @ second.rotation @ home.transpose(0, 2, 1)).astype(np.float32)
            scores = comparison.correlations(around)
            home = home[np.argsort(-scores)[:3]]
        tried += list(home)
    tried.sort(key=lambda home: -float(_correlations(comparison, elements, home).mean()))
    climbed = [_climb(comparison, makers, home, _STEPS) for home in tried[:2]]
    return max(climbed, key=lambda home: float(_correlations(comparison, elements, home).mean()))


def _peaks(axes: Rotations, heights: Float) -> list[int]:
    """Places of the highest axes that are no neighbors."""
    chosen: list[int] = []
    for index in np.argsort(-heights):
        if all(abs(float(axes[index] @ axes[other])) < 0.97 for other in chosen):
            chosen.append(int(index))
        if len(chosen) == _PEAKS:
            break
    return chosen


def _correlations(comparison: Comparison, elements: Rotations, home: Rotations) -> Float:
    """Correlation ``(g,)`` of the volume with itself under each rotation of the group."""
    return comparison.correlations(np.asarray(home @ elements @ home.T, dtype=np.float32))


def _itself(comparison: Comparison) -> float:
    """Correlation of the halves as they are."""
    return max(float(comparison.correlations(np.eye(3, dtype=np.float32)[None])[0]), 1e-6)


def _climb(
    comparison: Comparison, elements: Rotations, home: Rotations, steps: tuple[float, ...]
) -> Rotations:
    height = float(_correlations(comparison, elements, home).mean())
    for step in steps:
        small = np.concatenate([axis_rotations(np.eye(3), s) for s in (step, -step)])
        for _ in range(8):
            tried = small @ home
            scores = [float(_correlations(comparison, elements, each).mean()) for each in tried]
            top = int(np.argmax(scores))
            if scores[top] <= height:
                break
            height, home = scores[top], tried[top]
    return home
