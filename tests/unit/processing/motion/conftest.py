"""Movies of Gaussian spots that move along known tracks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.processing.motion.spectra import Frames

PIXEL = 1.5


@dataclass
class Spots:
    """A movie and the shifts that align it, Å."""

    frames: Frames
    shifts: NDArray[np.float64]
    """``(n, 2)`` of the whole frames, relative to the first."""


def draw(
    shape: tuple[int, int], centers: NDArray[np.float64], heights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Spots with a standard deviation of 2 pixels, placed exactly."""
    image = np.zeros(shape)
    around = np.arange(-12, 13)
    for (cy, cx), height in zip(centers, heights, strict=True):
        y, x = round(cy) + around, round(cx) + around
        y, x = y[(y >= 0) & (y < shape[0])], x[(x >= 0) & (x < shape[1])]
        spot = np.exp(-((y - cy) ** 2) / 8)[:, None] * np.exp(-((x - cx) ** 2) / 8)
        image[np.ix_(y, x)] += height * spot
    return image


@pytest.fixture(scope="session")
def spots() -> Callable[..., Spots]:
    """Make a movie: ``spots(shifts, doming=..., counts=...)``.

    `doming` is the local motion at the corners (Å), reached linearly in the last frame, radial.
    """

    def make(
        shifts: NDArray[np.float64],
        *,
        size: int = 384,
        doming: float = 0.0,
        counts: float = 3.0,
        seed: int = 5,
    ) -> Spots:
        rng = np.random.default_rng(seed)
        centers = rng.uniform(-20, size + 20, (int(size * size / 300), 2))
        heights = rng.uniform(-0.8, 0.8, len(centers))
        gain = np.exp(0.1 * rng.standard_normal((size, size))).astype(np.float32)
        frames = []
        for number, shift in enumerate(shifts):
            part = number / max(len(shifts) - 1, 1)
            moved = centers * (1 + doming / PIXEL * part / (size / np.sqrt(2)))
            moved = moved - doming / PIXEL * part / np.sqrt(2)
            image = draw((size, size), moved - shift / PIXEL, heights)
            frames.append(rng.poisson(np.maximum(counts * (1 + image), 0) / gain))
        stack = np.array(frames, dtype=np.uint8)
        return Spots(Frames(stack, gain, PIXEL), shifts - shifts[0])

    return make


@pytest.fixture(scope="session")
def wandering() -> NDArray[np.float64]:
    """A track of 10 frames that starts fast, Å."""
    rng = np.random.default_rng(3)
    track = 12 * (1 - np.exp(-np.arange(10) / 2))[:, None] * np.array([0.8, -0.6])
    return track + np.cumsum(rng.normal(0, 0.2, (10, 2)), axis=0)
