"""Gain references: counts times gain, with a value everywhere."""

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image

__all__ = ["dead_pixels", "usable_gain"]


def dead_pixels(gain: Image) -> NDArray[np.bool_]:
    """Pixels that a gain reference marks as unusable: zero, negative, or not a number."""
    return ~(np.isfinite(gain) & (gain > 0))


def usable_gain(
    gain: NDArray[np.floating] | None, shape: tuple[int, int], defects: NDArray[np.bool_]
) -> Image:
    """A float32 gain to multiply the counts of every pixel with.

    Parameters
    ----------
    gain
        Reference, ``(y, x)``; None for movies that are already corrected.
    shape
        Of a frame.
    defects
        Pixels whose counts are replaced by those of a neighbour: they get the mean of the
        reference, since their own value means nothing.

    Raises
    ------
    ValueError
        If the reference has another shape than the frames.
    """
    if gain is None:
        return np.ones(shape, dtype=np.float32)
    if gain.shape != tuple(shape):
        raise ValueError(
            f"the gain reference is {gain.shape[0]}x{gain.shape[1]} pixels (y, x) but the frames "
            f"are {shape[0]}x{shape[1]}; it may be rotated, or for another binning of the camera"
        )
    result = np.array(gain, dtype=np.float32)
    bad = dead_pixels(result)
    if bad.all():
        raise ValueError("the gain reference has no positive value; is it the right file?")
    result[bad] = 0.0
    result[bad | defects] = result.sum(dtype=np.float64) / np.count_nonzero(~bad)
    return result
