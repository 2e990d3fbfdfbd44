"""Particles of two lists that are the same ones, told by where they lie in their micrograph."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.processing.picking.peaks import match_peaks

__all__ = ["SAME_PLACE", "are_others", "match_places"]

SAME_PLACE = 0.1
"""Å: centres that are nearer are one. It is a hundred times what single precision takes from a
place in a large micrograph, and less than anybody moves a particle by."""

_FEW = 0.1
"""Share of the shorter list below which what is in both is no sign that they belong together."""


def match_places(
    listed: NDArray[np.floating[Any]], there: NDArray[np.floating[Any]]
) -> NDArray[np.intp]:
    """Which of the particles in a list are which of those that are there, one to one.

    Where several lie at one place they are matched in their order, for as many as both have.

    Parameters
    ----------
    listed
        ``(n, 2)`` (x, y) of the particles in the list, Å. One that is not a number is nowhere.
    there
        ``(m, 2)`` (x, y) of those that are there, Å.

    Returns
    -------
    NDArray[np.intp]
        ``(k, 2)`` indices in `listed` and in `there`, by those in `listed`.
    """
    known = np.flatnonzero(np.isfinite(listed).all(axis=1))
    lying = np.flatnonzero(np.isfinite(there).all(axis=1))
    (x, y), (at_x, at_y) = listed[known].T, there[lying].T
    pairs = match_peaks((x, y), (at_x, at_y), SAME_PLACE).pairs
    found = np.column_stack([known[pairs[:, 0]], lying[pairs[:, 1]]])
    return found[np.argsort(found[:, 0])]


def are_others(matched: int, listed: int, there: int) -> bool:
    """Whether so few particles are in both lists that one is of other particles than the other.

    `listed` and `there` are how many each has: nothing is said of a list without any.
    """
    fewer = min(listed, there)
    return fewer > 0 and matched < _FEW * fewer
