"""The same particles of two lists, whatever their order and number."""

import numpy as np
import pytest

from icestream.processing.same_places import SAME_PLACE, are_others, match_places


def some(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 12_000, (count, 2))


def test_particles_are_found_in_any_order() -> None:
    listed = some(300)
    order = np.random.default_rng(1).permutation(300)
    assert match_places(listed, listed[order]).tolist() == [
        [one, int(np.flatnonzero(order == one)[0])] for one in range(300)
    ]


def test_rounding_to_single_precision_and_to_other_pixels_is_no_difference() -> None:
    listed = some(300).astype(np.float32)
    there = (listed / np.float32(0.8347)).astype(np.float32).astype(np.float64) * 0.8347
    assert np.abs(there - listed).max() > 0
    assert match_places(listed, there).tolist() == [[one, one] for one in range(300)]


def test_what_is_farther_than_the_tolerance_is_another() -> None:
    listed = np.array([[100.0, 100.0], [200.0, 100.0]])
    moved = listed + np.array([[0.9 * SAME_PLACE, 0.0], [1.1 * SAME_PLACE, 0.0]])
    assert match_places(listed, moved).tolist() == [[0, 0]]


def test_several_at_one_place_are_matched_in_order_for_as_many_as_both_have() -> None:
    place, other = [50.0, 60.0], [10.0, 10.0]
    twice, thrice = np.array([place, other, place]), np.array([other, place, place, place])
    assert match_places(twice, thrice).tolist() == [[0, 1], [1, 0], [2, 2]]
    assert match_places(thrice, twice).tolist() == [[0, 1], [1, 0], [2, 2]]


def test_what_lies_nowhere_is_not_found() -> None:
    listed = np.array([[np.nan, 1.0], [3.0, 4.0]])
    assert match_places(listed, np.array([[3.0, 4.0], [np.nan, 1.0]])).tolist() == [[1, 0]]
    nothing = np.zeros((0, 2))
    assert match_places(listed, nothing).shape == match_places(nothing, listed).shape == (0, 2)
    assert match_places(nothing, nothing).shape == (0, 2)


@pytest.mark.parametrize(
    ("matched", "listed", "there", "others"),
    [(0, 5, 5, True), (0, 0, 5, False), (0, 5, 0, False), (9, 100, 200, True),
     (10, 100, 200, False), (3, 300, 3, False), (1, 1, 1, False)],
)  # fmt: skip
def test_lists_with_hardly_one_in_common_are_of_others(
    matched: int, listed: int, there: int, others: bool
) -> None:
    assert are_others(matched, listed, there) is others
