"""From the frames of a movie to its motion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.dose import Dose
from icestream.processing.motion.field import LocalMotion, cut_patches, fit_local_motion
from icestream.processing.motion.spectra import Frames, bin_frames, frame_spectra
from icestream.processing.motion.track import Search, Track, align_frames

__all__ = ["FoundMotion", "measure_motion"]

_FINEST = 1024
"""Pixels of the spectrum of a frame: large fields tell enough without their finest detail."""
_LARGEST = 256
"""Pixels of the spectrum of a patch: larger patches are looked at less finely."""
_SMALLEST = 96
"""Binned pixels that a patch must have across to be worth a vote."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundMotion:
    """What was found out about the motion of a movie."""

    track: Track
    local: LocalMotion | None
    """None: not asked for, or it does not predict patches that it has not seen."""

    @property
    def best(self) -> NDArray[np.float64] | LocalMotion:
        """The motion to correct: local where there is a local model."""
        return self.track.shifts if self.local is None else self.local

    @property
    def shifts(self) -> NDArray[np.float64]:
        """Whole-frame shifts ``(n, 2)``, Å, relative to the first frame."""
        return self.track.shifts if self.local is None else self.local.shifts


def measure_motion(
    frames: Frames,
    search: Search,
    dose: Dose | None = None,
    *,
    patches: int = 7,
    cores: int = 1,
) -> FoundMotion:
    """Measure whole-frame and local motion.

    Parameters
    ----------
    frames
        At least one; with fewer than three there is no local motion.
    search
        Resolution and other limits.
    dose
        Exposure of the frames, if known: frames then count by the signal that is left in them.
    patches
        Overlapping patches across the shorter side for the local motion; 0 leaves it out. Fewer
        are taken when the patches would become too small, and none when fewer than 4 are left.
    cores
        Threads.
    """
    finest = 2 * min(frames.shape) * frames.pixel_size / _FINEST
    resolution = max(search.resolution, finest)
    factor = max(1, int(0.75 * resolution / (2 * frames.pixel_size)))
    binned = bin_frames(frames, factor, cores=cores)
    pixel_size = frames.pixel_size * factor
    spectra, band = frame_spectra(binned, pixel_size, resolution, dose, cores=cores)
    track = align_frames(spectra, band, search, dose)
    local = None
    across = min(patches, 2 * min(binned.shape[1:]) // _SMALLEST - 1)
    if across >= 4 and len(frames) >= 3 and track.weighting.information.max() > 0:
        extent = 2 * min(binned.shape[1:]) / (across + 1) * pixel_size
        resolution = max(resolution, 2 * extent / _LARGEST)
        cut = cut_patches(binned, pixel_size, across, resolution, dose, cores=cores)
        fitted = fit_local_motion(cut, track, search, cores=cores)
        local = fitted if fitted.gain > 0 else None
    return FoundMotion(track, local)
