"""How far the tracks that two alignments found in one movie lie apart."""

import numpy as np
from numpy.typing import NDArray

from icestream.model import Micrograph

__all__ = ["track_distance"]

Numbers = NDArray[np.float64]


def track_distance(first: Micrograph, second: Micrograph) -> float | None:
    """Å, root mean square, between two whole-frame tracks of one movie.

    Shifts count from the frame that each micrograph lies on, so that one track may lie as a whole
    beside the other: their mean difference is taken off before they are compared. They are compared
    at the frames of the one with fewer, over the time that both have seen; EER frames that were
    summed into groups stand for the middle of their group.

    Parameters
    ----------
    first, second
        Micrographs of one movie.

    Returns
    -------
    float or None
        None where either has no track, or fewer than two frames are common.
    """
    tracks = [_track(one) for one in (first, second)]
    if tracks[0] is None or tracks[1] is None:
        return None
    coarse, fine = sorted((tracks[0], tracks[1]), key=lambda track: len(track[0]))
    (when, shifts), (others, between) = coarse, fine
    common = (when >= others[0]) & (when <= others[-1])
    if common.sum() < 2:
        return None
    there = np.stack([np.interp(when[common], others, part) for part in between.T], axis=1)
    apart = shifts[common] - there
    apart -= apart.mean(axis=0)
    return float(np.sqrt(np.mean(np.sum(apart**2, axis=1))))


def _track(micrograph: Micrograph) -> tuple[Numbers, Numbers] | None:
    """``(frames,)`` times in frames of the camera, and ``(frames, 2)`` shifts, Å."""
    motion = micrograph.motion
    if motion is None or not motion.known:
        return None
    frames = motion.first_frame - 1 + np.arange(len(motion.shifts), dtype=np.float64)
    shifts = np.asarray(motion.shifts, dtype=np.float64) * motion.pixel_size
    return (frames + 0.5) * micrograph.eer_grouping, shifts
