"""Frames of a movie without the faults of the camera."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image
from icestream.processing.defects import find_outliers_in_movie, replace_defects
from icestream.processing.gain.reference import dead_pixels, usable_gain
from icestream.processing.motion.spectra import Frames

__all__ = ["CorrectedFrames", "TooManyOutliers", "correct_frames"]

_TOO_MANY = 0.05
"""A larger part of the camera cannot be defective: the gain or its orientation is wrong."""


class TooManyOutliers(Exception):
    """So many pixels stand out that it is not they that are wrong."""

    def __init__(self, share: float) -> None:
        super().__init__(f"{100 * share:.0f} % of the pixels stand out of the sum of the frames")
        self.share = share
        """Of the pixels of a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedFrames:
    """Frames in which no defect is left."""

    frames: Frames
    hot_pixels: NDArray[np.bool_]
    """``(y, x)``, true where a pixel was found to be defective that nobody had listed."""


def correct_frames(
    counts: NDArray[Any],
    gain: Image | None,
    defects: NDArray[np.bool_],
    pixel_size: float,
    *,
    threshold: float = 7.0,
    seed: int = 0,
) -> CorrectedFrames:
    """Find what is defective in a movie, and give it the counts of a neighbour, in place.

    Parameters
    ----------
    counts
        ``(n, y, x)`` raw counts; changed.
    gain
        Reference, ``(y, x)``; None where the counts are corrected already. What it marks as dead
        is a known defect.
    defects
        ``(y, x)``, true where a pixel is known to be bad.
    pixel_size
        Å.
    threshold
        Standard deviations by which a defect stands out, see `find_outliers_in_movie`.
    seed
        The same seed draws the same neighbours.

    Raises
    ------
    TooManyOutliers
        If more than a twentieth of the pixels stand out; the counts are then as they were.
    ValueError
        If the reference has another shape than the frames, or no pixel is left.
    """
    shape = (counts.shape[1], counts.shape[2])
    known = defects if gain is None else defects | dead_pixels(gain)
    factors = usable_gain(gain, shape, known)
    outliers = find_outliers_in_movie(counts, factors, known, threshold=threshold)
    share = float(outliers.mean())
    if share > _TOO_MANY:
        raise TooManyOutliers(share)
    replace_defects(counts, known | outliers, seed=seed)
    return CorrectedFrames(Frames(counts, factors, pixel_size), hot_pixels=outliers & ~known)
