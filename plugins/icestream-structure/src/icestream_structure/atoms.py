"""Atomic models as gemmi has them: read, laid elsewhere, and as density."""

from collections.abc import Iterator
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray

from icestream.protocol import ItemFailed

__all__ = [
    "density_at",
    "density_of",
    "heavy_atoms",
    "move_atoms",
    "positions",
    "read_model",
    "read_structure",
    "write_model",
]

Map = NDArray[np.float32]
Points = NDArray[np.float64]

_BLUR = 0.7
"""Width of every atom, voxels: finer ones would fall between the voxels. A correlation of shells
does not see it."""


def read_structure(path: Path) -> gemmi.Structure:
    """All that a PDB or mmCIF file holds.

    Raises
    ------
    OSError
        If it cannot be opened.
    ValueError
        If it is no such file.
    """
    try:
        return gemmi.read_structure(str(path))
    except (IndexError, RuntimeError, ValueError) as error:  # an index of a list without elements
        raise ValueError(str(error)) from error


def read_model(path: Path, assembly: str = "", *, waters: bool = False) -> gemmi.Structure:
    """The first model of a PDB or mmCIF file, which may be compressed (.gz).

    Parameters
    ----------
    path
        The file.
    assembly
        Name of the biological assembly that is made of it; the atoms as they are when empty.
    waters
        Keep waters, too.

    Raises
    ------
    ItemFailed
        If it is no such file, has no atoms, or no such assembly.
    """
    try:
        structure = read_structure(path)
    except (OSError, ValueError) as error:
        raise ItemFailed(
            f"the model {path} cannot be read: {error}",
            advice="give a PDB or mmCIF file",
            code="bad-model",
        ) from error
    if assembly:
        names = [one.name for one in structure.assemblies]
        if assembly not in names:
            raise ItemFailed(
                f"{path} has no assembly {assembly!r}: it has {', '.join(names) or 'none'}",
                advice="set assembly to one that it has, or to nothing",
                code="no-assembly",
            )
        structure.transform_to_assembly(assembly, gemmi.HowToNameCopiedChain.AddNumber)
    while len(structure) > 1:
        del structure[-1]
    structure.setup_entities()
    structure.remove_alternative_conformations()
    if not waters:
        structure.remove_waters()
    structure.remove_empty_chains()
    if not len(structure) or not structure[0].count_atom_sites():
        raise ItemFailed(f"{path} has no atoms", advice="give another file", code="bad-model")
    return structure


def write_model(path: Path, structure: gemmi.Structure, extent: float) -> Path:
    """Write a model as mmCIF, in a cell of the map's width (Å); `path` is returned."""
    structure.cell = gemmi.UnitCell(extent, extent, extent, 90, 90, 90)
    structure.spacegroup_hm = "P 1"
    structure.make_mmcif_document().write_file(str(path))
    return path


def positions(structure: gemmi.Structure) -> Points:
    """``(n, 3)`` x, y, z of the atoms, Å."""
    return np.array([atom.pos.tolist() for atom in _atoms(structure)])


def heavy_atoms(structure: gemmi.Structure) -> int:
    """How many atoms of a model are no hydrogens, which programs add and leave out."""
    return sum(not atom.is_hydrogen() for atom in _atoms(structure))


def move_atoms(
    structure: gemmi.Structure, rotation: NDArray[np.floating], shift: NDArray[np.floating]
) -> None:
    """Turn a model by ``(3, 3)`` around the origin, then move it by ``(3,)`` Å."""
    transform = gemmi.Transform(
        gemmi.Mat33(np.asarray(rotation, dtype=np.float64).tolist()),
        gemmi.Vec3(*(float(value) for value in shift)),
    )
    structure[0].transform_pos_and_adp(transform)


def density_of(structure: gemmi.Structure, box: int, pixel_size: float) -> Map:
    """Density ``(box, box, box)`` (z, y, x) of a model, whose origin is the middle of a voxel 0.

    Atoms scatter electrons, and are somewhat wider than a voxel.
    """
    extent = box * pixel_size
    made = gemmi.DensityCalculatorE()
    made.d_min = 2.0 * pixel_size
    made.blur = 8.0 * np.pi**2 * (_BLUR * pixel_size) ** 2
    made.grid.set_size(box, box, box)
    made.grid.set_unit_cell(gemmi.UnitCell(extent, extent, extent, 90, 90, 90))
    made.grid.spacegroup = gemmi.SpaceGroup("P 1")
    made.add_model_density_to_grid(structure[0])
    return np.ascontiguousarray(np.array(made.grid, copy=False).transpose(2, 1, 0))


def density_at(density: Map, places: Points) -> float:
    """Mean density at places ``(n, 3)`` (x, y, z) in voxels; what is outside counts as 0."""
    from scipy.ndimage import map_coordinates  # slow to load

    return float(map_coordinates(density, places[:, ::-1].T, order=1, mode="constant").mean())


def _atoms(structure: gemmi.Structure) -> Iterator[gemmi.Atom]:
    for chain in structure[0]:
        for residue in chain:
            yield from residue
