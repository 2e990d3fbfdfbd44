"""Generated specimens: symmetric, of protein-like size and packing, the same each time."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from icestream.processing.simulate.assembly import (
    dihedral_group,
    make_barrel,
    make_brick,
    make_cage,
    make_rod,
    make_stalk,
    octahedral_group,
)


@pytest.mark.parametrize(
    ("group", "order"), [(octahedral_group(), 24), (dihedral_group(), 4), (dihedral_group(7), 14)]
)
def test_groups_are_closed_sets_of_rotations(group, order):
    assert len(group) == order
    np.testing.assert_allclose(np.linalg.det(group), 1.0)
    for first in group:
        for second in group:
            assert np.abs(group - first @ second).sum(axis=(1, 2)).min() < 1e-9


@pytest.mark.parametrize(
    ("make", "group", "diameter"),
    [
        (make_cage, octahedral_group(), 127),
        (make_brick, dihedral_group(), 122),
        (make_barrel, dihedral_group(7), 149),
    ],
)
def test_specimens_are_symmetric_and_of_their_size(make, group, diameter):
    specimen = make()
    tree = cKDTree(specimen.positions)
    for matrix in group[:6]:
        distance, _ = tree.query(specimen.positions[:500] @ matrix.T)
        assert distance.max() < 1e-3
    assert specimen.diameter == pytest.approx(diameter, abs=6)


def test_the_cage_is_hollow():
    radius = np.linalg.norm(make_cage().positions, axis=1)
    assert np.mean(radius < 20) < 0.02


def test_the_barrel_has_a_hole_along_its_axis():
    across = np.hypot(*make_barrel().positions[:, :2].T)
    assert np.mean(across < 15) < 0.02
    assert np.median(across) > 35


def test_the_seed_makes_the_specimen():
    again = make_cage.__wrapped__(24)
    np.testing.assert_array_equal(again.positions, make_cage().positions)
    other = make_cage.__wrapped__(25)
    assert not np.array_equal(other.positions, again.positions)
    assert other.diameter == pytest.approx(again.diameter, rel=0.1)


@pytest.mark.parametrize(
    ("make", "length", "width", "kilodalton"),
    [(make_rod, 336, 65, 549), (make_stalk, 168, 45, 137)],
)
def test_long_specimens_have_their_length_width_and_weight(make, length, width, kilodalton):
    positions = make().positions
    spread = np.linalg.svd(positions - positions.mean(axis=0), full_matrices=False)[2]
    along, across = np.ptp(positions @ spread[:2].T, axis=0)
    assert along == pytest.approx(length, rel=0.1)
    assert across == pytest.approx(width, rel=0.3)
    assert len(positions) / 8 * 0.110 == pytest.approx(kilodalton, rel=0.05)
