"""Running sums of raw counts over movies, in two halves whose noise is independent."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import Image

__all__ = ["GainSums"]


@dataclass(init=False, eq=False)
class GainSums:
    """Raw counts of each pixel, added up over frames and movies.

    Movies go to the two halves in turn: what both halves show belongs to the camera, what they
    do not is noise or specimen.

    Parameters
    ----------
    shape
        (y, x) of the frames.
    real
        The counts are real numbers, and so are the sums; else they are uint32, which holds 100
        counts in each of 40 million frames.
    """

    halves: NDArray[Any]
    """``(2, y, x)`` sums of counts."""
    frames: list[int]
    """Frames in each half."""
    movies: int

    def __init__(self, shape: tuple[int, int], *, real: bool = False) -> None:
        self.halves = np.zeros((2, *shape), dtype=np.float64 if real else np.uint32)
        self.frames = [0, 0]
        self.movies = 0

    @property
    def shape(self) -> tuple[int, int]:
        """(y, x) pixels."""
        return self.halves.shape[1], self.halves.shape[2]

    def add(self, total: NDArray[Any], frames: int) -> None:
        """Add the sum `total` ``(y, x)`` of some `frames` of one movie.

        Raises
        ------
        ValueError
            If its shape is another.
        """
        if total.shape != self.shape:
            raise ValueError(f"expected a sum of {self.shape} (y, x) pixels, found {total.shape}")
        half = self.movies % 2
        self.halves[half] += total.astype(self.halves.dtype, copy=False)
        self.frames[half] += frames
        self.movies += 1

    def merge(self, other: "GainSums") -> None:
        """Add what was summed elsewhere, half by half."""
        self.halves += other.halves
        self.frames = [a + b for a, b in zip(self.frames, other.frames, strict=True)]
        self.movies += other.movies

    def emptied(self) -> "GainSums":
        """Sums of the same kind with nothing in them."""
        return GainSums(self.shape, real=self.halves.dtype.kind == "f")

    def mean(self) -> Image:
        """Mean counts of a pixel in a frame ``(y, x)``."""
        total = self.halves[0].astype(np.float64) + self.halves[1]
        return np.asarray(total / max(sum(self.frames), 1), dtype=np.float32)

    def half_means(self) -> tuple[Image, Image] | None:
        """The same of each half; None where one of them is empty: after a single movie."""
        if not all(self.frames):
            return None
        first, second = (
            (half / count).astype(np.float32)
            for half, count in zip(self.halves, self.frames, strict=True)
        )
        return first, second
