"""Peaks and patches of numpy arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Stack
from icestream.processing.backend.places import cut_squares, find_peaks

__all__ = ["gather_patches", "peak"]


def gather_patches(images: NDArray[Any], corners: NDArray[Any], side: int) -> Stack:
    """Squares cut out of images; see `Operations`."""
    result: Stack = cut_squares(np, images, corners, side)
    return result


def peak(maps: Stack, radius: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Highest place of each correlation map, between pixels; see `Operations`."""
    return find_peaks(np, maps, radius)
