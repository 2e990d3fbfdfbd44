"""Particles that several pickers agree on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import rank_scores
from icestream.processing.picking.peaks import Peaks

__all__ = ["SAME", "Votes", "agree_on_peaks"]

SAME = 0.3
"""Greatest distance of the same particle in two pickers, over its diameter, unless it is set."""


class Votes(NamedTuple):
    """What pickers found, particle by particle."""

    x: NDArray[np.float64]
    """``(n,)`` mean of the votes, pixels."""
    y: NDArray[np.float64]
    scores: NDArray[np.float64]
    """``(n, pickers)`` that each gave; NaN where it did not find the particle, or tells none."""
    shared: NDArray[np.float64]
    """``(pickers, pickers)`` particles that both of two have found, before any is left out."""
    found: NDArray[np.bool_]
    """``(n, pickers)`` whether each found the particle."""

    @property
    def share(self) -> NDArray[np.float64]:
        """``(n,)`` part of the pickers that found each particle."""
        return np.asarray(np.mean(self.found, axis=1))


def agree_on_peaks(candidates: Sequence[Peaks], radius: float, votes: int) -> Votes:
    """Keep the particles that at least `votes` of the pickers found.

    Picks of different pickers are joined, the nearest first, as long as all picks of a particle
    lie within `radius` of each other and none are of the same picker. So each picker has one vote
    per particle, however many picks it has on top of each other, and the order of the pickers and
    of their picks does not matter.

    Parameters
    ----------
    candidates
        Peaks of each picker, in the same pixels.
    radius
        Greatest distance of the same particle in two pickers, pixels.
    votes
        Least number of pickers, from 1.

    Returns
    -------
    Votes
        The particles that most pickers found first, then from the first row of pixels on.
    """
    many = len(candidates)
    points = np.concatenate(
        [np.zeros((0, 2)), *(np.stack([p.x, p.y], axis=1).astype(float) for p in candidates)]
    )
    owner = np.repeat(np.arange(many), [len(p.x) for p in candidates])
    height = np.concatenate([np.zeros(0), *(np.asarray(p.score, float) for p in candidates)])
    # Where a picker has two on one spot, its better one is asked first; else places decide.
    # What a person put there goes first, and what has no score stands in the middle.
    ranks = np.concatenate([np.zeros(0), *(rank_scores(p.score) for p in candidates)])
    order = np.lexsort((points[:, 0], points[:, 1], -ranks))
    points, owner, height = points[order], owner[order], height[order]
    particle = _join(points, owner, radius)
    count = int(particle.max(initial=-1)) + 1
    scores = np.full((count, many), np.nan)
    scores[particle, owner] = height
    found = np.zeros(scores.shape, dtype=bool)
    found[particle, owner] = True
    sums = np.zeros((count, 2))
    np.add.at(sums, particle, points)
    places = sums / np.maximum(found.sum(axis=1, keepdims=True), 1)
    kept = np.flatnonzero(found.sum(axis=1) >= votes)
    kept = kept[np.lexsort((places[kept, 0], places[kept, 1], -found[kept].sum(axis=1)))]
    shared = found.T.astype(float) @ found.astype(float)
    return Votes(places[kept, 0], places[kept, 1], scores[kept], shared, found[kept])


def _join(points: NDArray[np.float64], owner: NDArray[np.intp], radius: float) -> NDArray[np.intp]:
    """Number of the particle that each pick is of."""
    members = [[one] for one in range(len(points))]
    group = list(range(len(points)))
    for first, second in _pairs(points, owner, radius):
        one, other = group[first], group[second]
        if one == other or not _are_one(members[one] + members[other], points, owner, radius):
            continue
        for pick in members[other]:
            group[pick] = one
        members[one] += members[other]
        members[other] = []
    return np.asarray(np.unique(np.array(group, dtype=np.intp), return_inverse=True)[1])


def _pairs(
    points: NDArray[np.float64], owner: NDArray[np.intp], radius: float
) -> list[tuple[int, int]]:
    """Pairs of picks of two pickers within `radius`, the nearest first."""
    if len(points) < 2:
        return []
    pairs = np.sort(
        scipy.spatial.cKDTree(points).query_pairs(radius, output_type="ndarray"), axis=1
    )
    pairs = pairs[owner[pairs[:, 0]] != owner[pairs[:, 1]]]
    apart = np.hypot(*(points[pairs[:, 0]] - points[pairs[:, 1]]).T)
    order = np.lexsort((pairs[:, 1], pairs[:, 0], apart))
    return [(int(a), int(b)) for a, b in pairs[order]]


def _are_one(
    picks: Sequence[int], points: NDArray[np.float64], owner: NDArray[np.intp], radius: float
) -> bool:
    """Whether picks may all be of one particle."""
    if len(set(owner[picks])) < len(picks):
        return False
    apart = points[picks][:, None] - points[picks][None, :]
    return bool(np.all(np.hypot(apart[..., 0], apart[..., 1]) <= radius))
