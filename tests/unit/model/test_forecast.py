"""When a session will have caught up: by arithmetic, and by nights that are simulated."""

import statistics
from dataclasses import replace
from typing import Any

import pytest

from icestream.model.forecast import forecast, near_of
from icestream.model.workload import StepLoad, Workload
from simulated_nights import simulate

NOW = 1.7e9
STEADY = tuple(NOW - 12.0 * place for place in range(600, -1, -1))
"""Movies, one each twelve seconds: 300 an hour."""


def work(*, left: float = 400.0, cores: float = 8.0, **given: Any) -> Workload:
    """Eight cores and 72 core seconds for an exposure: 400 an hour."""
    steps = (
        StepLoad(name="align", seconds=60.0, left=left),
        StepLoad(name="ctf", seconds=12.0, left=left),
    )
    made: dict[str, Any] = {
        "now": NOW, "taken": STEADY, "behind": int(left), "steps": steps, "cores": cores,
        "busy": cores,
    }  # fmt: skip
    return Workload(**{**made, **given})


def test_what_comes_and_what_can_be_done_is_measured() -> None:
    said = forecast(work())
    assert said.found == pytest.approx(300.0, rel=0.01)
    assert said.able == pytest.approx(400.0)
    assert said.hours == pytest.approx(400.0 / 300.0, rel=0.01)
    assert [step.name for step in said.costs] == ["align", "ctf"]
    assert said.cost == 72.0


def test_it_has_caught_up_when_what_waits_is_done_while_more_comes() -> None:
    said = forecast(work())
    near = near_of(400.0 / 3600.0, 8.0)
    assert said.outlook == "catching up"
    assert said.until is not None
    assert said.until - NOW == pytest.approx((400.0 - near) / 100.0 * 3600.0, rel=0.15)
    assert said.soonest is not None
    assert said.soonest < said.until
    assert said.slow is None
    assert said.remedies == ()


@pytest.mark.parametrize("given", [{"open": False}, {"ends": NOW - 1.0, "taken": STEADY[:-10]}])
def test_once_acquisition_is_over_only_what_is_left_counts(given: dict[str, Any]) -> None:
    said = forecast(work(**given))
    assert said.until is not None
    near = near_of(400.0 / 3600.0, 8.0)
    assert said.until - NOW == pytest.approx((400.0 - near) / 400.0 * 3600.0, rel=0.05)
    assert (said.closed, said.found) == (True, 0.0)


def test_before_there_is_evidence_nothing_is_said() -> None:
    unknown = (
        work(taken=STEADY[-20:]),
        work(cores=0.0),
        work(steps=(StepLoad(name="align", seconds=None, left=9.0),)),
        work(steps=()),
    )
    for each in unknown:
        said = forecast(each)
        assert (said.outlook, said.until, said.slow, said.remedies) == ("unknown", None, None, ())


def test_a_step_that_gathers_and_has_not_run_yet_is_left_out() -> None:
    steps = (*work().steps, StepLoad(name="classify", seconds=None, left=400.0, later=True))
    assert forecast(work(steps=steps)).able == pytest.approx(400.0)


def test_what_waits_for_five_minutes_is_no_backlog() -> None:
    assert forecast(work(left=30.0)).outlook == "up to date"
    assert forecast(work(left=50.0)).outlook == "catching up"


def test_what_is_paused_is_not_forecast() -> None:
    assert forecast(work(halted="paused")).outlook == "halted"


# -- too slow --------------------------------------------------------------------------------------


def test_it_says_by_how_much_it_is_too_slow_and_that_it_will_not_catch_up() -> None:
    said = forecast(work(cores=4.0))
    assert (said.outlook, said.until) == ("falling behind", None)
    assert said.slow == pytest.approx(1.0 - 200.0 / 300.0, abs=0.01)
    assert said.alone == pytest.approx((400.0 - near_of(200.0 / 3600.0, 4.0)) / 200.0 * 3600.0)


def test_as_many_cores_as_it_names_are_enough() -> None:
    said = forecast(work(cores=4.0))
    (cores,) = said.remedies
    assert (cores.kind, cores.cores, cores.enough) == ("cores", 3, True)  # 6 are needed
    assert forecast(work(cores=4.0 + cores.cores)).slow is None


def test_cores_that_stand_idle_are_not_counted_as_work() -> None:
    """Of eight cores four are at work: what comes does as much as what is there."""
    (cores,) = forecast(work(cores=8.0, busy=4.0)).remedies
    assert cores.cores == 5


def test_steps_that_can_wait_are_named_with_what_they_take() -> None:
    steps = (*work().steps, StepLoad(name="classify", seconds=36.0, left=400.0, later=True))
    said = forecast(work(cores=7.0, steps=steps))
    later = said.remedies[0]
    assert (later.kind, later.steps, later.enough) == ("later", ("classify",), True)
    assert later.share == pytest.approx(36.0 / 108.0)
    without = forecast(work(cores=7.0))
    assert without.able == pytest.approx(later.able)
    assert without.slow is None


def test_steps_that_cost_little_or_that_others_need_are_not_named() -> None:
    steps = (*work().steps, StepLoad(name="keep", seconds=1.0, left=400.0, later=True))
    assert [one.kind for one in forecast(work(cores=4.0, steps=steps)).remedies] == ["cores"]


def test_cores_of_other_sessions_are_named() -> None:
    kinds = {one.kind: one for one in forecast(work(cores=4.0, others=4.0)).remedies}
    assert (kinds["others"].cores, kinds["others"].enough) == (4, True)
    assert kinds["others"].able == pytest.approx(400.0)


def test_a_step_that_can_use_one_core_does_not_hold_up_the_others() -> None:
    """It takes more than one core could give, so it falls behind; the exposures do not wait."""
    steps = (*work().steps, StepLoad(name="classify", seconds=90.0, left=400.0, later=True))
    assert forecast(work(steps=steps)).able == pytest.approx(8.0 / 162.0 * 3600.0)
    one = replace(steps[-1], at_once=1.0)
    assert forecast(work(steps=(*steps[:-1], one))).able == pytest.approx(7.0 / 72.0 * 3600.0)


def test_the_end_of_acquisition_ends_a_backlog() -> None:
    ends = NOW + 2 * 3600.0
    said = forecast(work(cores=4.0, ends=ends))
    assert said.outlook == "catching up"
    assert said.until is not None
    left = 400.0 + 2 * 100.0 - near_of(200.0 / 3600.0, 4.0)
    assert said.until - ends == pytest.approx(left / 200.0 * 3600.0, rel=0.15)
    assert said.slow is not None  # all the same


def test_the_same_evidence_gives_the_same_forecast() -> None:
    assert forecast(work()) == forecast(work())


# -- nights ----------------------------------------------------------------------------------------


def test_forecasts_of_simulated_nights_come_true() -> None:
    """Nights of changing rates, with pauses; benchmarks/bench_forecast.py has those of the docs."""
    errors, inside = [], []
    for seed in range(1, 21):
        _, looks = simulate(seed, every=900.0)
        for look in looks:
            if look.said.until is None or look.caught_up is None:
                continue
            left = look.caught_up - look.time
            errors.append(max(0.0, abs(look.said.until - look.caught_up) - 120.0) / left)
            latest = look.said.latest or float("inf")
            assert look.said.soonest is not None
            inside.append(look.said.soonest - 120.0 <= look.caught_up <= latest + 120.0)
    assert len(errors) > 60
    assert statistics.median(errors) < 0.3
    assert 0.65 < statistics.mean(inside) < 0.95  # eight of ten are meant to be


def test_after_the_acquisition_the_forecast_is_right() -> None:
    errors = []
    for seed in range(1, 21):
        made, looks = simulate(seed, rough=True, every=300.0)
        for look in looks:
            if look.time > made.end + 300.0 and look.caught_up and look.said.until:
                left = look.caught_up - look.time
                errors.append(max(0.0, abs(look.said.until - look.caught_up) - 120.0) / left)
    assert len(errors) > 8
    assert statistics.mean(error < 0.2 for error in errors) > 0.9
