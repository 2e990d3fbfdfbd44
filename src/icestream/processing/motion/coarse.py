"""First shifts of whole frames, from the peaks of correlation maps."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.processing.backend import operations
from icestream.processing.fourier import HalfSpectrum
from icestream.processing.motion.spectra import Band, Binned, moved, small_spectra
from icestream.processing.motion.weighting import TrackSearch, coarse_weight

__all__ = ["coarse_track"]

_RESOLUTION = (16.0, 24.0)
"""Å: detail used in the first search, of small and of large fields."""
_MAP = 256
"""Pixels of a correlation map up to which finer detail is used."""
_BFACTOR = 1500.0
_ROUNDS = 8


def coarse_track(binned: Binned, search: TrackSearch, *, cores: int = 1) -> NDArray[np.float64]:
    """Move each frame to the highest peak of its correlation with the sum of the others.

    With detail to 16 to 24 Å and B 1500 Å², until nothing moves by more than a quarter of a
    pixel of that detail. Frames that land far from their neighbours are searched again near to
    them.

    Returns
    -------
    ``(n, 2)`` (dy, dx), Å; their mean is 0 where no frame was searched again.
    """
    frames = len(binned)
    shifts = np.zeros((frames, 2))
    if frames < 2:
        return shifts
    extent = max(binned.images.shape[1:]) * binned.pixel_size
    resolution = max(float(np.clip(2 * extent / _MAP, *_RESOLUTION)), search.resolution)
    spectra, band = small_spectra(binned, resolution, cores=cores)
    power = (spectra.real**2 + spectra.imag**2).sum(axis=0)
    weight = coarse_weight(power, band, resolution, _BFACTOR)
    for _ in range(_ROUNDS):
        there = moved(spectra, band, shifts)
        steps = _peaks(there, there.sum(axis=0) - there, weight, band, search.max_shift)
        shifts += steps
        shifts -= shifts.mean(axis=0)
        # Each step is bounded; without a signal they would add up.
        shifts = np.clip(shifts, -search.max_shift, search.max_shift)
        if np.abs(steps / band.pixel).max() < 0.25:
            break
    strays = _find_strays(shifts)
    lost, expected = strays.frames, strays.expected
    if lost.any():
        there = moved(spectra, band, shifts)
        rest = there.sum(axis=0) - there[lost]
        there = moved(spectra[lost], band, expected[lost])
        shifts[lost] = expected[lost] + _peaks(there, rest, weight, band, strays.reach)
    return shifts


@dataclass(frozen=True, slots=True, eq=False)
class _Strays:
    """Frames that lie far from their neighbours."""

    frames: NDArray[np.bool_]
    """``(n,)``, true for those that do."""
    expected: NDArray[np.float64]
    """``(n, 2)`` (dy, dx), Å: where each frame should be by its neighbours."""
    reach: float
    """Å from there, beyond which a frame is far."""


def _find_strays(shifts: NDArray[np.float64]) -> _Strays:
    expected = scipy.ndimage.median_filter(shifts, size=(min(5, len(shifts)), 1), mode="nearest")
    steps = np.hypot(*np.diff(shifts, axis=0).T)
    reach = max(3.0 * float(np.median(steps)), 6.0)
    return _Strays(np.hypot(*(shifts - expected).T) > reach, expected, reach)


def _peaks(
    frames: HalfSpectrum,
    references: HalfSpectrum,
    weight: NDArray[np.float32],
    band: Band,
    radius: float,
) -> NDArray[np.float64]:
    """Steps ``(n, 2)`` in Å, at most `radius`, of frames to the best match with references."""
    ops = operations(frames)
    maps = ops.irfft2(weight * frames.conj() * references, band.shape)
    places, _ = ops.peak(maps, radius / float(band.pixel.mean()))
    steps: NDArray[np.float64] = places * band.pixel
    return steps
