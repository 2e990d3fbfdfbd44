"""A particle of Gaussian balls, whose density, projections and symmetry are known exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BOX = 32
SPREAD = 1.3
"""Standard deviation of a ball, pixels."""
DIAMETER = 22.0
"""Pixels."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Balls:
    """Balls at `places` ``(n, 3)`` (x, y, z), pixels from the center."""

    places: NDArray[np.float64]

    def volume(self, rotation: NDArray[np.floating] | None = None) -> Array:
        """Density ``(z, y, x)``, turned by a matrix."""
        turned = self.places if rotation is None else self.places @ np.asarray(rotation).T
        lines = _bumps(turned)
        return np.einsum("nz,ny,nx->zyx", lines[2], lines[1], lines[0]).astype(np.float32)

    def images(self, rotations: Array, shifts: NDArray[np.floating]) -> Array:
        """Projections ``(n, y, x)`` along z after each rotation, moved by (dy, dx)."""
        found = []
        for rotation, (dy, dx) in zip(rotations, shifts, strict=True):
            x, y, z = _bumps(self.places @ rotation.T + [dx, dy, 0.0])
            found.append(np.einsum("ny,nx->yx", y, x * z.sum(axis=1, keepdims=True)))
        return np.array(found, dtype=np.float32)


def _bumps(places: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    axis = np.arange(BOX) - BOX // 2
    return [np.exp(-((axis - place[:, None]) ** 2) / (2 * SPREAD**2)) for place in places.T]


def scattered(seed: int, count: int) -> NDArray[np.float64]:
    """Places within 9 pixels of the center."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(count, 3))
    places *= rng.uniform(3.0, 9.0, (count, 1)) / np.linalg.norm(places, axis=1, keepdims=True)
    return places
