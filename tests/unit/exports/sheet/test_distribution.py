import math

import numpy as np
import pytest

from icestream.exports.sheet.distribution import distribution


def test_bars_hold_all_values_and_the_axis_is_round() -> None:
    values = np.random.default_rng(1).normal(4.0, 0.3, 500).tolist()
    made = distribution("CTF fit resolution", "Å", values)
    assert made is not None
    assert sum(made.counts) == made.total == 500
    assert made.middle == pytest.approx(np.median(values))
    assert 3 <= len(made.ticks) <= 8
    assert made.low <= made.ticks[0] < made.ticks[-1] <= made.high
    assert np.allclose(np.diff(made.ticks), made.ticks[1] - made.ticks[0])


def test_what_lies_far_off_does_not_set_the_axis_and_is_counted() -> None:
    values = [*np.linspace(10.0, 12.0, 60), 2600.0, 900.0, -50.0]
    made = distribution("Total motion", "Å", values)
    assert made is not None
    assert (made.below, made.above) == (1, 2)
    assert made.high < 20.0
    assert made.counts[-1] >= 2
    assert sum(made.counts) == 63


@pytest.mark.parametrize("values", [[3.0], [0.0, 0.0], [-2.5] * 9, [1e-9, 2e-9], [4e5, 4.1e5]])
def test_any_values_have_an_axis(values: list[float]) -> None:
    made = distribution("x", "", values)
    assert made is not None
    assert made.low < made.high
    assert made.low <= min(values) <= max(values) <= made.high
    assert sum(made.counts) == len(values)
    assert 1 <= len(made.ticks) <= 12


def test_unknown_values_are_left_out() -> None:
    made = distribution("x", "", [1.0, math.nan, math.inf, 2.0])
    assert made is not None
    assert made.total == 2
    assert distribution("x", "", []) is None
    assert distribution("x", "", [math.nan]) is None
