import numpy as np
import pytest

from icestream.processing.gain.sums import GainSums


def test_movies_go_to_the_halves_in_turn_and_the_mean_is_that_of_a_frame() -> None:
    sums = GainSums((2, 3))
    assert sums.half_means() is None
    sums.add(np.full((2, 3), 40, np.uint32), 10)
    assert sums.half_means() is None
    sums.add(np.full((2, 3), 5, np.uint32), 5)
    assert (sums.movies, sums.frames) == (2, [10, 5])
    np.testing.assert_allclose(sums.mean(), 3.0)
    first, second = sums.half_means() or (None, None)
    np.testing.assert_allclose(first, 4.0)
    np.testing.assert_allclose(second, 1.0)


def test_it_does_not_overflow_where_a_byte_or_two_would() -> None:
    sums = GainSums((1, 1))
    for _ in range(300):
        sums.add(np.full((1, 1), 65_000, np.uint16), 1)
    assert sums.halves.sum() == 300 * 65_000


def test_merging_is_adding() -> None:
    rng = np.random.default_rng(1)
    totals = rng.poisson(5, (4, 6, 7)).astype(np.uint32)
    one, two, every = GainSums((6, 7)), GainSums((6, 7)), GainSums((6, 7))
    for place, total in enumerate(totals):
        (one if place < 2 else two).add(total, 3)
        every.add(total, 3)
    one.merge(two)
    np.testing.assert_array_equal(one.halves, every.halves)
    assert (one.movies, one.frames) == (every.movies, every.frames)


def test_real_counts_stay_real() -> None:
    sums = GainSums((1, 2), real=True)
    sums.add(np.array([[0.25, -0.5]]), 1)
    np.testing.assert_array_equal(sums.mean(), [[0.25, -0.5]])


@pytest.mark.parametrize("real", [False, True])
def test_emptied_sums_take_the_same_movies(real: bool) -> None:
    sums = GainSums((1, 2), real=real)
    sums.add(np.array([[3, 4]]), 1)
    empty = sums.emptied()
    assert (empty.shape, empty.movies, empty.frames) == (sums.shape, 0, [0, 0])
    assert empty.halves.dtype == sums.halves.dtype
    assert not empty.halves.any()
    assert sums.halves.sum() == 7


def test_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(3, 2\)"):
        GainSums((2, 3)).add(np.zeros((3, 2)), 1)
