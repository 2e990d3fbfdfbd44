"""How the specimen moves under the beam."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MotionTraits", "Tracks", "random_tracks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionTraits:
    """How much a specimen moves, Å."""

    early: tuple[float, float] = (5.0, 14.0)
    """Range of the burst at the beginning."""
    decay: float = 3.0
    """Exposure in which the burst falls to 1/e, e/Å²."""
    walk: tuple[float, float] = (0.15, 0.3)
    """Range of the random step of a frame, along each axis."""
    doming: tuple[float, float] = (2.0, 6.0)
    """Range of the local motion at the corners."""
    drift: float = 0.0
    """Steady drift in each frame (a stage that is not at rest)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracks:
    """True motion of one movie.

    A shift is added to the coordinates of a frame to bring it onto the first frame, as in
    `icestream.model.Motion`: ``frame_i(p) = frame_0(p + shift_i(p))``.
    """

    shifts: NDArray[np.float64]
    """``(frames, 2)`` as (dy, dx), pixels: mean over the image; 0 in the first frame."""
    local: NDArray[np.float64]
    """``(frames, 2, 6)``: what is added locally, (dy, dx) as a polynomial of position with terms
    1, x, x², y, y², xy, where x, y run from -0.5 to 0.5 over the image; its mean is 0."""

    def at(
        self, y: NDArray[np.floating], x: NDArray[np.floating], shape: tuple[int, int]
    ) -> NDArray[np.float64]:
        """Shifts ``(frames, 2, n)`` at points (pixels) of an image of `shape`."""
        v = np.asarray(y, dtype=np.float64) / shape[0] - 0.5
        u = np.asarray(x, dtype=np.float64) / shape[1] - 0.5
        terms = np.stack([np.ones_like(u), u, u * u, v, v * v, u * v])
        return np.asarray(self.shifts[:, :, None] + self.local @ terms)


def random_tracks(
    rng: np.random.Generator,
    frames: int,
    dose_per_frame: float,
    pixel_size: float,
    traits: MotionTraits,
) -> Tracks:
    """Draw a burst that decays, a random walk, doming of the ice, and drift."""
    dose = np.arange(frames) * dose_per_frame
    settled = 1.0 - np.exp(-dose / traits.decay)
    direction = rng.uniform(0, 2 * np.pi)
    burst = rng.uniform(*traits.early) * np.array([np.sin(direction), np.cos(direction)])
    path = settled[:, None] * burst
    # The burst bends: a part of it turns aside with another time constant.
    aside = 0.3 * rng.standard_normal() * burst[::-1] * np.array([1.0, -1.0])
    path = path + (1.0 - np.exp(-dose / (3.0 * traits.decay)))[:, None] * aside
    steps = rng.standard_normal((frames, 2)) * rng.uniform(*traits.walk)
    steps[0] = 0.0
    heading = direction + rng.normal(0.0, 0.3)
    drift = np.arange(frames)[:, None] * traits.drift * np.array([np.sin(heading), np.cos(heading)])
    shifts = -(path + np.cumsum(steps, axis=0) + drift) / pixel_size
    return Tracks(
        shifts=shifts, local=_doming(rng, settled, rng.uniform(*traits.doming) / pixel_size)
    )


def _doming(
    rng: np.random.Generator, settled: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    """Radial motion about a point off the centre, and some bending; `size` at the corners."""
    pattern = np.zeros((2, 6))
    pattern[0, 3] = pattern[1, 1] = np.sqrt(2.0)
    pattern[:, [1, 3]] += rng.normal(0.0, 0.25, (2, 2))
    pattern[:, [2, 4, 5]] = rng.normal(0.0, 0.6, (2, 3))
    pattern[:, 0] = -(pattern[:, 2] + pattern[:, 4]) / 12.0
    pattern *= rng.choice([-1.0, 1.0]) * size
    return np.asarray(settled[:, None, None] * pattern)
