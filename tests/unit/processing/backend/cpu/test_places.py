import numpy as np
import pytest

from icestream.processing.backend import cpu


def hill(shape, place, curve=(0.01, 0.02, 0.008)):
    """A quadratic hill, periodic, whose top lies between pixels."""
    y = (np.arange(shape[0]) - place[0] + shape[0] / 2) % shape[0] - shape[0] / 2
    x = (np.arange(shape[1]) - place[1] + shape[1] / 2) % shape[1] - shape[1] / 2
    y, x = y[:, None], x[None, :]
    return (5 - curve[0] * y * y - curve[1] * x * x - curve[2] * y * x).astype(np.float32)


@pytest.mark.parametrize("place", [(0, 0), (0.3, -0.4), (-5.2, 6.4), (7.49, 0.1)])
@pytest.mark.parametrize("shape", [(32, 32), (33, 40)])
def test_the_top_of_a_hill_is_found_between_pixels(shape, place):
    places, heights = cpu.peak(hill(shape, place)[None], 10)
    np.testing.assert_allclose(places[0], place, atol=1e-4)
    assert heights[0] == pytest.approx(5, abs=0.02)


def test_higher_places_beyond_the_radius_are_not_looked_at():
    maps = np.stack([hill((40, 40), (1.2, 2.1)), hill((40, 40), (-3, -2.5))])
    maps[:, 12, 0] = 99
    places, _ = cpu.peak(maps, 6)
    np.testing.assert_allclose(places, [(1.2, 2.1), (-3, -2.5)], atol=1e-4)


def test_a_map_smaller_than_the_radius_is_searched_once():
    maps = np.zeros((1, 8, 8), np.float32)
    maps[0, 4, 3] = 1
    places, _ = cpu.peak(maps, 100)
    assert tuple(places[0]) == (-4, 3)


def test_a_ridge_without_top_keeps_its_pixel():
    maps = np.tile(np.array([3, 1, 0, 0, 0, 1], np.float32), (1, 6, 1))
    places, _ = cpu.peak(maps, 2)
    assert places[0, 1] == 0
    assert abs(places[0, 0]) <= 2


def test_patches_are_cut_from_every_image():
    images = np.arange(2 * 6 * 7).reshape(2, 6, 7)
    cut = cpu.gather_patches(images, np.array([(0, 0), (3, 4)]), 3)
    assert cut.shape == (2, 2, 3, 3)
    assert cut.dtype == np.float32
    np.testing.assert_array_equal(cut[1], images[:, 3:6, 4:7])


@pytest.mark.parametrize("corner", [(-1, 0), (0, 5), (4, 0)])
def test_patches_beyond_the_border_are_refused(corner):
    with pytest.raises(ValueError, match="1 of 2 patches of 3 pixels .* 6 x 7 pixels"):
        cpu.gather_patches(np.zeros((6, 7)), np.array([(0, 0), corner]), 3)
