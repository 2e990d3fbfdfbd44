"""Micrographs as APPLE takes them: squares, small ones, without a pixel size.

APPLE leaves out what of a micrograph is beyond a square, so that a micrograph with one long side is
covered by squares that overlap. It counts in pixels, and takes its time for all of them, so that
they are made as large as its particles need. A pixel size in the file makes it break off.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import write_mrc
from icestream.model import Image
from icestream.processing.fourier import fourier_crop

__all__ = ["Square", "automatic_downscale", "small_shape", "squares_of", "write_squares"]

_ACROSS = 36.0
"""Pixels across a particle at which no more were found than with more of them, as measured."""


@dataclass(frozen=True, slots=True)
class Square:
    """A part of a small micrograph, and which of the picks in it are kept."""

    side: int
    """Pixels of the small micrograph, as all others."""
    start: int
    """Where it begins along the long side."""
    kept: tuple[float, float]
    """From where to where along the long side its picks are kept: to the middle of what it has in
    common with its neighbours."""
    wide: bool
    """Whether the long side is that of x."""

    def cut(self, image: Image) -> Image:
        """Its pixels."""
        along = slice(self.start, self.start + self.side)
        part = image[: self.side, along] if self.wide else image[along, : self.side]
        return np.ascontiguousarray(part)

    def place(self, picks: NDArray[np.float64]) -> NDArray[np.float64]:
        """Those of its picks ``(n, 2)`` (x, y) that are kept, in pixels of the small micrograph."""
        axis = 0 if self.wide else 1
        placed = picks.copy()
        placed[:, axis] += self.start
        low, high = self.kept
        return placed[(placed[:, axis] >= low) & (placed[:, axis] < high)]


def automatic_downscale(diameter: float, pixel_size: float) -> float:
    """Factor that leaves as many pixels across a particle as APPLE does well with."""
    return max(1.0, diameter / pixel_size / _ACROSS)


def small_shape(shape: tuple[int, int], factor: float) -> tuple[int, int]:
    """(y, x) pixels of a micrograph of `shape` that was made `factor` times smaller."""
    return max(1, round(shape[0] / factor)), max(1, round(shape[1] / factor))


def squares_of(shape: tuple[int, int], overlap: int) -> list[Square]:
    """Squares that cover an image of `shape` (y, x) and have `overlap` pixels in common or more."""
    side, long = min(shape), max(shape)
    wide = shape[1] > shape[0]
    overlap = min(overlap, side // 2)
    count = 1 if side == long else ceil((long - overlap) / (side - overlap))
    starts = np.round(np.linspace(0, long - side, count)).astype(int).tolist()
    edges = [0.5 * (left + side + right) for left, right in pairwise(starts)]
    limits = [-np.inf, *edges, np.inf]
    return [Square(side, start, (limits[n], limits[n + 1]), wide) for n, start in enumerate(starts)]


def write_squares(folder: Path, image: Image, factor: float, overlap: int) -> list[Square]:
    """Write a micrograph as ``1.mrc``, ``2.mrc`` and so on, `factor` times smaller.

    Returns the squares in the order of their numbers; `overlap` is in pixels of the small one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    small = fourier_crop(image, small_shape((image.shape[0], image.shape[1]), factor))
    squares = squares_of((small.shape[0], small.shape[1]), overlap)
    for number, square in enumerate(squares, start=1):
        write_mrc(folder / f"{number}.mrc", square.cut(small))
    return squares
