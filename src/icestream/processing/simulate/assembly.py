"""Specimens made from a seed: assemblies of helices that look and scatter like proteins."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from icestream.processing.simulate.placement import random_rotations
from icestream.processing.simulate.specimen import (
    BONDED_HYDROGENS,
    HYDROGEN_LENGTH,
    SCATTERING_LENGTH,
    Specimen,
)

__all__ = [
    "GENERATED",
    "dihedral_group",
    "make_barrel",
    "make_brick",
    "make_cage",
    "make_rod",
    "make_stalk",
    "octahedral_group",
]

ELEMENTS = "NCCOCCNO"
"""Of one residue: N, CA, C, O of the backbone and four atoms of a mean side chain."""


def octahedral_group() -> NDArray[np.float64]:
    """The 24 rotations of a cube, ``(24, 3, 3)``."""
    rotations = []
    for order in ((0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1), (2, 1, 0), (1, 0, 2)):
        for signs in np.ndindex(2, 2, 2):
            matrix = np.zeros((3, 3))
            matrix[np.arange(3), order] = 1.0 - 2.0 * np.array(signs)
            if np.linalg.det(matrix) > 0:
                rotations.append(matrix)
    return np.array(rotations)


def dihedral_group(folds: int = 2) -> NDArray[np.float64]:
    """The rotations of a prism about z, ``(2·folds, 3, 3)``: 4 of a brick (D2), in this order."""
    if folds == 2:
        signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=np.float64)
        return np.array([np.diag(sign) for sign in signs])
    angle = 2.0 * np.pi * np.arange(folds) / folds
    turned = np.zeros((folds, 3, 3))
    turned[:, 0, 0] = turned[:, 1, 1] = np.cos(angle)
    turned[:, 1, 0], turned[:, 0, 1], turned[:, 2, 2] = np.sin(angle), -np.sin(angle), 1.0
    return np.concatenate([turned, turned @ np.diag([1.0, -1.0, -1.0])])


def _helix(rng: np.random.Generator, residues: int) -> NDArray[np.float64]:
    """Atoms of an alpha helix along x, ``(8·residues, 3)``, Å, its middle at the origin."""
    number = np.arange(residues)[:, None]
    # Radius, height and angle of each atom of a residue; the side chain leans outwards.
    radius = np.array([1.5, 2.3, 1.7, 2.0, 3.3, 4.5, 5.6, 6.4]) + rng.normal(0, 0.3, (residues, 8))
    radius[:, 4:] *= rng.uniform(0.75, 1.1, (residues, 1))
    height = 1.5 * (number - 0.5 * (residues - 1)) + np.array([-0.9, 0, 1.1, 2.2, 0.2, 0, -0.4, 0])
    height = height + rng.normal(0, 0.5, (residues, 8)) * np.array([0, 0, 0, 0, 1, 2, 2, 3])
    turn = 100.0 * number + np.array([-28.0, 0.0, 26.0, 30.0, -10.0, 5.0, 0.0, 10.0])
    turn = np.radians(turn + rng.normal(0, 8.0, (residues, 8)))
    atoms = np.stack([height, radius * np.cos(turn), radius * np.sin(turn)], axis=-1)
    return np.asarray(atoms.reshape(-1, 3))


def _bundle(rng: np.random.Generator, residues: int) -> NDArray[np.float64]:
    """Four helices side by side, 10 Å apart, slightly splayed."""
    parts = []
    for y, z in ((-5, -5), (-5, 5), (5, -5), (5, 5)):
        helix = _helix(rng, residues + int(rng.integers(-4, 5)))
        tilt = np.radians(rng.normal(0.0, 8.0))
        cosine, sine = np.cos(tilt), np.sin(tilt)
        turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        parts.append(helix @ turn.T + np.array([rng.normal(0, 2.0), y, z]))
    return np.concatenate(parts)


def _pack(
    rng: np.random.Generator,
    unit: NDArray[np.float64],
    group: NDArray[np.float64],
    place: Callable[[np.random.Generator], tuple[NDArray[np.float64], NDArray[np.float64]]],
    placed: list[NDArray[np.float64]],
    *,
    gap: float,
) -> NDArray[np.float64]:
    """The best of 200 placements of `unit`: `gap` Å off its copies and `placed`, then close in."""
    best, most = unit, -np.inf
    sample = unit[::24]
    for _ in range(200):
        rotation, shift = place(rng)
        moved = sample @ rotation.T + shift
        others = np.concatenate(
            [moved @ matrix.T for matrix in group[1:]]
            + [part[::24] @ matrix.T for part in placed for matrix in group]
        )
        nearest = np.linalg.norm(moved[:, None] - others[None], axis=2).min()
        merit = min(nearest, gap) - 0.05 * np.linalg.norm(shift)
        if merit > most:
            best, most = unit @ rotation.T + shift, merit
    return best


def _assemble(name: str, units: list[NDArray[np.float64]], group: NDArray[np.float64]) -> Specimen:
    atoms = np.concatenate([unit @ matrix.T for matrix in group for unit in units])
    lengths = np.array(
        [SCATTERING_LENGTH[e] + HYDROGEN_LENGTH * BONDED_HYDROGENS[e] for e in ELEMENTS]
    )
    return Specimen.from_points(name, atoms, np.resize(lengths, len(atoms)))


@cache
def make_cage(seed: int = 24) -> Specimen:
    """A hollow shell of 24 four-helix bundles with the symmetry of a cube, about 130 Å wide.

    Parameters
    ----------
    seed
        Another seed makes another protein of the same kind.
    """
    rng = np.random.default_rng(seed)
    group = octahedral_group()

    def place(chance: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        outwards = chance.standard_normal(3)
        outwards /= np.linalg.norm(outwards)
        along = np.cross(outwards, chance.standard_normal(3))
        along /= np.linalg.norm(along)
        across = np.cross(outwards, along)
        return np.stack([along, across, outwards], axis=1), 51.0 * outwards

    unit = _pack(rng, _bundle(rng, 28), group, place, [], gap=6.0)
    # A short fifth helix points to the middle and marks which way the unit looks.
    tail = _helix(rng, 12) @ random_rotations(rng, 1)[0].T.astype(np.float64)
    tail = tail + unit.mean(axis=0) * 0.72
    return _assemble("cage", [unit, tail], group)


@cache
def make_brick(seed: int = 4) -> Specimen:
    """A compact brick of four subunits with D2 symmetry, about 130 Å long.

    Parameters
    ----------
    seed
        Another seed makes another protein of the same kind.
    """
    rng = np.random.default_rng(seed)
    group = dihedral_group()

    def place(chance: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        middle = chance.uniform((4.0, 4.0, -30.0), (72.0, 36.0, 30.0))
        return random_rotations(chance, 1)[0].astype(np.float64), middle

    units: list[NDArray[np.float64]] = []
    for _ in range(9):
        units.append(_pack(rng, _bundle(rng, 26), group, place, units, gap=4.0))
    return _assemble("brick", units, group)


@cache
def make_barrel(seed: int = 7) -> Specimen:
    """Two rings of seven subunits back to back (D7), as a chaperonin: 150 Å, with a hole along z.

    Parameters
    ----------
    seed
        Another seed makes another protein of the same kind.
    """
    rng = np.random.default_rng(seed)
    group = dihedral_group(7)

    def place(chance: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        angle, height = chance.uniform(0.0, 2.0 * np.pi / 7.0), chance.uniform(12.0, 62.0)
        radius = chance.uniform(34.0, 56.0)
        middle = np.array([radius * np.cos(angle), radius * np.sin(angle), height])
        return random_rotations(chance, 1)[0].astype(np.float64), middle

    units: list[NDArray[np.float64]] = []
    for _ in range(4):
        units.append(_pack(rng, _bundle(rng, 26), group, place, units, gap=4.0))
    return _assemble("barrel", units, group)


def _stack(rng: np.random.Generator, layers: list[int], radius: float) -> NDArray[np.float64]:
    """Layers of upright bundles, 42 Å apart, each a ring of so many of them; one is a bundle."""
    parts = []
    for number, count in enumerate(layers):
        turn = rng.uniform(0.0, 2.0 * np.pi)
        for angle in turn + 2.0 * np.pi * np.arange(count) / count:
            bundle = _bundle(rng, 26)
            away = radius if count > 1 else 0.0
            height = 42.0 * (number - 0.5 * (len(layers) - 1))
            middle = np.array([height, away * np.cos(angle), away * np.sin(angle)])
            parts.append(bundle + middle)
    return np.concatenate(parts)


@cache
def make_rod(seed: int = 8) -> Specimen:
    """A straight rod of eight rings of six bundles, 336 Å long and 65 Å wide.

    Parameters
    ----------
    seed
        Another seed makes another protein of the same kind.
    """
    rod = _stack(np.random.default_rng(seed), [6] * 8, 20.0)
    return _assemble("rod", [rod], np.eye(3)[None])


@cache
def make_stalk(seed: int = 3) -> Specimen:
    """A small, long protein of four uneven layers: 140 kDa, 168 Å long and 45 Å wide.

    Parameters
    ----------
    seed
        Another seed makes another protein of the same kind.
    """
    stalk = _stack(np.random.default_rng(seed), [4, 2, 3, 3], 13.5)
    return _assemble("stalk", [stalk], np.eye(3)[None])


GENERATED: dict[str, Callable[[], Specimen]] = {
    "cage": make_cage,
    "brick": make_brick,
    "barrel": make_barrel,
    "rod": make_rod,
    "stalk": make_stalk,
}
"""The specimens that come with the package."""
