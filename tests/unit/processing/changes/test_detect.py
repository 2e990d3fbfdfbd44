"""Changes: found where they were planted, and not where only what is usual happens."""

from dataclasses import replace

import numpy as np
import pytest

from icestream.processing.changes.detect import (
    FEWEST,
    Expected,
    Stream,
    find_change,
    last_shown,
    newest_shift,
    shift_since,
)

EXPECTED = Expected(noise=1.0, between=1.0, smallest=1.0, on_square=4.0)
SURE = 6.0


def stream(seed: int, number: int, components: int = 1) -> Stream:
    """Squares of thirty that differ by about 1, three groups that differ by 10, noise of 1."""
    rng = np.random.default_rng(seed)
    on, groups = np.arange(number) // 30, np.arange(number) % 3
    own = rng.normal(0.0, 1.0, (number // 30 + 1, components))[on]
    values = own + 10.0 * groups[:, None] + rng.normal(0.0, 1.0, (number, components))
    return Stream(values=values, blocks=on, groups=groups)


def added(to: Stream, what: np.ndarray) -> Stream:  # type: ignore[type-arg]
    values = to.values + np.reshape(what, (len(to.values), -1))
    return Stream(values=values, blocks=to.blocks, groups=to.groups)


@pytest.mark.parametrize("components", [1, 2])
def test_a_step_is_found_with_when_and_how_much(components: int) -> None:
    step = np.where(np.arange(218) >= 208, 6.0, 0.0)[:, None] * np.ones(components)
    change = find_change(added(stream(1, 218, components), step), EXPECTED, SURE)
    assert change is not None
    assert abs(change.first - 208) <= 2
    assert change.size == pytest.approx(np.full(components, 6.0), abs=2.0)
    assert not change.gradual


def test_a_step_changes_with_the_sign_and_the_unit_of_the_values() -> None:
    step = np.where(np.arange(218) >= 208, 6.0, 0.0)
    up = find_change(added(stream(1, 218), step), EXPECTED, SURE)
    turned = Stream(
        values=-1e3 * added(stream(1, 218), step).values,
        blocks=np.arange(218) // 30,
        groups=np.arange(218) % 3,
    )
    scaled = Expected(noise=1e3, between=1e3, smallest=1e3, on_square=4e3)
    down = find_change(turned, scaled, SURE)
    assert up is not None
    assert down is not None
    assert down.first == up.first
    assert down.size == pytest.approx(-1e3 * up.size)
    assert down.score == pytest.approx(up.score)


def test_what_grows_is_said_to_grow() -> None:
    ramp = 0.1 * np.maximum(0, np.arange(260) - 150.0)
    change = find_change(added(stream(2, 260), ramp), EXPECTED, SURE)
    assert change is not None
    assert change.gradual
    assert 110 <= change.first <= 200


def test_squares_groups_and_single_outliers_are_no_change() -> None:
    for seed in range(3):
        usual = stream(seed, 300)
        bad = np.zeros(300)
        bad[np.random.default_rng(seed).integers(0, 300, 9)] = 40.0
        spoilt = added(usual, bad)
        for end in range(FEWEST, 301, 10):
            part = Stream(
                values=spoilt.values[:end], blocks=spoilt.blocks[:end], groups=spoilt.groups[:end]
            )
            assert find_change(part, EXPECTED, SURE) is None


def test_a_change_that_is_too_small_to_be_worth_telling_is_not() -> None:
    step = np.where(np.arange(240) >= 195, 3.0, 0.0)
    large = Expected(noise=1.0, between=0.1, smallest=8.0, on_square=8.0)
    assert find_change(added(stream(1, 240), step), large, SURE) is None


def test_of_few_values_nothing_is_usual() -> None:
    few = stream(1, FEWEST - 1)
    assert (
        find_change(added(few, np.where(np.arange(FEWEST - 1) > 30, 99.0, 0.0)), EXPECTED, SURE)
        is None
    )
    assert shift_since(stream(1, 30), EXPECTED, 28) == (0.0, 0.0)


def test_the_change_since_a_known_moment_is_measured() -> None:
    step = np.where(np.arange(218) >= 208, 5.0, 0.0)
    shift, score = shift_since(added(stream(3, 218), step), EXPECTED, 208)
    assert shift[0] == pytest.approx(5.0, abs=1.5)
    assert score > 4.0
    assert shift_since(stream(3, 218), EXPECTED, 208)[1] < 3.0


def test_the_newest_values_tell_that_all_is_as_before() -> None:
    there_and_back = np.where((np.arange(240) >= 200) & (np.arange(240) < 220), 8.0, 0.0)
    back = newest_shift(added(stream(4, 240), there_and_back), 200, np.array([10.0]), 8)
    assert abs(back[0]) < 3.0


@pytest.mark.parametrize("last", [205, 219, 238])
def test_the_last_value_that_shows_what_is_over_is_found(last: int) -> None:
    number = np.arange(250)
    there_and_back = np.where((number >= 200) & (number <= last), 8.0, 0.0)
    far = np.where(number == 246, 80.0, 0.0)  # a single bad one afterwards
    values = added(stream(4, 250), there_and_back + far)
    assert last_shown(values, 200, np.array([10.0]), np.array([8.0])) == last


def test_of_a_square_only_what_is_worse_is_told() -> None:
    number = np.arange(220)
    apart = np.where(number >= 210, 7.0, 0.0)  # the newest square begins there
    one_sided = replace(EXPECTED, worse=1)
    worse, better = added(stream(5, 220), apart), added(stream(5, 220), -apart)
    assert find_change(better, EXPECTED, 50.0) is not None
    assert find_change(worse, one_sided, 50.0) is not None
    assert find_change(better, one_sided, 50.0) is None


def test_a_square_that_differs_by_much_more_than_the_least_needs_to_be_less_sure() -> None:
    apart = added(stream(5, 220), np.where(np.arange(220) >= 210, 5.0, 0.0))
    by_little, by_much = replace(EXPECTED, on_square=4.0), replace(EXPECTED, on_square=2.0)
    assert find_change(apart, by_little, 50.0) is None
    assert find_change(apart, by_much, 50.0) is not None
    assert find_change(apart, by_much, 50.0, on_square=20.0) is None  # however much it is


def test_a_change_for_the_better_must_be_surer() -> None:
    step = np.where(np.arange(218) >= 205, 4.0, 0.0)
    found = find_change(added(stream(1, 218), step), EXPECTED, SURE)
    assert found is not None
    limit = 0.9 * found.score / (1.0 + 15.0 / 158.0)  # more while little is known
    assert find_change(added(stream(1, 218), step), replace(EXPECTED, worse=1), limit) is not None
    assert find_change(added(stream(1, 218), step), replace(EXPECTED, worse=-1), limit) is None
