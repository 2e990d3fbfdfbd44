"""Point groups, with their axes where RELION has them."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.processing.volume.rotations import Rotations, axis_rotations

__all__ = ["Axis", "asymmetric_unit", "generators", "group_order", "point_group"]

_GOLDEN = (1.0 + np.sqrt(5.0)) / 2.0
_FIXED: dict[str, tuple[tuple[int, tuple[float, float, float]], ...]] = {
    "T": ((3, (0.0, 0.0, 1.0)), (2, (0.0, np.sqrt(2.0 / 3.0), np.sqrt(1.0 / 3.0)))),
    "O": ((4, (0.0, 0.0, 1.0)), (3, (1.0, 1.0, 1.0))),
    "I": ((5, (1.0, 0.0, _GOLDEN)), (2, (0.0, 0.0, 1.0))),
}
"""Generators: the order of an axis and its direction (x, y, z)."""
_NEAR = 1.3
"""Distances between directions within which one that is left out has one that is kept: at the
border of a unit that is wide enough they are as far."""


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """An axis of symmetry."""

    fold: int
    """Its order: a turn by 360 degrees over it changes nothing."""
    direction: NDArray[np.float64]
    """``(3,)`` unit vector (x, y, z)."""

    @property
    def rotation(self) -> Rotations:
        """``(3, 3)`` the smallest turn about it."""
        return np.asarray(axis_rotations(self.direction, 360.0 / self.fold)[0])


def generators(name: str) -> tuple[Axis, ...]:
    """Axes that generate the point group `name`.

    C1, Cn, Dn, T, O or I. As in RELION: n-fold axes along z; twofold ones of Dn along x; T with a
    threefold axis along z and a twofold one in the yz plane; O with fourfold axes along x, y
    and z; I with twofold axes along x, y and z and a fivefold one in the xz plane (I2).

    Raises
    ------
    ValueError
        If there is no such group.
    """
    wanted = name.strip().upper()
    if wanted in _FIXED:
        axes = _FIXED[wanted]
    else:
        match = re.fullmatch(r"([CD])([1-9][0-9]?)", wanted)
        if match is None:
            raise ValueError(f"no point group is called {name!r}; give C1, C4, D2, T, O or I, say")
        fold = int(match[2])
        axes = ((fold, (0.0, 0.0, 1.0)),) if fold > 1 else ()
        if match[1] == "D":
            axes = (*axes, (2, (1.0, 0.0, 0.0)))
    return tuple(Axis(fold, np.array(axis) / np.linalg.norm(axis)) for fold, axis in axes)


def point_group(name: str) -> Rotations:
    """All rotations ``(order, 3, 3)`` of the point group `name`, the identity first.

    Raises
    ------
    ValueError
        If there is no such group.
    """
    made = [axis.rotation for axis in generators(name)]
    group = [np.eye(3)]
    for element in group:  # grows while it is walked
        for generator in made:
            product = element @ generator
            if all(np.abs(product - known).max() > 1e-3 for known in group):
                group.append(product)
    return np.array(group, dtype=np.float32)


def group_order(name: str) -> int:
    """Number of rotations in the group."""
    return len(point_group(name))


def asymmetric_unit(directions: NDArray[np.float32], group: Rotations) -> NDArray[np.bool_]:
    """Which of the `directions` ``(n, 3)`` to keep so that the group makes all of them, once.

    Those that lie nearer to one generic direction than any of their equivalents do. Where the
    directions are so far apart that few or none of them do, of the others those that no
    equivalent of a kept one comes near: at least one is kept, whatever the group.
    """
    inside = np.array([0.31, 0.17, 0.93], dtype=np.float32)
    equivalents = np.einsum("gij,nj->gni", group, directions) @ inside
    kept = np.asarray(equivalents[0] >= equivalents.max(axis=0) - 1e-6)
    if kept.all():
        return kept
    near = np.cos(_NEAR * np.sqrt(4.0 * np.pi / len(directions)))
    covered = _closest(directions, directions[kept], group)
    while covered.min() < near:
        farthest = int(covered.argmin())
        kept[farthest] = True
        added = _closest(directions, directions[[farthest]], group)
        covered = np.maximum(covered, added)
    return kept


def _closest(
    directions: NDArray[np.float32], kept: NDArray[np.float32], group: Rotations
) -> NDArray[np.float32]:
    """Cosine ``(n,)`` of the angle from each direction to what the group makes of the kept ones."""
    made = np.einsum("gij,nj->gni", group, kept).reshape(-1, 3)
    return np.asarray((directions @ made.T).max(axis=1, initial=-2.0))
