"""Specimens from atomic models and maps."""

import gzip

import numpy as np
import pytest

from icestream.processing.simulate.specimen import (
    Specimen,
    specimen_from_pdb,
    specimen_from_volume,
)

PDB = """\
HEADER    TEST
ATOM      1  N   ALA A   1      10.000   0.000   0.000  1.00 10.00           N
ATOM      2  CA AALA A   1      12.000   0.000   0.000  0.50 10.00           C
ATOM      3  CA BALA A   1      99.000   0.000   0.000  0.50 10.00           C
ATOM      4  HA  ALA A   1      55.000   0.000   0.000  1.00 10.00           H
HETATM    5  O   HOH A   2      77.000   0.000   0.000  1.00 10.00           O
ENDMDL
ATOM      6  N   ALA A   1      10.000   0.000  50.000  1.00 10.00           N
END
"""


def test_reads_heavy_atoms_of_the_first_model():
    specimen = specimen_from_pdb(PDB, "alanine")
    assert len(specimen.positions) == 2
    assert np.ptp(specimen.positions[:, 0]) == pytest.approx(2.0)
    assert specimen.lengths[0] == pytest.approx(2.211 + 1.15 * 0.53)
    centre = np.average(specimen.positions, axis=0, weights=specimen.lengths)
    np.testing.assert_allclose(centre, 0.0, atol=1e-5)


def test_refuses_a_file_without_atoms():
    with pytest.raises(ValueError, match=r"'water'.*found none in 1 lines"):
        specimen_from_pdb("HETATM", "water")


def test_apoferritin_is_130_angstrom_wide(shared_data):
    path = shared_data / "models" / "apoferritin_6z6u.pdb.gz"
    specimen = specimen_from_pdb(gzip.decompress(path.read_bytes()).decode("ascii"), "apoferritin")
    assert len(specimen.positions) == 32424
    assert specimen.diameter == pytest.approx(128.0, abs=3.0)


def test_a_map_scatters_like_protein_of_its_volume():
    z, y, x = np.mgrid[-16:16, -16:16, -16:16]
    ball = (np.sqrt(z**2 + y**2 + x**2) < 10).astype(np.float32)
    voxel = 2.0
    specimen = specimen_from_volume(7.3 * ball, voxel, "ball")
    volume = ball.sum() * voxel**3
    # 0.0535 heavy atoms of mean length 2.9 in each cubic angstrom.
    assert specimen.lengths.sum() == pytest.approx(volume * 0.0535 * 2.9, rel=1e-3)
    assert specimen.diameter == pytest.approx(40.0, rel=0.05)


def test_a_map_can_be_cut_at_a_molecular_volume():
    rng = np.random.default_rng(0)
    specimen = specimen_from_volume(rng.random((20, 20, 20)), 1.0, "n", molecular_volume=500.0)
    assert len(specimen.positions) == 500


def test_refuses_a_map_in_which_nothing_stands_out():
    with pytest.raises(ValueError, match="is the protein negative"):
        specimen_from_volume(np.zeros((4, 4, 4)), 1.0, "void")


def test_refuses_points_without_lengths():
    with pytest.raises(ValueError, match="one length each"):
        Specimen.from_points("odd", np.zeros((3, 3)), np.ones(2))
