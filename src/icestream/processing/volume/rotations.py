"""Directions of view and rotations.

A rotation ``(3, 3)`` acts on columns (x, y, z) of the volume and gives those of the image: the
image is the sum of the turned volume along its z. Its rows are the image's x and y axes and the
direction of view, all in the volume's frame. That is RELION's matrix of the angles rot, tilt, psi.
"""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Rotations",
    "axis_rotations",
    "euler_rotations",
    "random_rotation",
    "rotation_grid",
    "spiral_directions",
    "views_along",
]

Rotations = NDArray[np.float32]
"""Matrices ``(..., 3, 3)``."""

_GOLDEN = math.pi * (3.0 - math.sqrt(5.0))


def spiral_directions(spacing: float) -> NDArray[np.float32]:
    """Unit vectors ``(n, 3)`` (x, y, z) evenly over the sphere, about `spacing` degrees apart.

    Notes
    -----
    Points of a golden spiral (https://doi.org/10.1007/s11004-009-9257-x): equal areas for any
    number of points.

    Raises
    ------
    ValueError
        If `spacing` is not between 0.5 and 90 degrees.
    """
    if not 0.5 <= spacing <= 90.0:
        raise ValueError(f"directions must be 0.5 to 90 degrees apart, not {spacing:g}")
    count = round(4.0 * math.pi / math.radians(spacing) ** 2)
    place = np.arange(count)
    z = 1.0 - (2.0 * place + 1.0) / count
    around = _GOLDEN * place
    flat = np.sqrt(1.0 - z * z)
    return np.stack([flat * np.cos(around), flat * np.sin(around), z], axis=1).astype(np.float32)


def views_along(directions: NDArray[np.float32]) -> Rotations:
    """Rotations ``(n, 3, 3)`` that look along `directions` ``(n, 3)``, with the in-plane angle 0.

    In RELION's angles: rot and tilt of the direction, psi 0.
    """
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    x, y, z = unit.T.astype(np.float64)
    flat = np.hypot(x, y)
    safe = np.maximum(flat, 1e-12)
    cosine, sine = np.where(flat > 1e-9, x / safe, 1.0), np.where(flat > 1e-9, y / safe, 0.0)
    first = np.stack([z * cosine, z * sine, -flat], axis=1)
    second = np.stack([-sine, cosine, np.zeros_like(z)], axis=1)
    return np.stack([first, second, unit], axis=1).astype(np.float32)


def euler_rotations(rot: float, tilt: float, psi: float) -> Rotations:
    """The matrix ``(3, 3)`` of RELION's angles, degrees: ``Rz(psi) Ry(tilt) Rz(rot)``.

    Source: https://doi.org/10.1016/j.jsb.2005.06.001 (the 3DEM convention).
    """

    def about_z(angle: float) -> NDArray[np.float64]:
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])

    c, s = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    about_y = np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])
    return np.asarray(about_z(psi) @ about_y @ about_z(rot), dtype=np.float32)


def axis_rotations(axes: NDArray[np.floating], angle: float) -> Rotations:
    """Right-handed rotations ``(n, 3, 3)`` by `angle` degrees about unit `axes` ``(n, 3)``."""
    axes = np.atleast_2d(np.asarray(axes, dtype=np.float64))
    axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    cross = np.zeros((len(axes), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -axes[:, 2], axes[:, 1], -axes[:, 0]
    cross = cross - cross.transpose(0, 2, 1)
    outer = axes[:, :, None] * axes[:, None, :]
    return (c * np.eye(3) + s * cross + (1.0 - c) * outer).astype(np.float32)


def random_rotation(random: np.random.Generator) -> Rotations:
    """One matrix ``(3, 3)``, uniform over all rotations."""
    basis, upper = np.linalg.qr(random.standard_normal((3, 3)))
    basis = basis * np.sign(np.diag(upper))
    basis[:, 0] *= np.linalg.det(basis)
    return np.asarray(basis, dtype=np.float32)


def rotation_grid(spacing: float) -> Rotations:
    """Rotations ``(n, 3, 3)`` that cover all of them, about `spacing` degrees apart."""
    views = views_along(spiral_directions(spacing))
    count = max(1, round(360.0 / spacing))
    turns = np.stack([euler_rotations(0.0, 0.0, 360.0 * k / count) for k in range(count)])
    grid: Rotations = np.einsum("aij,bjk->baik", turns, views).reshape(-1, 3, 3)
    return np.ascontiguousarray(grid)
