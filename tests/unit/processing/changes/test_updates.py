"""Changes for the worse of few updates: found, held, over, and hardly ever told for nothing."""

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.processing.changes.updates import worse_since

NOISE, SMALLEST = 0.05, 0.18


def drawn(seed: int, count: int, trend: float = 0.0) -> NDArray[np.float64]:
    """Values that become better by so much in all, and scatter by 0.05."""
    noise = NOISE * np.random.default_rng(seed).standard_normal(count)
    values: NDArray[np.float64] = trend * np.exp(-np.arange(count) / 2.5) + noise
    return values


def test_nothing_is_said_of_fewer_than_five() -> None:
    assert worse_since(np.array([0.0, 0.0, 0.0, 1.0]), NOISE, SMALLEST) is None
    change = worse_since(np.array([0.0, 0.0, 0.0, 1.0, 1.0]), NOISE, SMALLEST)
    assert change is not None
    assert change.first == 3
    assert change.before == pytest.approx([0.0])
    assert change.size == pytest.approx([1.0])


def test_one_bad_update_is_no_change() -> None:
    values = np.array([0.0, 0.01, 0.0, 0.6, 0.01, 0.0, 0.0, 0.6, 0.0])
    assert all(worse_since(values[:end], NOISE, SMALLEST) is None for end in range(10))


def test_what_becomes_better_is_no_change() -> None:
    assert worse_since(np.repeat([0.0, -0.5], 6), NOISE, SMALLEST) is None


def test_small_changes_are_not_worth_telling() -> None:
    assert worse_since(np.repeat([0.0, 0.17], 10), 0.005, SMALLEST) is None
    assert worse_since(np.repeat([0.0, 0.19], 10), 0.005, SMALLEST) is not None


def test_it_holds_until_most_has_come_back_and_then_is_over() -> None:
    back = np.array([0.0] * 5 + [0.5] * 4)
    assert worse_since(np.append(back, [0.3, 0.3]), NOISE, SMALLEST) is not None
    assert worse_since(np.append(back, [0.1]), NOISE, SMALLEST) is not None
    assert worse_since(np.append(back, [0.1, 0.1]), NOISE, SMALLEST) is None


def test_what_lasts_is_usual_in_the_end() -> None:
    values = np.array([0.0] * 5 + [0.5] * 30)
    assert worse_since(values[:20], NOISE, SMALLEST) is not None
    assert worse_since(values, NOISE, SMALLEST) is None


@pytest.mark.parametrize(("trend", "most"), [(0.0, 2), (0.5, 2)])
def test_clean_updates_raise_next_to_nothing(trend: float, most: int) -> None:
    """Of two hundred sessions of twelve updates, looked at after each."""
    told = sum(
        any(worse_since(drawn(seed, 12, trend)[:end], NOISE, SMALLEST) for end in range(5, 13))
        for seed in range(200)
    )
    assert told <= most


@pytest.mark.parametrize(("jump", "trend", "least"), [(0.3, 0.0, 180), (0.3, 0.5, 120)])
def test_planted_changes_are_found_where_they_were(jump: float, trend: float, least: int) -> None:
    """Three updates after the sixth, within one of it."""
    found = 0
    for seed in range(200):
        values = drawn(1000 + seed, 9, trend)
        values[6:] += jump
        change = worse_since(values, NOISE, SMALLEST)
        found += change is not None and abs(change.first - 6) <= 1
    assert found >= least
