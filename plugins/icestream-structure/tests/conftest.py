"""Models and programs for the tests."""

import sys
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import read_mrc
from icestream.protocol import Work
from icestream_structure.agreement import compared
from icestream_structure.items import AtomicModel

sys.path.insert(0, str(Path(__file__).parent))

from particle import BOX, PIXEL, helices, placed, volume


@pytest.fixture(scope="session")
def models(shared_data: Path) -> Path:
    """The folder of real models."""
    return shared_data / "models"


@pytest.fixture(scope="session")
def model(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 90 residues."""
    folder = tmp_path_factory.mktemp("model")
    return helices(folder / "helices.cif", models / "apoferritin_6z6u.pdb.gz")


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "a task"
    folder.mkdir()
    return Work(folder=folder, cores=1)


@pytest.fixture
def shaken(model: Path, tmp_path: Path) -> AtomicModel:
    """The model in its map, with every atom 0.3 Å off."""
    given = volume(tmp_path, model)
    structure = placed(model)
    rng = np.random.default_rng(2)
    for chain in structure[0]:
        for residue in chain:
            for atom in residue:
                atom.pos = type(atom.pos)(*(atom.pos.tolist() + rng.normal(0, 0.3, 3)))
    known = AtomicModel(
        iteration=1,
        map=given.map,
        half1=given.half1,
        half2=given.half2,
        box=BOX,
        pixel_size=PIXEL,
        resolution=3.0,
    )
    return compared(known, structure, read_mrc(given.map), tmp_path / "shaken")
