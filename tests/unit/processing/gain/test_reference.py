import numpy as np
import pytest

from icestream.processing.gain.reference import dead_pixels, usable_gain


def test_dead_pixels_are_zero_negative_or_no_number():
    gain = np.array([[1.0, 0.0, -1.0], [np.nan, np.inf, 0.5]], np.float32)
    np.testing.assert_array_equal(dead_pixels(gain), [[0, 1, 1], [1, 1, 0]])


def test_no_reference_means_ones():
    found = usable_gain(None, (3, 4), np.zeros((3, 4), bool))
    assert found.dtype == np.float32
    assert (found == 1).all()


def test_defects_get_the_mean_of_the_good_pixels():
    gain = np.array([[2.0, 0.0], [4.0, 3.0]], np.float32)
    defects = np.array([[False, False], [True, False]])
    np.testing.assert_allclose(usable_gain(gain, (2, 2), defects), [[2, 3], [3, 3]])


def test_another_shape_is_refused_with_both_sizes():
    with pytest.raises(ValueError, match=r"2x3 .* 3x2"):
        usable_gain(np.ones((2, 3)), (3, 2), np.zeros((3, 2), bool))


def test_a_reference_without_positive_values_is_refused():
    with pytest.raises(ValueError, match="no positive value"):
        usable_gain(np.zeros((2, 2)), (2, 2), np.zeros((2, 2), bool))
