"""The session's own limits."""

import numpy as np
import pytest

from icestream.report.control import color_range, control_of


def test_of_a_normal_distribution_three_standard_deviations() -> None:
    values = np.random.default_rng(1).normal(50.0, 2.0, 4000)
    control = control_of(values)
    assert control is not None
    assert control.center == pytest.approx(50.0, abs=0.2)
    assert control.low == pytest.approx(44.0, abs=0.5)
    assert control.high == pytest.approx(56.0, abs=0.5)
    assert control.outside / control.known == pytest.approx(0.0027, abs=0.003)


def test_what_went_wrong_does_not_move_them() -> None:
    good = np.random.default_rng(2).normal(3.5, 0.1, 300)
    clean, spoilt = control_of(good), control_of([*good, *[12.0] * 40])
    assert clean is not None
    assert spoilt is not None
    assert spoilt.high == pytest.approx(clean.high, abs=0.1)
    assert spoilt.outside >= 40


def test_each_side_has_its_own_deviation() -> None:
    values = 3.0 + np.random.default_rng(3).exponential(1.0, 2000)
    control = control_of(values)
    assert control is not None
    assert control.low is not None
    assert control.high - control.center > 1.3 * (control.center - control.low)


def test_no_limit_stands_where_no_value_can_be() -> None:
    control = control_of(np.abs(np.random.default_rng(4).normal(0.0, 1.0, 200)))
    assert control is not None
    assert control.low is None
    both = control_of(np.random.default_rng(4).normal(0.0, 1.0, 200))
    assert both is not None
    assert both.low is not None
    assert both.low < 0


@pytest.mark.parametrize("values", [[], [1.0] * 19, [1.0] * 100, [np.nan] * 50])
def test_too_few_or_equal_values_have_none(values: list[float]) -> None:
    assert control_of(values) is None


def test_not_measured_is_no_value() -> None:
    values = np.random.default_rng(5).normal(0.0, 1.0, 100)
    mixed = np.ravel(np.column_stack([values, np.full(100, np.nan)]))
    one, two = control_of(values), control_of(mixed)
    assert one == two


def test_the_page_gets_its_own_unit_and_the_rule() -> None:
    control = control_of(np.random.default_rng(6).normal(12000.0, 300.0, 500))
    assert control is not None
    shown = control.document(1e-4)
    assert shown["center"] == pytest.approx(1.2, abs=0.02)
    assert shown["low"] < shown["center"] < shown["high"]
    assert shown["rule"].startswith("median ± 3 robust σ")


def test_colours_reach_over_most_values_and_no_farther() -> None:
    values = [*np.linspace(2.0, 4.0, 1000), 900.0, -900.0]
    ends = color_range(values)
    assert ends is not None
    assert ends[0] == pytest.approx(2.04, abs=0.02)
    assert ends[1] == pytest.approx(3.96, abs=0.02)
    assert color_range([np.nan]) is None
