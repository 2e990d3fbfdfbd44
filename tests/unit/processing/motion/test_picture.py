import numpy as np
import pytest

from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.picture import draw_tracks

BLUE, ORANGE = (25, 90, 170), (220, 90, 40)


def places(picture, colour):
    """Pixels (y, x) near a colour."""
    return np.argwhere(np.abs(picture.astype(int) - colour).max(axis=2) < 40)


def test_the_image_goes_against_the_shifts():
    """Shifts that grow towards +x mean that the image went to the left."""
    shifts = np.stack([np.zeros(10), np.arange(10.0)], axis=1)
    picture = draw_tracks(shifts, (400, 400))
    line, start = places(picture, BLUE), places(picture, ORANGE)
    assert np.ptp(line[:, 1]) > 150
    assert np.ptp(line[:, 0]) < 20
    assert start[:, 1].mean() > line[:, 1].mean() + 80


@pytest.mark.parametrize("shape", [(400, 400), (300, 600), (600, 300)])
def test_the_field_keeps_its_proportions_and_local_tracks_are_drawn(shape):
    rng = np.random.default_rng(2)
    terms = np.zeros((2, 6, 3))
    terms[:, 1:, 0] = rng.normal(0, 0.3, (2, 5))
    motion = LocalMotion(rng.normal(0, 1, (8, 2)).cumsum(axis=0), terms.reshape(2, 18), 1.0)
    picture = draw_tracks(motion, shape, size=400)
    assert abs((picture.shape[0] - 18) / picture.shape[1] - shape[0] / shape[1]) < 0.02
    starts = places(picture, ORANGE)
    cells = {(5 * y // picture.shape[0], 5 * x // picture.shape[1]) for y, x in starts}
    assert len(cells) == 25


def test_a_movie_that_stands_still_can_be_drawn():
    assert draw_tracks(np.zeros((1, 2)), (64, 64)).shape[2] == 3
    assert draw_tracks(np.zeros((5, 2)), (64, 64)).std() > 0
