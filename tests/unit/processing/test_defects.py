import numpy as np
import pytest

from icestream.processing.defects import (
    find_outliers,
    find_outliers_in_movie,
    replace_defects,
)


def movie(seed=1, shape=(20, 150, 170)):
    return np.random.default_rng(seed).poisson(3.0, shape).astype(np.uint8)


def test_planted_pixels_are_found_and_no_others():
    frames = movie()
    frames[:, 40, 50] = 30
    frames[:, 100, 7] = 0
    found = np.argwhere(find_outliers(frames.sum(axis=0).astype(np.float32)))
    np.testing.assert_array_equal(found, [[40, 50], [100, 7]])


def test_an_uneven_field_has_no_outliers():
    y, x = np.indices((256, 256))
    rng = np.random.default_rng(2)
    uneven = rng.poisson(100 * (1 + 0.5 * x / 256) * (1 - 0.3 * (y > 128)))
    assert not find_outliers(uneven.astype(np.float32)).any()


def test_a_constant_image_with_one_odd_pixel():
    image = np.full((64, 64), 5.0, np.float32)
    assert not find_outliers(image).any()
    image[3, 4] = 50
    assert np.argwhere(find_outliers(image)).tolist() == [[3, 4]]


def test_pixels_of_a_movie_stand_out_after_its_gain():
    """A pixel that the gain corrects does not; one whose sum is no number does."""
    frames = movie().astype(np.float32)
    gain = np.ones(frames.shape[1:], np.float32)
    frames[:, 20, 30] *= 5
    gain[20, 30] = 0.2
    frames[:, 40, 50] = 30
    frames[3, 60, 70] = np.nan
    nothing = np.zeros(gain.shape, bool)
    found = np.argwhere(find_outliers_in_movie(frames, gain, nothing))
    np.testing.assert_array_equal(found, [[40, 50], [60, 70]])


def test_known_defects_do_not_hide_their_neighbours():
    """A broad bright stripe is the median of its blocks, unless it is known."""
    frames = movie()
    known = np.zeros(frames.shape[1:], bool)
    known[:, 20:60] = True
    frames[:, known] = 200
    frames[:, 40, 62] = 30
    gain = np.ones(known.shape, np.float32)
    found = find_outliers_in_movie(frames, gain, known)
    np.testing.assert_array_equal(np.argwhere(found), [[40, 62]])


def test_replaced_pixels_hold_counts_of_near_good_neighbours():
    frames = np.arange(2 * 60 * 60, dtype=np.uint16).reshape(2, 60, 60)
    before = frames.copy()
    defects = np.zeros((60, 60), bool)
    defects[30, 30] = defects[0, 0] = defects[59, 12] = True
    replace_defects(frames, defects, seed=3)
    assert (frames[:, ~defects] == before[:, ~defects]).all()
    for f, y, x in [(f, *place) for f in range(2) for place in np.argwhere(defects)]:
        source = np.argwhere(before[f] == frames[f, y, x])[0]
        assert np.abs(source - (y, x)).max() <= 3
        assert not defects[tuple(source)]


def test_the_statistics_of_the_counts_are_kept():
    frames = movie(shape=(200, 40, 40))
    defects = np.zeros((40, 40), bool)
    defects[:, 17] = True
    frames[:, defects] = 0
    replace_defects(frames, defects, seed=3)
    values = frames[:, defects].astype(float)
    assert values.mean() == pytest.approx(3, rel=0.05)
    assert values.var() == pytest.approx(3, rel=0.1)


def test_a_broad_dead_stripe_is_filled_from_further_out():
    frames = movie()
    defects = np.zeros((150, 170), bool)
    defects[:, 60:90] = True
    frames[:, defects] = 255
    replace_defects(frames, defects, seed=1)
    assert frames.max() < 30


def test_the_seed_decides():
    defects = np.random.default_rng(1).random((150, 170)) < 0.02
    frames = [movie() for _ in range(3)]
    for copy, seed in zip(frames, (1, 1, 2), strict=True):
        replace_defects(copy, defects, seed=seed)
    assert (frames[0] == frames[1]).all()
    assert (frames[0] != frames[2]).any()


def test_no_defects_and_nothing_but_defects():
    frames = movie(shape=(1, 8, 8))
    replace_defects(frames, np.zeros((8, 8), bool), seed=1)
    with pytest.raises(ValueError, match="every pixel"):
        replace_defects(frames, np.ones((8, 8), bool), seed=1)
