"""Where particles lie in the ice, and how they are turned."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["lay_end_on", "random_rotations", "scatter_points"]

SPREAD = 6.0
"""Degrees off the beam, at most, of the axis of a particle that is seen end-on."""


def scatter_points(
    rng: np.random.Generator, shape: tuple[float, float], spacing: float, count: int
) -> NDArray[np.float64]:
    """Points that keep their distance: a Poisson-disc sample by dart throwing.

    Parameters
    ----------
    rng
        Source of chance.
    shape
        ``(y, x)`` extent of the field.
    spacing
        Least distance of two points, in the units of `shape`.
    count
        Points wanted; fewer come back where no more fit (40 darts for each that is wanted).

    Returns
    -------
    numpy.ndarray
        ``(n, 2)`` as (y, x), n <= `count`.
    """
    taken = np.empty((count, 2))
    placed = 0
    for _ in range(40 * count):
        if placed == count:
            break
        dart = rng.uniform((0.0, 0.0), shape)
        near = taken[:placed] - dart
        if not np.any(near[:, 0] ** 2 + near[:, 1] ** 2 < spacing * spacing):
            taken[placed] = dart
            placed += 1
    return taken[:placed].copy()


def random_rotations(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Rotation matrices ``(count, 3, 3)``, uniform over all rotations (normed quaternions)."""
    q = rng.standard_normal((count, 4))
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    w, x, y, z = q.T
    matrices = np.empty((count, 3, 3), dtype=np.float32)
    matrices[:, 0] = np.stack(
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], 1
    )
    matrices[:, 1] = np.stack(
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], 1
    )
    matrices[:, 2] = np.stack(
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], 1
    )
    return matrices


def lay_end_on(
    rng: np.random.Generator, rotations: NDArray[np.float32], share: float
) -> NDArray[np.float32]:
    """Turn some of the particles so that they are seen along their z axis, as at an interface.

    Parameters
    ----------
    rng
        Source of chance.
    rotations
        ``(n, 3, 3)`` of all of them.
    share
        Part of the particles that are turned, 0 to 1: their axis then lies within 6 degrees of
        the beam, evenly over that cap and looking either way, and they are turned anyhow about
        it.

    Returns
    -------
    numpy.ndarray
        ``(n, 3, 3)``; the others are as they were.
    """
    count = len(rotations)
    chosen = rng.random(count) < share
    height = rng.uniform(np.cos(np.radians(SPREAD)), 1.0, count) * rng.choice((-1.0, 1.0), count)
    across = np.sqrt(1.0 - height**2)
    azimuth, turn = rng.uniform(0.0, 2.0 * np.pi, (2, count))
    axis = np.stack([across * np.cos(azimuth), across * np.sin(azimuth), height], axis=1)
    # Any frame with that axis; how it is turned about it does not matter, since `turn` is even.
    first = np.cross(axis, (0.0, 1.0, 0.0))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(axis, first)
    cosine, sine = np.cos(turn)[:, None], np.sin(turn)[:, None]
    laid = np.stack([cosine * first + sine * second, cosine * second - sine * first, axis], axis=2)
    return np.where(chosen[:, None, None], laid.astype(np.float32), rotations)
