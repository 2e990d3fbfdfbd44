"""Peaks of a picker: found in a response, and compared with the truth."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from icestream.model import Column, column

__all__ = ["Matches", "Peaks", "highest_peaks", "match_peaks"]

Float = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]


class Peaks(NamedTuple):
    """Particle centres in pixels of the image, and the height of their peaks."""

    x: Column
    """``(n,)``; 0 is the centre of the first pixel."""
    y: Column
    score: Column
    """``(n,)`` response in standard deviations of the noise."""

    def take(self, kept: NDArray[np.bool_]) -> "Peaks":
        """Those that are `kept`, in the same order."""
        return Peaks(column(self.x[kept]), column(self.y[kept]), column(self.score[kept]))

    def clear_of(self, others: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
        """Which lie farther than `radius` pixels from all of the `others` among them."""
        if not others.any():
            return np.ones(len(self.x), dtype=bool)
        points = np.stack([np.asarray(self.x, float), np.asarray(self.y, float)], axis=1)
        from scipy.spatial import cKDTree  # slow to load

        distance, _ = cKDTree(points[others]).query(points)
        return np.asarray(distance > radius)


class Matches(NamedTuple):
    """One-to-one matches of found centres with true ones."""

    recall: float
    """Fraction of the true centres that were found; 1 when there are none."""
    precision: float
    """Fraction of the found centres that are true; 1 when there are none."""
    pairs: NDArray[np.intp]
    """``(m, 2)`` indices of (found, true)."""


def highest_peaks(
    response: Float, usable: NDArray[np.bool_], spacing: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Positive maxima, the higher first choosing its place, with positions between pixels."""
    rows, columns = np.nonzero(_maxima(response) & (response > 0) & usable)
    height = response[rows, columns].astype(np.float64)
    order = np.argsort(-height, kind="stable")
    rows, columns, height = rows[order], columns[order], height[order]
    points = np.stack([rows, columns], axis=1).astype(np.float64)
    if not len(points):
        return points[:, 0], points[:, 1], height
    alive = _apart(points, spacing)
    rows, columns, height = rows[alive], columns[alive], height[alive]
    y = rows + _vertex(response, rows, columns, 0)
    x = columns + _vertex(response, rows, columns, 1)
    return y, x, height


def _apart(points: NDArray[np.float64], spacing: float) -> NDArray[np.bool_]:
    """Which of `points`, the best first, have no better one that is kept within `spacing`."""
    kept = np.zeros(len(points), dtype=bool)
    open_ = np.ones(len(points), dtype=bool)
    from scipy.spatial import cKDTree  # slow to load

    pairs = np.sort(cKDTree(points).query_pairs(spacing, output_type="ndarray"), axis=1)
    while open_.any():
        # Who has no better open neighbour is kept, and its neighbours are not.
        first = open_.copy()
        first[pairs[:, 1]] = False
        kept |= first
        open_ &= ~first
        open_[pairs[first[pairs[:, 0]], 1]] = False
        pairs = pairs[open_[pairs[:, 0]] & open_[pairs[:, 1]]]
    return kept


def _maxima(response: Float) -> NDArray[np.bool_]:
    """Pixels that are not lower than any of their eight neighbours."""
    highest = np.ones(response.shape, dtype=bool)
    for step in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = tuple(
            slice(max(0, -s), n - max(0, s)) for s, n in zip(step, response.shape, strict=True)
        )
        there = tuple(
            slice(max(0, s), n - max(0, -s)) for s, n in zip(step, response.shape, strict=True)
        )
        highest[here] &= response[here] >= response[there]
        highest[there] &= response[there] >= response[here]
    return highest


def _vertex(
    response: Float, rows: NDArray[np.intp], columns: NDArray[np.intp], axis: int
) -> NDArray[np.float64]:
    """Offset, within half a pixel, of the parabola through each peak along `axis`."""
    step = (1, 0) if axis == 0 else (0, 1)
    last = (response.shape[0] - 1, response.shape[1] - 1)
    before = response[np.maximum(rows - step[0], 0), np.maximum(columns - step[1], 0)]
    after = response[np.minimum(rows + step[0], last[0]), np.minimum(columns + step[1], last[1])]
    curve = before + after - 2.0 * response[rows, columns]
    slope = 0.5 * (before - after)
    offset = np.divide(slope, curve, out=np.zeros(len(rows)), where=curve < -1e-12)
    return np.asarray(np.clip(offset, -0.5, 0.5))


def match_peaks(
    found: tuple[Floats, Floats], true: tuple[Floats, Floats], radius: float
) -> Matches:
    """Match found (x, y) with true (x, y) one to one, nearest pairs first, within `radius`."""
    a = np.stack([np.asarray(c, dtype=np.float64) for c in found], axis=1)
    b = np.stack([np.asarray(c, dtype=np.float64) for c in true], axis=1)
    pairs = _nearest_pairs(a, b, radius)
    recall = len(pairs) / len(b) if len(b) else 1.0
    precision = len(pairs) / len(a) if len(a) else 1.0
    return Matches(recall, precision, pairs)


def _nearest_pairs(
    a: NDArray[np.float64], b: NDArray[np.float64], radius: float
) -> NDArray[np.intp]:
    """One-to-one pairs of points within `radius`, the nearest pairs first."""
    if not len(a) or not len(b):
        return np.zeros((0, 2), dtype=np.intp)
    from scipy.spatial import cKDTree  # slow to load

    near = cKDTree(a).sparse_distance_matrix(cKDTree(b), radius, output_type="ndarray")
    near = near[np.lexsort((near["j"], near["i"], near["v"]))]
    if all(len(np.unique(near[side])) == len(near) for side in ("i", "j")):  # nothing to choose
        return np.column_stack([near["i"], near["j"]]).astype(np.intp)
    free_a, free_b = np.ones(len(a), dtype=bool), np.ones(len(b), dtype=bool)
    pairs = []
    for entry in near:
        if free_a[entry["i"]] and free_b[entry["j"]]:
            free_a[entry["i"]] = free_b[entry["j"]] = False
            pairs.append((entry["i"], entry["j"]))
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)
