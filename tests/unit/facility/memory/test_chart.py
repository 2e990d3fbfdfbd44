"""Values are judged by those before them: limits, drift, percentiles."""

import numpy as np
import pytest

from icestream.facility.memory.chart import ChartRule, judge, scale, share_worse, widening

HIGH = ChartRule(side="high")


def steady(count: int, seed: int = 0) -> list[float]:
    return [float(value) for value in np.random.default_rng(seed).normal(10.0, 1.0, count)]


def drifting(values: list[float], rule: ChartRule = HIGH) -> list[int]:
    judged = judge(values, [False] * len(values), rule)
    return [place for place, one in enumerate(judged) if one.drifting]


def test_too_few_values_make_no_limits() -> None:
    judged = judge(steady(9), [False] * 9, HIGH)
    assert all(one.middle is None and one.low is None for one in judged[:8])
    assert judged[8].known == 8
    assert judged[8].low is not None
    assert judged[8].low < 10.0 < judged[8].high  # type: ignore[operator]


def test_the_scale_is_that_of_a_normal_distribution_and_spoiled_by_nothing() -> None:
    values = np.random.default_rng(3).normal(0.0, 2.0, 400)
    assert scale(values) == pytest.approx(2.0, rel=0.1)
    values[:100] += 1000.0
    assert scale(values) < 4.0
    few = [scale(np.random.default_rng(n).normal(0.0, 1.0, 8)) for n in range(400)]
    assert np.mean(few) == pytest.approx(1.0, abs=0.08)


def test_a_value_outside_of_the_limits_is_found_on_the_side_that_is_worse() -> None:
    values = [*steady(20), 20.0, 0.0]
    high = judge(values, [False] * 22, HIGH)
    assert [one.beyond for one in high[-2:]] == [True, False]
    both = judge(values, [False] * 22, ChartRule(side="both"))
    assert [one.beyond for one in both[-2:]] == [True, True]
    low = judge(values, [False] * 22, ChartRule(side="low"))
    assert [one.beyond for one in low[-2:]] == [False, True]
    assert not high[19].beyond


def test_one_bad_session_is_no_drift_and_several_are() -> None:
    assert drifting([*steady(20), 30.0, *steady(5, 1)]) == []
    assert drifting([*steady(20), 14.0, 14.0, 14.0, 14.0])[0] in (21, 22, 23)


def test_drift_is_over_when_values_are_back() -> None:
    found = drifting([*steady(20), *[14.0] * 5, *steady(12, 2)])
    assert found
    assert found[-1] < 36
    assert found == list(range(found[0], found[-1] + 1))


def test_what_has_drifted_does_not_become_usual() -> None:
    values = [*steady(20), *[15.0] * 60]
    judged = judge(values, [False] * 80, HIGH)
    assert judged[-1].drifting
    assert judged[-1].middle == pytest.approx(10.0, abs=1.0)


def test_a_restart_forgets_what_was_usual() -> None:
    values = [*steady(20), *[value + 5.0 for value in steady(20, 4)]]
    judged = judge(values, [place == 20 for place in range(40)], HIGH)
    assert not any(one.drifting or one.beyond for one in judged)
    assert judged[20].known == 0
    assert judged[-1].middle == pytest.approx(15.0, abs=1.0)


def test_differences_smaller_than_the_grain_do_not_matter() -> None:
    values = [1.0] * 20 + [0.99] * 10
    assert not drifting(values, ChartRule(side="low", grain=0.02))
    assert drifting([1.0] * 20 + [0.8] * 10, ChartRule(side="low", grain=0.02))


def test_ratios_are_judged_where_values_are_positive() -> None:
    values = [float(value) for value in np.exp(steady(20))]
    (*_, last) = judge(
        [*values, values[-1]], [False] * 21, ChartRule(side="high", logarithmic=True)
    )
    assert last.low is not None
    assert last.high is not None
    assert last.middle is not None
    assert last.low > 0
    assert last.high / last.middle == pytest.approx(last.middle / last.low)


def test_a_limit_is_not_above_what_can_be() -> None:
    values = [min(1.0, value / 10.0) for value in steady(20)]
    assert judge(values, [False] * 20, ChartRule(side="low", most=1.0))[-1].high == 1.0


@pytest.mark.parametrize("count", [8, 15, 30])
def test_one_steady_value_in_370_is_outside_however_few_made_the_limits(count: int) -> None:
    draw = np.random.default_rng(count)
    outside = 0
    for _ in range(4000):
        known = draw.normal(size=count)
        reach = 3.0 * widening(count) * scale(known)
        outside += abs(draw.normal() - np.median(known)) > reach
    assert outside <= 28  # 11 are expected


def test_drift_is_rarely_found_in_steady_histories_and_mostly_where_it_is() -> None:
    false = sum(len(drifting(steady(100, seed))) > 0 for seed in range(30))
    assert false <= 12  # of 30 histories of a hundred sessions
    found = [drifting([*steady(30, s), *[v + 2.0 for v in steady(15, 99 + s)]]) for s in range(30)]
    assert sum(bool(one) for one in found) >= 24


def test_the_share_of_worse_values_counts_equal_ones_half() -> None:
    others = [1.0, 2.0, 2.0, 3.0]
    assert share_worse(2.0, others, "high") == 0.5
    assert share_worse(0.5, others, "high") == 1.0
    assert share_worse(0.5, others, "low") == 0.0
    assert share_worse(3.0, others, "low") == 0.875
    assert share_worse(3.0, others, "both") == 0.875
