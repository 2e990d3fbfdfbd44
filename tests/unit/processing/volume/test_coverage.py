import numpy as np
import pytest

from balls import Array
from icestream.processing.volume.coverage import direction_histogram, sampling_efficiency
from icestream.processing.volume.rotations import spiral_directions
from icestream.processing.volume.symmetry import point_group

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
