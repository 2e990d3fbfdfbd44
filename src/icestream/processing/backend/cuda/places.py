"""Peaks and patches of CuPy arrays."""

from typing import Any

import cupy as cp
from numpy.typing import NDArray

from icestream.processing.backend.places import cut_squares, find_peaks

__all__ = ["gather_patches", "peak"]


def gather_patches(images: Any, corners: NDArray[Any], side: int) -> Any:
    """Squares cut out of images; see `Operations`."""
    return cut_squares(cp, images, corners, side)


def peak(maps: Any, radius: float) -> tuple[Any, Any]:
    """Highest place of each correlation map, between pixels; see `Operations`."""
    return find_peaks(cp, maps, radius)
