"""A picture of a map: slices through it, and projections of it."""

import numpy as np
from numpy.typing import NDArray

from icestream.model import Image
from icestream.processing.fourier import fourier_crop
from icestream.processing.grey import stretch
from icestream.processing.volume.slices import Map

__all__ = ["draw_volume"]

_TILE = 160
"""Side of one view in the picture, pixels."""


def draw_volume(volume: Map) -> NDArray[np.uint8]:
    """Picture ``(320, 480)`` of a map, density bright.

    Above, slices through the middle across z, y and x; below, the projections along them.
    """
    middle = len(volume) // 2
    slices = [volume[middle], volume[:, middle], volume[:, :, middle]]
    projections = [volume.sum(axis=axis) for axis in range(3)]
    return np.concatenate([_row(slices), _row(projections)], axis=0)


def _row(images: list[Image]) -> NDArray[np.uint8]:
    """The images side by side, with the same greys."""
    large = [fourier_crop(image, (_TILE, _TILE)) for image in images]
    return stretch(np.concatenate(large, axis=1), low=0.5, high=99.9)
