import numpy as np
import pytest

from icestream.processing.grey import draw_thumbnail, stretch

RAMP = np.linspace(-3.0, 5.0, 10_000, dtype=np.float32).reshape(100, 100)


def test_all_greys_are_used_and_few_pixels_are_cut_off() -> None:
    picture = stretch(RAMP)
    assert (picture.min(), picture.max()) == (0, 255)
    assert np.mean(picture == 255) < 0.01
    assert picture[50, 0] == pytest.approx(127, abs=1)


def test_scale_and_level_of_the_image_do_not_matter() -> None:
    difference = stretch(RAMP).astype(int) - stretch(1e4 * RAMP - 77.0)
    assert np.abs(difference).max() <= 1


def test_one_hot_pixel_does_not_darken_the_rest() -> None:
    hot = RAMP.copy()
    hot[3, 3] = 1e6
    assert np.median(stretch(hot)) == pytest.approx(127, abs=2)


def test_a_constant_image_is_black() -> None:
    assert not stretch(np.full((8, 8), 4.0)).any()


def test_a_thumbnail_is_small_and_uses_the_greys() -> None:
    image = np.random.default_rng(1).normal(size=(1000, 700)).astype(np.float32)
    picture = draw_thumbnail(image, 1.0, 256)
    assert picture.shape == (250, 175)
    assert picture.min() == 0
    assert picture.max() == 255
    assert not draw_thumbnail(np.zeros((64, 64), np.float32), 1.0, 64).any()
