"""A small particle of known atoms, and maps of it."""

from pathlib import Path

import gemmi
import numpy as np

from icestream.formats import write_mrc
from icestream.model import Volume
from icestream.processing.volume.align import mirrored
from icestream.processing.volume.rotations import euler_rotations
from icestream_structure.atoms import density_of, move_atoms, positions, read_model, write_model

BOX, PIXEL = 56, 1.2
TURN = euler_rotations(70.0, 40.0, 200.0)


def helices(path: Path, source: Path, residues: int = 90) -> Path:
    """The first residues of a chain of apoferritin, as a model of its own."""
    structure = read_model(source)
    structure.remove_ligands_and_waters()
    model = structure[0]
    while len(model) > 1:
        del model[-1]
    del model[0][residues:]
    for residue in model[0]:
        if residue.name == "CSX":  # an oxidized cysteine
            residue.name, residue.het_flag = "CYS", "A"
            del residue[next(i for i, atom in enumerate(residue) if atom.name == "OD")]
    for chain in model:
        for residue in chain:
            for atom in residue:
                atom.b_iso = 40.0
    structure.setup_entities()
    return write_model(path, structure, 1.0)


def placed(path: Path) -> gemmi.Structure:
    """The model turned and moved to where the maps have it."""
    structure = read_model(path)
    middle = positions(structure).mean(axis=0)
    home = np.full(3, BOX // 2 * PIXEL) + np.array([3.0, -2.0, 1.5])
    move_atoms(structure, TURN, home - TURN @ middle)
    return structure


def volume(folder: Path, path: Path, *, other_hand: bool = False, noise: float = 0.5) -> Volume:
    """The map that has it, with halves of independent noise."""
    rng = np.random.default_rng(1)
    density = density_of(placed(path), BOX, PIXEL)
    if other_hand:
        density = mirrored(density)
    halves = []
    for name in ("half1", "half2"):
        noisy = density + rng.normal(0, noise * density.std(), density.shape)
        halves.append(noisy.astype(np.float32))
        write_mrc(folder / f"{name}.mrc", halves[-1], PIXEL, volume=True)
    write_mrc(folder / "map.mrc", (halves[0] + halves[1]) / 2, PIXEL, volume=True)
    return Volume(
        particles=1000,
        iteration=1,
        map=folder / "map.mrc",
        half1=folder / "half1.mrc",
        half2=folder / "half2.mrc",
        box=BOX,
        pixel_size=PIXEL,
        resolution=3.0,
    )


def distance(path: Path, to: gemmi.Structure) -> float:
    """Å, root mean square, between the atoms of two models that are in both."""
    named = {
        (chain.name, residue.seqid.num, atom.name): np.array(atom.pos.tolist())
        for chain in to[0]
        for residue in chain
        for atom in residue
    }
    found = [
        named[key] - np.array(atom.pos.tolist())
        for chain in read_model(path)[0]
        for residue in chain
        for atom in residue
        if (key := (chain.name, residue.seqid.num, atom.name)) in named
    ]
    assert len(found) > 0.9 * len(named)
    return float(np.sqrt(np.square(found).sum(axis=1).mean()))
