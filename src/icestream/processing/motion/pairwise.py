"""Alignment from the shifts between all pairs of frames."""

import numpy as np
from numpy.typing import NDArray

from icestream.processing.backend import operations
from icestream.processing.motion.spectra import Binned, small_spectra
from icestream.processing.motion.weighting import TrackSearch, coarse_weight

__all__ = ["pairwise_track", "solve_pairs"]

_RESOLUTION = 20.0
"""Å: detail that the pairs are compared at; two single frames show no finer one."""
_BFACTOR = 1000.0
_ROUNDS = 30


def pairwise_track(binned: Binned, search: TrackSearch, *, cores: int = 1) -> NDArray[np.float64]:
    """Correlate each frame with each other one, and solve for the shifts of all.

    There is no reference that a wrong start could spoil, and a frame without signal spoils only
    its own pairs. What is left of the information is that of single pairs at a low resolution.

    Returns
    -------
    ``(n, 2)`` (dy, dx), Å, relative to the first frame; added to the coordinates of a frame.

    References
    ----------
    .. [1] Střelák, Filipovič, Jiménez-Moreno, Carazo, Sorzano (2020), 10.3390/electronics9061040.
    """
    frames = len(binned)
    if frames < 2:
        return np.zeros((frames, 2))
    resolution = max(_RESOLUTION, search.resolution)
    spectra, band = small_spectra(binned, resolution, cores=cores)
    power = (spectra.real**2 + spectra.imag**2).sum(axis=0)
    weight = coarse_weight(power, band, resolution, search.bfactor or _BFACTOR)
    ops = operations(spectra)
    radius = search.max_shift / float(band.pixel.mean())
    differences = []
    for first in range(frames - 1):
        maps = ops.irfft2(weight * spectra[first] * spectra[first + 1 :].conj(), band.shape)
        differences.append(ops.peak(maps, radius)[0] * band.pixel)
    shifts = solve_pairs(frames, np.concatenate(differences))
    relative: NDArray[np.float64] = shifts - shifts[0]
    return relative


def solve_pairs(frames: int, differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shifts of frames from the differences of all pairs, by robust least squares.

    Pairs are weighted anew in each round by the Cauchy function of what they are off by, with
    its scale from their median, so that pairs with a false peak lose their vote.

    Parameters
    ----------
    differences
        ``(pairs, 2)``: shift of the later frame less that of the earlier one, in the order
        (0, 1), (0, 2), ..., (1, 2), ...

    Returns
    -------
    ``(frames, 2)``, of mean 0, in the unit of `differences`.
    """
    early, late = np.triu_indices(frames, 1)
    if differences.shape != (len(early), 2):
        raise ValueError(
            f"{frames} frames have {len(early)} pairs, found differences {differences.shape}"
        )
    votes = np.ones(len(early))
    shifts = np.zeros((frames, 2))
    for _ in range(_ROUNDS):
        normal = np.full((frames, frames), 1.0 / frames)
        np.add.at(normal, (early, early), votes)
        np.add.at(normal, (late, late), votes)
        np.add.at(normal, (early, late), -votes)
        np.add.at(normal, (late, early), -votes)
        pull = np.zeros((frames, 2))
        np.add.at(pull, late, votes[:, None] * differences)
        np.add.at(pull, early, -votes[:, None] * differences)
        before = shifts
        shifts = np.asarray(np.linalg.solve(normal, pull), dtype=np.float64)
        off = np.hypot(*(shifts[late] - shifts[early] - differences).T)
        scale = max(2.0 * float(np.median(off)), 1e-6)
        votes = 1.0 / (1.0 + (off / scale) ** 2)
        if np.abs(shifts - before).max() < 1e-4 * scale:
            break
    return shifts
