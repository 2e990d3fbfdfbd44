"""Positions that keep their distance, and uniform rotations."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from icestream.processing.simulate.placement import (
    lay_end_on,
    random_rotations,
    scatter_points,
)


def test_points_keep_their_distance_and_stay_inside():
    points = scatter_points(np.random.default_rng(1), (300.0, 200.0), 15.0, 100)
    assert len(points) == 100
    assert pdist(points).min() >= 15.0
    assert (points >= 0).all()
    assert (points < (300.0, 200.0)).all()


def test_fewer_points_come_where_no_more_fit():
    points = scatter_points(np.random.default_rng(1), (50.0, 50.0), 40.0, 30)
    assert 1 <= len(points) < 5


def test_rotations_are_orthogonal_and_uniform():
    matrices = random_rotations(np.random.default_rng(2), 20000)
    product = np.einsum("nij,nkj->nik", matrices, matrices)
    np.testing.assert_allclose(product, np.broadcast_to(np.eye(3), product.shape), atol=2e-6)
    assert np.linalg.det(matrices).min() > 0.999
    # The image of an axis is uniform on the sphere: each coordinate is uniform in -1..1.
    height = matrices[:, 2, 2]
    assert height.mean() == pytest.approx(0.0, abs=0.02)
    assert height.var() == pytest.approx(1 / 3, abs=0.01)
    # The angle of a uniform rotation has mean pi/2 + 2/pi.
    angle = np.arccos(np.clip((np.trace(matrices, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert angle.mean() == pytest.approx(np.pi / 2 + 2 / np.pi, abs=0.02)


def test_end_on_particles_are_seen_along_their_axis_either_way_and_turned_anyhow():
    rng = np.random.default_rng(3)
    before = random_rotations(rng, 20000)
    after = lay_end_on(rng, before, 0.95)
    product = np.einsum("nij,nkj->nik", after, after)
    np.testing.assert_allclose(product, np.broadcast_to(np.eye(3), product.shape), atol=2e-6)
    assert np.linalg.det(after).min() > 0.999
    moved = (after != before).any(axis=(1, 2))
    assert moved.mean() == pytest.approx(0.95, abs=0.01)
    # The axis of a particle goes where the rotation takes z; the beam is along z.
    height = after[moved, 2, 2]
    assert np.abs(height).min() >= np.cos(np.radians(6.0)) - 1e-6
    assert np.mean(height > 0) == pytest.approx(0.5, abs=0.02)
    turn = np.arctan2(after[moved, 1, 0], after[moved, 0, 0])
    assert np.abs(np.exp(1j * turn).mean()) < 0.03


def test_none_end_on_are_as_they_were():
    rng = np.random.default_rng(4)
    before = random_rotations(rng, 50)
    np.testing.assert_array_equal(lay_end_on(rng, before, 0.0), before)
