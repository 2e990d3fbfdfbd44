"""Spreads: those that values were drawn with, whatever outliers there are."""

import numpy as np
import pytest

from icestream.processing.changes.spreads import (
    estimate_spreads,
    level_groups,
    resist_outliers,
    without_covariate,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


def blocks(squares: int, each: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.repeat(np.arange(squares), each)


def test_spreads_are_those_that_values_were_drawn_with(rng: np.random.Generator) -> None:
    on = blocks(30, 40)
    values = (rng.normal(0.0, 3.0, 30)[on] + rng.normal(0.0, 1.0, len(on)))[:, None]
    values[rng.integers(0, len(on), 40)] += 100.0
    spreads = estimate_spreads(values, on, (1.0, 1.0))
    assert spreads.noise == pytest.approx(1.0, rel=0.15)
    assert spreads.between == pytest.approx(3.0, rel=0.35)


def test_values_at_a_limit_do_not_hide_how_far_the_others_lie(rng: np.random.Generator) -> None:
    """Fits that reach the Nyquist frequency are all alike: more than half, and no noise at all."""
    on = blocks(30, 40)
    values = np.where(rng.random(len(on)) < 0.6, 0.0, rng.normal(0.7, 0.1, len(on)))[:, None]
    assert estimate_spreads(values, on, (0.07, 0.08)).noise > 0.4


def test_neighbours_that_are_alike_make_a_mean_less_sure(rng: np.random.Generator) -> None:
    on = blocks(10, 60)
    alike = np.repeat(rng.normal(0.0, 1.0, 200), 3)[:, None]
    assert estimate_spreads(alike, on, (1.0, 1.0)).mean > 1.3
    alone = rng.normal(0.0, 1.0, (600, 1))
    assert estimate_spreads(alone, on, (1.0, 1.0)).mean < 1.2


def test_before_anything_is_known_what_is_expected_holds() -> None:
    spreads = estimate_spreads(np.zeros((3, 1)), blocks(1, 3), (2.0, 5.0))
    assert (spreads.noise, spreads.between) == (2.0, 5.0)


def test_groups_lose_what_is_their_own(rng: np.random.Generator) -> None:
    groups = np.arange(300) % 5
    values = (100.0 * groups + rng.normal(0.0, 1.0, 300))[:, None]
    levelled = level_groups(values, groups, 300)
    assert levelled.std() < 0.05 * values.std()
    assert np.median(levelled) == pytest.approx(np.median(values), abs=5.0)


def test_a_change_is_kept_and_a_run_of_three_is_not() -> None:
    values = np.zeros((60, 1))
    values[20:23] = 50.0
    values[40:] = 10.0
    steady = resist_outliers(values, blocks(1, 60), 1.0)
    assert np.abs(steady[:40]).max() < 5.0
    assert steady[44:].min() == pytest.approx(10.0)


def test_neighbours_are_those_of_the_same_square() -> None:
    values = np.repeat([0.0, 8.0], 10)[:, None]
    assert np.array_equal(resist_outliers(values, blocks(2, 10), 1.0), values)


def test_what_follows_from_a_covariate_is_taken_out(rng: np.random.Generator) -> None:
    on = blocks(10, 30)
    covariate = rng.uniform(1.0, 2.0, 300)
    level = rng.normal(0.0, 5.0, 10)[on]
    values = (level + 20.0 * covariate + rng.normal(0.0, 0.1, 300))[:, None]
    rest = without_covariate(values, covariate, on, 300)[:, 0] - level
    assert rest.std() < 0.5
    same = np.full(300, 2.0)
    assert np.array_equal(without_covariate(values, same, on, 300), values)
