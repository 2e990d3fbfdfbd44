"""Faults of the camera are mended, and what was not known of them is told."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.processing.motion.camera import TooManyOutliers, correct_frames

SHAPE = (96, 128)
NONE = np.zeros(SHAPE, dtype=np.bool_)


def movie(seed: int = 1) -> NDArray[Any]:
    """Counts of about 20 in a pixel of each frame."""
    return np.random.default_rng(seed).poisson(20, (5, *SHAPE)).astype(np.uint16)


def at(*places: tuple[int, int]) -> NDArray[np.bool_]:
    mask = NONE.copy()
    mask[tuple(np.transpose(places))] = True
    return mask


def test_a_hot_pixel_is_found_and_gets_the_counts_of_a_neighbour() -> None:
    counts = movie()
    before = counts.copy()
    counts[:, 40, 50] = 1000
    found = correct_frames(counts, None, NONE, 1.5)
    assert np.array_equal(found.hot_pixels, at((40, 50)))
    assert found.frames.counts is counts
    assert counts[:, 40, 50].max() < 60
    others = ~found.hot_pixels
    assert np.array_equal(counts[:, others], before[:, others])
    assert (found.frames.pixel_size, found.frames.gain.min(), found.frames.gain.max()) == (
        1.5,
        1,
        1,
    )


def test_what_was_known_is_mended_too_but_is_no_news() -> None:
    """Dead in the reference, or listed: neither is told again, although both stand out."""
    counts, gain = movie(), np.full(SHAPE, 2.0, np.float32)
    for place, value in (((10, 20), 0), ((30, 40), 0), ((50, 60), 900)):
        counts[(slice(None), *place)] = value
    gain[10, 20] = 0.0
    found = correct_frames(counts, gain, at((30, 40)), 1.0)
    assert np.array_equal(found.hot_pixels, at((50, 60)))
    for y, x in ((10, 20), (30, 40), (50, 60)):
        assert 0 < counts[:, y, x].min() <= counts[:, y, x].max() < 60
    assert (found.frames.gain == 2.0).all()
    assert gain[10, 20] == 0.0, "the reference is left as it is"


def test_the_threshold_decides_what_stands_out() -> None:
    counts = movie()
    counts[:, 40, 50] = 60
    assert correct_frames(counts.copy(), None, NONE, 1.0).hot_pixels[40, 50]
    assert not correct_frames(counts.copy(), None, NONE, 1.0, threshold=1e3).hot_pixels.any()


def test_the_seed_decides_which_neighbour() -> None:
    made = []
    for seed in (1, 1, 2):
        counts = movie()
        counts[:, 40:44, 50:54] = 1000
        correct_frames(counts, None, NONE, 1.0, seed=seed)
        made.append(counts)
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_when_too_much_stands_out_it_is_said_and_nothing_is_mended() -> None:
    counts = movie()
    before = counts.copy()
    wrong = np.where(np.random.default_rng(2).random(SHAPE) < 0.1, 9.0, 1.0).astype(np.float32)
    with pytest.raises(TooManyOutliers, match="10 % of the pixels") as caught:
        correct_frames(counts, wrong, NONE, 1.0)
    assert caught.value.share == pytest.approx((wrong > 1).mean(), abs=1e-3)
    assert np.array_equal(counts, before)


def test_a_reference_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="the gain reference is 7x9 pixels"):
        correct_frames(movie(), np.ones((7, 9), np.float32), np.zeros((7, 9), np.bool_), 1.0)
