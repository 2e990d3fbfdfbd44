import numpy as np
import pytest

from icestream.processing.motion.magnification import Distortion, undo_distortion

SIZE = 128


def waves(matrix):
    """A sum of plane waves, seen through `matrix` about the centre."""
    y, x = np.indices((SIZE, SIZE)) - SIZE // 2
    y, x = np.einsum("ij,jyx->iyx", matrix, np.stack([y, x]).astype(float))
    found = np.zeros((SIZE, SIZE))
    for ky, kx, phase in ((0.05, 0.02, 0.3), (-0.11, 0.17, 1.0), (0.2, 0.21, 2.0)):
        found += np.cos(2 * np.pi * (ky * y + kx * x) + phase)
    return found.astype(np.float32)


@pytest.mark.parametrize("angle", [0.0, 30.0, -75.0])
def test_waves_get_back_their_direction_and_length(angle):
    distortion = Distortion(angle=angle, major=1.03, minor=0.99)
    seen = waves(np.linalg.inv(distortion.matrix))
    inside = (slice(12, -12),) * 2
    straight = waves(np.eye(2))
    found = undo_distortion(seen, distortion)
    np.testing.assert_allclose(found[inside], straight[inside], atol=0.03)
    assert np.abs(seen - straight)[inside].max() > 1


def test_the_angle_is_the_direction_of_the_larger_magnification():
    """Two spots on the x axis come nearer when that is the stretched direction."""
    image = np.zeros((SIZE, SIZE), np.float32)
    image[64, 64 + 40] = image[64 + 40, 64] = 1
    found = undo_distortion(image, Distortion(angle=0.0, major=1.25, minor=1.0))
    y, x = np.indices(image.shape)
    right, below = found * (x > y), found * (x < y)
    assert (right * x).sum() / right.sum() == pytest.approx(64 + 32, abs=0.1)
    assert (below * y).sum() / below.sum() == pytest.approx(64 + 40, abs=0.1)


def test_nothing_to_undo_changes_nothing():
    image = np.random.default_rng(1).normal(0, 1, (60, 41)).astype(np.float32)
    np.testing.assert_allclose(undo_distortion(image, Distortion()), image, atol=1e-3)
    assert (Distortion(angle=77.0).matrix == pytest.approx(np.eye(2))) is True


def test_percents_are_not_factors():
    with pytest.raises(ValueError, match="factors near 1"):
        Distortion(major=2.5)
