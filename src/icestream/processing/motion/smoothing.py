"""Smooth tracks: a prior on how abruptly a specimen can move, learned from each movie."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

__all__ = ["track_precision"]

_FLOOR = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 4.0, 10.0)
_EARLY = (0.0, 0.5, 1.5, 4.0, 10.0)
_DECAY = (1.5, 4.0)
_NOISE = (1.0, 1.5, 2.25)


def track_precision(
    measured: NDArray[np.float64], information: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Precision matrix of a Gaussian prior on the track of a movie.

    The second differences of a track are taken as Gaussian with the standard deviation
    ``floor + early exp(-f / decay)``; these, and how far the real noise exceeds the expected,
    are those that make the measured track most likely.

    Parameters
    ----------
    measured
        ``(n, 2)`` unsmoothed shifts, Å.
    information
        ``(n,)`` inverse variance of the measured shifts along one axis, 1/Å².

    Returns
    -------
    ``(n, n)``, 1/Å², for use with `information`; zero where the track is too short to tell.
    """
    frames = len(measured)
    if frames < 5:
        return np.zeros((frames, frames))
    differences = np.diff(np.eye(frames), n=2, axis=0)
    bends = differences @ measured
    noise = differences / np.maximum(information, 1e-6) @ differences.T
    number = np.arange(frames - 2)
    best, chosen = -np.inf, (1.0, np.ones(frames - 2))
    for floor, early, decay, excess in product(_FLOOR, _EARLY, _DECAY, _NOISE):
        variance = (floor + early * np.exp(-number / decay)) ** 2
        covariance = excess * noise
        covariance[number, number] += variance
        factor = np.linalg.cholesky(covariance)
        white = np.linalg.solve(factor, bends)
        likelihood = -0.5 * float((white**2).sum()) - 2 * float(np.log(np.diag(factor)).sum())
        if likelihood > best:
            best, chosen = likelihood, (excess, variance)
    excess, variance = chosen
    precision: NDArray[np.float64] = excess * (differences.T / variance) @ differences
    return precision
