"""From where the particles are seen, and what that leaves unseen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.volume.rotations import Rotations, spiral_directions

__all__ = ["ViewHistogram", "direction_histogram", "sampling_efficiency"]

_SPACING = 12.0
"""Degrees between the directions that views are counted for."""
_THICKNESS = 6.0
"""Degrees from a view's central slice within which Fourier space counts as seen by it, at least."""
_KNOWN = 0.75
"""Distances between directions from the nearest of which no view is farther."""


@dataclass(frozen=True, slots=True)
class ViewHistogram:
    """How many particles are seen from where."""

    directions: NDArray[np.float32]
    """``(d, 3)`` unit vectors over the whole sphere."""
    counts: NDArray[np.float32]
    """``(d,)`` particles seen from each."""


def direction_histogram(views: NDArray[np.float32], group: Rotations) -> ViewHistogram:
    """Count the particles that are seen from each direction.

    Parameters
    ----------
    views
        ``(n, 3)`` unit vectors, one for each particle.
    group
        ``(g, 3, 3)`` point group: each particle counts in parts for all equivalent directions.
    """
    directions = spiral_directions(_SPACING)
    counts = np.zeros(len(directions))
    for element in group:
        nearest = ((views @ element) @ directions.T).argmax(axis=1)
        counts += np.bincount(nearest, minlength=len(directions))
    return ViewHistogram(directions, (counts / len(group)).astype(np.float32))


def sampling_efficiency(
    views: NDArray[np.float32], group: Rotations, *, spacing: float = 0.0
) -> float:
    """How evenly the views fill Fourier space: 1 when evenly, 0 when a part is not seen at all.

    Parameters
    ----------
    views, group
        As for `direction_histogram`.
    spacing
        Degrees between the directions that the particles were compared with. Views are known no
        better, and slices count as thick as that: what lies between the directions of a coarse
        grid is no part that was not seen.

    Notes
    -----
    The harmonic mean over the directions of Fourier space of how often each lies in a central
    slice, over the arithmetic mean: the inverse of the sampling compensation factor, by which the
    variance of the map grows (https://doi.org/10.1016/j.pbiomolbio.2019.09.002).
    """
    histogram = direction_histogram(views, group)
    distance = np.abs(histogram.directions @ histogram.directions.T)
    thickness = max(_THICKNESS, _KNOWN * spacing)
    seen = (distance < np.sin(np.radians(thickness))) @ histogram.counts
    if seen.min() <= 0.0:
        return 0.0
    return float(1.0 / (np.mean(1.0 / seen) * seen.mean()))
