"""Histograms and trends against numpy on the same values."""

import numpy as np
import pytest

from icestream.report.trends import (
    BINS,
    PREFERRED,
    Histogram,
    Trend,
    in_page_order,
    rounded,
    run_width,
)


def filled(values: np.ndarray, *, whole: bool = False) -> Histogram:
    histogram = Histogram(whole=whole)
    for order, value in enumerate(values):
        histogram.put(order, float(value), rejected=False)
    return histogram


def test_counts_are_those_of_numpy_within_the_bins() -> None:
    values = np.random.default_rng(1).normal(3.5, 0.4, 900)
    shown = filled(values).shown(1.0)
    edges = shown["low"] + shown["step"] * np.arange(BINS + 1)
    inside = np.clip(values, edges[0] + 1e-9, edges[-1] - 1e-9)
    expected, _ = np.histogram(inside, edges)
    assert sum(shown["kept"]) == 900
    assert np.abs(np.array(shown["kept"]) - expected).max() == 0


def test_values_beyond_the_range_are_in_the_outermost_bins() -> None:
    values = np.concatenate([np.random.default_rng(1).normal(100, 5, 400), [1e6, -1e6]])
    shown = filled(values).shown(1.0)
    assert sum(shown["kept"]) == 402
    assert shown["kept"][-1] >= 1
    assert shown["kept"][0] >= 1
    assert shown["low"] > 0


@pytest.mark.parametrize("count", [5, 12, 60, 400])
def test_one_exposure_far_from_all_others_does_not_set_the_axis(count: int) -> None:
    values = np.random.default_rng(4).normal(3.4, 0.2, count)
    values[count // 2] = 2600.0
    histogram = filled(values)
    low, high = histogram.range
    assert low <= np.sort(values)[0]
    assert np.sort(values)[-2] <= high < 12
    assert histogram.beyond == [0, 1]
    assert sum(histogram.shown(1.0)["kept"]) == count
    histogram.put(count // 2, 3.4, rejected=False)
    assert histogram.beyond == [0, 0]


def test_values_beyond_are_counted_also_when_they_come_later() -> None:
    histogram = filled(np.random.default_rng(5).normal(100, 5, 300))
    for order, value in ((300, 1e5), (301, -1e5), (302, 2e5)):
        histogram.put(order, value, rejected=order == 302)
    assert histogram.beyond == [1, 2]


def test_of_few_values_that_only_scatter_all_are_in_range() -> None:
    values = np.array([3.0, 3.1, 3.2, 3.3, 3.2, 3.1, 3.3, 3.2, 3.4, 3.1, 4.5, 2.4])
    histogram = filled(values)
    low, high = histogram.range
    assert low <= values.min()
    assert high >= values.max()
    assert histogram.beyond == [0, 0]


def test_a_group_of_exposures_is_no_outlier() -> None:
    values = np.random.default_rng(6).normal(160, 60, 100)
    values[60:70] += 700
    assert filled(values).beyond == [0, 0]


def test_one_value_lies_in_the_middle_of_an_axis_that_says_something() -> None:
    low, high = filled(np.array([3.375])).range
    assert low < 3.0
    assert high > 3.8
    low, high = filled(np.zeros(20)).range
    assert high - low >= 5e-4


def test_a_value_moves_when_it_changes_or_its_exposure_is_rejected() -> None:
    histogram = filled(np.linspace(1, 9, 64))
    histogram.put(10, 5.0, rejected=True)
    shown = histogram.shown(1.0)
    assert sum(shown["kept"]) == 63
    assert sum(shown["rejected"]) == 1
    assert histogram.kept_sum == pytest.approx(
        np.linspace(1, 9, 64).sum() - np.linspace(1, 9, 64)[10]
    )
    histogram.put(10, float("nan"), rejected=False)
    assert histogram.filled == 63
    assert sum(histogram.shown(1.0)["rejected"]) == 0


def test_exposures_may_be_measured_out_of_order() -> None:
    histogram = Histogram()
    histogram.put(5, 2.0, rejected=False)
    histogram.put(2, 4.0, rejected=False)
    assert histogram.filled == 2
    assert histogram.median() == 3.0


def test_whole_numbers_get_bins_of_whole_width() -> None:
    values = np.random.default_rng(2).integers(40, 75, 3000)
    shown = filled(values, whole=True).shown(1.0)
    assert shown["step"] == int(shown["step"])
    assert (shown["low"] + 0.5) == int(shown["low"] + 0.5)


@pytest.mark.parametrize("count", [1, 7, 500, 9000])
def test_the_median_is_that_of_numpy(count: int) -> None:
    values = np.random.default_rng(count).gamma(3.0, 0.5, count) + 2
    histogram = filled(values)
    assert histogram.median() == pytest.approx(np.median(values), rel=0.01)


def test_equal_values_have_one_bin_and_no_error() -> None:
    histogram = filled(np.zeros(30))
    assert not histogram.varies
    assert sum(histogram.shown(1.0)["kept"]) == 30
    assert filled(np.arange(30.0)).varies


def test_runs_double_so_that_points_stay_bounded() -> None:
    assert [run_width(total) for total in (0, 1, 480, 481, 960, 961, 100_000)] == [
        1, 1, 1, 2, 2, 4, 256,
    ]  # fmt: skip
    for total in (3, 481, 5000, 123_456):
        assert -(-total // run_width(total)) <= 480


def test_points_are_low_median_and_high_of_their_run_also_after_growth() -> None:
    values = np.random.default_rng(3).normal(10, 1, 1000)
    histogram = Histogram()
    trend = Trend(histogram)
    for order, value in enumerate(values):
        histogram.put(order, value, rejected=False)
        trend.touch(order)
        if order in (5, 479, 480, 700):
            trend.points(run_width(order + 1), order + 1, 1.0)
    histogram.put(3, 50.0, rejected=False)
    trend.touch(3)
    values[3] = 50.0
    points = np.array(trend.points(4, 1000, 2.0), dtype=float)
    runs = values.reshape(250, 4) * 2.0
    np.testing.assert_allclose(points[:, 0], runs.min(axis=1), rtol=1e-3)
    np.testing.assert_allclose(points[:, 1], np.median(runs, axis=1), rtol=1e-3)
    np.testing.assert_allclose(points[:, 2], runs.max(axis=1), rtol=1e-3)


def test_a_run_without_values_has_none() -> None:
    histogram = filled(np.array([1.0, np.nan, 3.0]))
    assert list(Trend(histogram).points(1, 5, 1.0))[3] == (None, None, None)


def test_page_order_puts_the_known_first_and_strangers_last() -> None:
    names = in_page_order(["zeta.depth", "motion.total", "ctf.resolution"])
    assert names == ["ctf.resolution", "motion.total", "zeta.depth"]
    assert PREFERRED[0] == "ctf.resolution"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3.14159, 3.142), (123456.0, 123500), (0.0001234, 0.0001234), (float("nan"), None), (7.0, 7)],
)
def test_rounding_keeps_four_digits(value: float, expected: float | None) -> None:
    assert rounded(value) == expected


def test_many_values_at_once_are_counted_as_one_by_one() -> None:
    draw = np.random.default_rng(3)
    values = draw.normal(5.0, 1.0, 400)
    rejected = draw.random(400) < 0.2
    one_by_one, at_once = Histogram(), Histogram()
    for order, value in enumerate(values):
        one_by_one.put(order, value, rejected=bool(rejected[order]))
    at_once.put_many(np.arange(400), values, rejected)
    assert at_once.filled == one_by_one.filled == 400
    assert at_once.kept_sum == pytest.approx(one_by_one.kept_sum)
    assert at_once.median() == one_by_one.median()
    shown = at_once.shown(1.0)
    assert shown == one_by_one.shown(1.0)
    assert sum(shown["kept"]) == int((~rejected).sum())
    assert sum(shown["rejected"]) == int(rejected.sum())
    at_once.put_many(np.array([7, 7]), np.array([1.0, np.nan]), np.array([False, False]))
    assert at_once.filled == 399
    at_once.put_many(np.array([], dtype=np.int64), np.array([]), np.array([], dtype=bool))
    assert at_once.filled == 399


def test_a_trend_that_nobody_looks_at_remembers_little() -> None:
    histogram = Histogram()
    trend = Trend(histogram)
    for order in range(5000):
        histogram.put(order, float(order), rejected=False)
        trend.touch(order)
    assert len(trend._dirty) < 2000
    width = run_width(5000)
    points = trend.points(width, 5000, 1.0)
    assert len(points) == -(-5000 // width)
    assert points[-1][2] == 4999.0
