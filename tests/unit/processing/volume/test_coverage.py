import numpy as np
import pytest

from balls import Array
from icestream.processing.volume.coverage import direction_histogram, sampling_efficiency
from icestream.processing.volume.rotations import random_rotation, spiral_directions
from icestream.processing.volume.symmetry import asymmetric_unit, point_group

C1 = point_group("C1")


def test_each_particle_is_counted_once(views: Array) -> None:
    found = direction_histogram(views[:, 2], C1)
    assert found.counts.sum() == len(views)
    assert len(found.directions) == len(found.counts)
    one = direction_histogram(np.array([[0.0, 0.0, 1.0]], np.float32), point_group("D2"))
    assert one.counts.sum() == pytest.approx(1.0)
    assert np.allclose(np.abs(one.directions[one.counts > 0, 2]), 1.0, atol=0.05)


def test_efficiency_of_views_from_everywhere_from_the_side_and_from_above() -> None:
    assert sampling_efficiency(spiral_directions(4.0), C1) > 0.97
    around = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    side = np.stack([np.cos(around), np.sin(around), 0 * around], axis=1).astype(np.float32)
    # Side views alone: the density goes as 1 / sin of the angle from the axis, 8 / pi² in theory.
    assert sampling_efficiency(side, C1) == pytest.approx(8 / np.pi**2, abs=0.08)
    above = np.array([[0.0, 0.0, 1.0]], dtype=np.float32)
    assert sampling_efficiency(above, C1) == 0.0
    assert sampling_efficiency(np.concatenate([side, above]), C1) > 0.7


@pytest.mark.parametrize("name", ["C1", "D2", "D7", "O", "I"])
@pytest.mark.parametrize("spacing", [4.0, 15.0, 25.0, 30.0])
def test_a_coarse_grid_of_directions_is_no_view_that_is_missing(name: str, spacing: float) -> None:
    group, random = point_group(name), np.random.default_rng(1)
    true = spiral_directions(6.0)
    grid = spiral_directions(spacing) @ random_rotation(random)
    grid = grid[asymmetric_unit(grid, group)]
    nearest = np.stack([(true @ element) @ grid.T for element in group]).max(axis=0).argmax(axis=1)
    assert sampling_efficiency(grid[nearest], group, spacing=spacing) > 0.9


def test_a_side_that_most_particles_lie_on_shows(views: Array) -> None:
    """As many as that: what is in their slices is seen, of the rest as much as the others show."""
    random = np.random.default_rng(2)
    above = np.array([0.0, 0.0, 1.0]) + 0.1 * random.standard_normal((95 * len(views), 3))
    above /= np.linalg.norm(above, axis=1, keepdims=True)
    for most, bar in ((0.95, 0.15), (0.9, 0.25)):
        count = round(most / (1.0 - most) * len(views))
        mixed = np.concatenate([views[:, 2], above[:count]]).astype(np.float32)
        assert sampling_efficiency(mixed, C1, spacing=4.0) < bar
        assert sampling_efficiency(mixed, point_group("D7"), spacing=4.0) < bar
    half = np.concatenate([views[:, 2], above[: len(views)]]).astype(np.float32)
    assert sampling_efficiency(half, C1) > 0.5
