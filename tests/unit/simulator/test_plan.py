"""A plan says all that is wrong with it at once."""

import pytest

from icestream.simulator.plan import SessionPlan, check_plan


def test_the_default_can_be_simulated():
    check_plan(SessionPlan())


def test_all_problems_are_told_together():
    plan = SessionPlan(
        end_on=1.5, size=10, rate=0.0, faults=frozenset({"sabotage"}), dose_per_frame=50.0
    )
    with pytest.raises(ValueError, match="cannot be simulated") as told:
        check_plan(plan)
    text = str(told.value)
    assert "size is 10: it must be 64 to 8192 pixels" in text
    assert "rate is 0.0" in text
    assert "end_on is 1.5: it must be 0 to 1" in text
    assert "sabotage" in text
    assert "112 electrons" in text


def test_a_value_in_another_unit_is_asked_about():
    with pytest.raises(ValueError, match="cannot be simulated") as told:
        check_plan(SessionPlan(voltage=300000.0, spherical_aberration=2700.0))
    assert "it must be 60 to 400 kV; did you mean 300 kV (300000 V)?" in str(told.value)
    assert "it must be 0 to 20 mm; did you mean 2.7 mm (2700 µm)?" in str(told.value)


def test_a_fault_after_the_last_movie_is_refused():
    with pytest.raises(ValueError, match="fault 'motion@90-120': there are 100 movies"):
        check_plan(SessionPlan(movies=100, faults=frozenset({"motion@90-120"})))
    check_plan(SessionPlan(movies=0, faults=frozenset({"motion@90-120"})))
