"""From the frames of a movie to its motion."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icestream.model import Motion, column
from icestream.processing.dose import Dose
from icestream.processing.motion.coarse import coarse_track
from icestream.processing.motion.field import fit_local_motion
from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.pairwise import pairwise_track
from icestream.processing.motion.patches import cut_patches
from icestream.processing.motion.spectra import Binned, Frames, bin_frames, flatten
from icestream.processing.motion.track import Track, TrackSearch, judge_track, refine_track

__all__ = ["FoundMotion", "PatchQuality", "count_early_frames", "measure_motion"]

_FINEST = 1024
"""Pixels of the spectrum of a frame: large fields tell enough without their finest detail."""
_SMALLEST = 40
"""Binned pixels that a patch must have across to be worth a vote."""
_WILD = 6.0
"""Å from frame to frame, on average, beyond which a track may be that of noise."""
_UNSURE = 0.5
"""Å: standard error of a shift beyond which it is. Frames with a signal had 0.1 to 0.3, those
without 1 to 17."""
_FEWEST = 3
"""Patches across the shorter side that local motion needs."""


@dataclass(frozen=True, slots=True, eq=False)
class PatchQuality:
    """What each patch of the field says."""

    centers: NDArray[np.float64]
    """``(patches, 2)`` (y, x) as fractions of the field, -0.5 to 0.5."""
    gains: NDArray[np.float64]
    """``(patches,)`` log-likelihood that each gains over the whole-frame track by the model of the
    patches that share no side with it; negative where that model is worse."""
    agreement: NDArray[np.float64]
    """``(patches,)`` curvature of the agreement of its frames over that of the mean patch: small
    where there is nothing to see, large on carbon."""

    @property
    def table(self) -> NDArray[np.float64]:
        """``(patches, 4)``: y, x, gain and agreement."""
        return np.column_stack([self.centers, self.gains, self.agreement])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundMotion:
    """What was found out about the motion of a movie."""

    shifts: NDArray[np.float64]
    """Whole-frame shifts ``(n, 2)`` (dy, dx), Å, relative to the first frame."""
    local: LocalMotion | None
    """None: not asked for, or it does not predict patches that it has not seen."""
    frame_errors: NDArray[np.float64]
    """``(n,)`` expected standard deviation of each whole-frame shift along an axis, Å."""
    frame_agreement: NDArray[np.float64]
    """``(n,)`` how well each frame agrees with the sum of the others, as a part of what is
    expected: about 1, and 0 for a frame that shows nothing of what the others show. All are 0
    where there was no signal to align, and the shifts then are, too."""
    patches: PatchQuality | None
    """None where no local motion was looked for."""
    resolution: float
    """Å: the finest detail that was used."""
    converged: bool

    @property
    def best(self) -> NDArray[np.float64] | LocalMotion:
        """The motion to correct: local where there is a local model."""
        return self.shifts if self.local is None else self.local

    def record(
        self, pixel_size: float, *, first_frame: int = 1, hot_pixels: NDArray[np.bool_]
    ) -> Motion:
        """The motion as items hold it, in pixels.

        Parameters
        ----------
        pixel_size
            Å per pixel of the movie.
        first_frame
            Number of the first of the frames, from 1.
        hot_pixels
            ``(y, x)``, true where a pixel was found to be defective in this movie.
        """
        places = np.argwhere(hot_pixels)
        local = None
        if self.local is not None:
            local = column(self.local.coefficients / pixel_size)
        return Motion(
            shifts=column(self.shifts / pixel_size),
            local=local,
            pixel_size=pixel_size,
            first_frame=first_frame,
            hot_pixels=column(places) if len(places) else None,
            frame_errors=column(self.frame_errors / pixel_size),
            frame_agreement=column(self.frame_agreement),
            patch_quality=None if self.patches is None else column(self.patches.table),
        )

    def without_first(self, frames: int) -> "FoundMotion":
        """The motion of the movie that lacks its first `frames` frames."""
        if not 0 <= frames < len(self.shifts):
            raise ValueError(f"{frames} of {len(self.shifts)} frames cannot be left out")
        return replace(
            self,
            shifts=self.shifts[frames:] - self.shifts[frames],
            local=None if self.local is None else self.local.without_first(frames),
            frame_errors=self.frame_errors[frames:],
            frame_agreement=self.frame_agreement[frames:],
        )


def measure_motion(
    frames: Frames,
    search: TrackSearch,
    dose: Dose | None = None,
    *,
    patches: int = 8,
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
        Patches across the shorter side for the local motion; 0 leaves it out. Fewer
        are taken when the patches would become too small, and none when fewer than 3 are left.
    cores
        Threads.
    """
    finest = 2 * min(frames.shape) * frames.pixel_size / _FINEST
    search = replace(search, resolution=max(search.resolution, finest))
    binned = bin_frames(frames, search.resolution, cores=cores)
    return _measure(binned, search, dose, patches, cores)


def _measure(
    binned: Binned, search: TrackSearch, dose: Dose | None, patches: int, cores: int
) -> FoundMotion:
    by_pairs = search.method == "pairwise"
    find = pairwise_track if by_pairs else coarse_track
    start = find(binned, search, cores=cores)
    most = max(min(binned.images.shape[1:]) // _SMALLEST, 1)
    across = min(patches or most, most)
    flat = flatten(binned, cores=cores)
    cut = cut_patches(flat, across, search.resolution, dose, start, cores=cores)
    finish = judge_track if by_pairs else refine_track
    track = finish(cut, start, search, dose, cores=cores)
    if _is_noise(track):
        return _no_motion(track, search.resolution)
    shifts, local, quality = track.shifts, None, None
    wanted = patches and across >= _FEWEST and len(binned) >= 3
    if wanted and track.weighting.information.max() > 0:
        fit = fit_local_motion(cut, track, search, cores=cores)
        quality = PatchQuality(cut.centers, fit.gains, fit.agreement)
        if fit.motion.gain > 0:
            shifts, local = fit.motion.shifts, fit.motion
    return FoundMotion(
        shifts=shifts,
        local=local,
        frame_errors=track.errors,
        frame_agreement=track.agreement,
        patches=quality,
        resolution=search.resolution,
        converged=track.converged,
    )


def _is_noise(track: Track) -> bool:
    """Whether the frames show nothing in common, so that the track followed their noise."""
    if len(track.shifts) < 3:
        return False
    steps = np.hypot(*np.diff(track.shifts, axis=0).T)
    wild = float(np.mean(steps)) > _WILD
    return wild and float(np.median(track.errors)) > _UNSURE


def _no_motion(track: Track, resolution: float) -> FoundMotion:
    """What is known of the motion where there is no signal to align: nothing."""
    frames = len(track.shifts)
    return FoundMotion(
        shifts=np.zeros((frames, 2)),
        local=None,
        frame_errors=track.errors,
        frame_agreement=np.zeros(frames),
        patches=None,
        resolution=resolution,
        converged=False,
    )


def count_early_frames(motion: NDArray[np.float64] | LocalMotion, limit: float) -> int:
    """Number of first frames in which the specimen moved by more than `limit`.

    A frame is blurred by what the specimen moves during it: the mean of the steps to the frames
    before and after it, and for the first frame the step after it, extrapolated. Of local motion
    it is the root mean square over the field.

    Parameters
    ----------
    motion
        Shifts ``(n, 2)`` in Å, or a local model.
    limit
        Å within one frame.

    Returns
    -------
    How many to leave out; 0 when more than half of the frames moved so much, because then
    there is no calm part to keep.
    """
    if isinstance(motion, LocalMotion):
        places = np.array([[y, x] for y in (-0.4, 0, 0.4) for x in (-0.4, 0, 0.4)])
        tracks = motion.at(places)
    else:
        tracks = motion[:, None, :]
    steps = np.sqrt((np.diff(tracks, axis=0) ** 2).sum(axis=2).mean(axis=1))
    if len(steps) < 2:
        return 0
    first = max(1.5 * steps[0] - 0.5 * steps[1], steps[0])
    blur = np.concatenate([[first], 0.5 * (steps[1:] + steps[:-1]), steps[-1:]])
    calm = blur <= limit
    early = int(np.argmax(calm)) if calm.any() else len(blur)
    return early if early <= len(blur) // 2 else 0
