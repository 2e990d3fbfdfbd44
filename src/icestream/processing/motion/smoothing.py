"""Smooth tracks: a prior on how abruptly a specimen can move, learned from each movie."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

__all__ = ["anchor", "track_precision"]

_FLOOR = (0.01, 0.05, 0.1, 0.2, 0.4, 1.0, 4.0)
_EARLY = (0.0, 0.5, 1.5, 4.0, 10.0)
_DECAY = (1.5, 4.0)
_WALK = (0.0, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5)


def track_precision(
    measured: NDArray[np.float64], curvature: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Precision matrix of a Gaussian prior on the track of a movie.

    The velocity of the specimen changes from frame to frame by Gaussian amounts with the standard
    deviation ``floor + early exp(-f / decay)``, and its place jitters by Gaussian steps, a walk.
    These four are those that make the measured track most likely.

    Parameters
    ----------
    measured
        ``(n, 2)`` unsmoothed shifts, Å.
    curvature
        ``(n, n)`` inverse covariance of the measured shifts along one axis, 1/Å².

    Returns
    -------
    ``(n, n)``, 1/Å², for use with `curvature`; zero where the track is too short to tell.
    """
    frames = len(measured)
    if frames < 5:
        return np.zeros((frames, frames))
    differences = np.diff(np.eye(frames), n=2, axis=0)
    bends = differences @ measured
    noise = differences @ np.linalg.inv(curvature) @ differences.T
    number = np.arange(frames - 2)
    tried = np.array(list(product(_FLOOR, _EARLY, _DECAY, _WALK)))
    floor, early, decay, walk = tried.T[..., None]
    changes = np.zeros((len(tried), frames - 2, frames - 2))
    changes[:, number, number] = (floor + early * np.exp(-number / decay)) ** 2
    steps = np.diff(np.eye(frames - 1), axis=0)
    changes += walk[..., None] ** 2 * (steps @ steps.T)
    factors = np.linalg.cholesky(changes + noise)
    white = np.linalg.solve(factors, np.broadcast_to(bends, (len(tried), *bends.shape)))
    spread = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    best = int(np.argmax(-0.5 * (white**2).sum(axis=(1, 2)) - 2 * spread))
    precision: NDArray[np.float64] = differences.T @ np.linalg.inv(changes[best]) @ differences
    return precision


def anchor(curvature: NDArray[np.float64]) -> NDArray[np.float64]:
    """What to add to a curvature to hold the mean of all shifts, and frames that say nothing."""
    frames = len(curvature)
    strength = float(np.trace(curvature)) / frames + 1e-9
    anchor: NDArray[np.float64] = strength * (
        np.full((frames, frames), 1 / frames) + 1e-3 * np.eye(frames)
    )
    return anchor
