"""Grey values: as strong and as smooth as is asked for, whatever the size."""

import numpy as np
import pytest

from icestream.report.views.grey import Look, draw_grey, grey_limits, to_grey

DRAW = np.random.default_rng(3)


def test_what_lies_beyond_the_contrast_is_black_or_white() -> None:
    image = DRAW.normal(5.0, 2.0, (400, 300)).astype(np.float32)
    low, high = grey_limits(image, 3.0)
    assert (low, high) == pytest.approx((-1.0, 11.0), abs=0.2)
    grey = draw_grey(image, 1.0, Look(contrast=1.0))
    assert grey.shape == (400, 300)
    assert (grey == 0).mean() == pytest.approx(0.16, abs=0.03)
    assert (grey == 255).mean() == pytest.approx(0.16, abs=0.03)


def test_a_hot_pixel_does_not_take_the_contrast() -> None:
    image = DRAW.normal(0.0, 1.0, (200, 200)).astype(np.float32)
    image[3, 4] = 1e9
    assert grey_limits(image, 3.0) == pytest.approx((-3.0, 3.0), abs=0.2)


def test_values_that_are_no_numbers_and_constant_images() -> None:
    image = np.full((8, 8), 4.0, dtype=np.float32)
    image[0, 0], image[0, 1] = np.nan, np.inf
    grey = to_grey(image, grey_limits(image, 3.0))
    assert (grey[0, 0], grey[0, 1]) == (0, 255)
    assert set(grey[1:].ravel()) == {127}
    assert grey_limits(np.full((2, 2), np.nan), 3.0) == (0.0, 1.0)


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_a_gaussian_halves_the_resolution_that_is_asked_for(factor: int) -> None:
    """A wave of exactly that length is left with half of its amplitude, at any size."""
    size, pixel_size, wave = 512, 2.0, 64.0
    x = np.arange(size) * pixel_size
    image = np.tile(np.sin(2 * np.pi * x / wave), (size, 1)).astype(np.float32)
    plain = draw_grey(image, pixel_size, Look(contrast=4.0), factor)
    # A second wave, that is far longer, keeps the greys of both alike.
    image += np.sin(2 * np.pi * np.arange(size)[:, None] / size).astype(np.float32)
    smooth = draw_grey(image, pixel_size, Look(contrast=4.0, lowpass=wave), factor)
    assert plain.shape == smooth.shape == (size // factor, size // factor)
    inside = slice(128 // factor, -128 // factor)  # at the edges there is less to average
    row = smooth[smooth.shape[0] // 2, inside].astype(float)
    column = smooth.astype(float).mean(axis=1)
    assert np.ptp(row) / np.ptp(column) == pytest.approx(0.5, abs=0.06)


def test_whole_numbers_are_drawn_too() -> None:
    image = DRAW.integers(0, 9, (64, 64), dtype=np.uint8)
    assert np.ptp(draw_grey(image, 1.0, Look())) > 50
