import numpy as np
import pytest

from icestream.processing.simulate.placement import random_rotations
from icestream.processing.volume.rotations import (
    axis_rotations,
    euler_rotations,
    random_rotation,
    rotation_grid,
    spiral_directions,
    views_along,
)


def test_directions_cover_the_sphere_evenly() -> None:
    found = spiral_directions(10.0)
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    assert np.abs(found.mean(axis=0)).max() < 0.01
    nearest = np.degrees(np.arccos(np.sort(found @ found.T, axis=1)[:, -2].clip(-1, 1)))
    assert 6.0 < nearest.min() <= nearest.max() < 12.0
    with pytest.raises(ValueError, match=r"0.5 to 90 degrees apart, not 0"):
        spiral_directions(0.0)


def test_a_view_looks_along_its_direction_as_relion_does() -> None:
    directions = np.array([[0.3, -0.5, 0.7], [0, 0, 1], [0, 0, -1], [-1, 0, 0]], dtype=np.float32)
    for direction, found in zip(directions, views_along(directions), strict=True):
        unit = direction / np.linalg.norm(direction)
        rot, tilt = np.degrees([np.arctan2(unit[1], unit[0]), np.arccos(unit[2])])
        assert np.allclose(found @ unit, [0, 0, 1], atol=1e-6)
        assert np.allclose(found, euler_rotations(rot, tilt, 0.0), atol=1e-6)


def test_euler_angles_turn_about_z_then_y_then_z() -> None:
    assert np.allclose(euler_rotations(90, 0, 0) @ [1, 0, 0], [0, -1, 0], atol=1e-6)
    assert np.allclose(euler_rotations(0, 90, 0) @ [1, 0, 0], [0, 0, 1], atol=1e-6)
    whole = euler_rotations(0, 0, 30) @ euler_rotations(0, 50, 0) @ euler_rotations(70, 0, 0)
    assert np.allclose(euler_rotations(70, 50, 30), whole, atol=1e-6)


def test_rotations_about_an_axis_are_right_handed() -> None:
    quarter = axis_rotations(np.array([0.0, 0.0, 2.0]), 90.0)[0]
    assert np.allclose(quarter @ [1, 0, 0], [0, 1, 0], atol=1e-6)
    third = axis_rotations(np.array([[1.0, 1.0, 1.0]]), 120.0)[0]
    assert np.allclose(third, [[0, 0, 1], [1, 0, 0], [0, 1, 0]], atol=1e-6)


def test_random_rotations_favor_no_direction() -> None:
    rng = np.random.default_rng(1)
    found = np.array([random_rotation(rng) for _ in range(3000)])
    assert np.allclose(np.linalg.det(found), 1.0, atol=1e-5)
    assert np.allclose(found @ found.transpose(0, 2, 1), np.eye(3), atol=1e-5)
    assert np.abs(found.mean(axis=0)).max() < 0.05
    # Uniform over all rotations: the trace is 0 on average and its square 1.
    trace = np.trace(found, axis1=1, axis2=2)
    assert abs(trace.mean()) < 0.08
    assert abs(np.square(trace).mean() - 1.0) < 0.1


def test_no_rotation_is_far_from_the_grid() -> None:
    grid = rotation_grid(15.0).reshape(-1, 9)
    asked = random_rotations(np.random.default_rng(2), 200).reshape(-1, 9)
    cosine = 0.5 * ((asked @ grid.T).max(axis=1) - 1.0)
    assert np.degrees(np.arccos(cosine.clip(-1, 1))).max() < 15.0
