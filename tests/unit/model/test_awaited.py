"""How long more work would wait, by arithmetic."""

from dataclasses import replace
from typing import Any

import pytest

from icestream.model.awaited import MoreWork, await_more
from icestream.model.workload import StepLoad, Workload

NOW = 1.7e9
STEADY = tuple(NOW - 12.0 * place for place in range(600, -1, -1))
"""Movies, one each twelve seconds: 300 an hour."""
MORE = (MoreWork(step="ctf", tasks=600, each=12.0),)


def work(**given: Any) -> Workload:
    """Eight cores, and 36 core seconds for an exposure: 800 an hour."""
    steps = (
        StepLoad(name="align", seconds=30.0, left=0.0),
        StepLoad(name="ctf", seconds=6.0, left=0.0),
    )
    made: dict[str, Any] = {"now": NOW, "open": False, "steps": steps, "cores": 8.0}
    return Workload(**{**made, **given})


def test_what_it_costs_and_how_long_that_takes_on_all_cores() -> None:
    said = await_more(work(), MORE, 600)
    assert (said.seconds, said.alone, said.before, said.runs) == (7200.0, 900.0, 0.0, True)
    assert (said.now.outlook, said.then.outlook) == ("up to date", "catching up")
    assert said.then.until is not None
    # Five minutes of work are as few as may be behind at any time.
    assert said.then.until - NOW == pytest.approx(600.0, rel=0.05)


def test_what_waits_already_goes_first_and_what_comes_holds_it_up() -> None:
    steps = (StepLoad(name="align", seconds=30.0, left=200.0), *work().steps[1:])
    busy = work(steps=steps, behind=200, taken=STEADY, open=True)
    said, quiet = await_more(busy, MORE, 600), await_more(work(), MORE, 600)
    assert said.before == 6000.0
    assert said.now.until is not None
    assert said.then.until is not None
    assert quiet.then.until is not None
    # 13200 core seconds wait, and of 800 exposures in an hour 300 come.
    assert said.then.until - NOW == pytest.approx((13200.0 / 8.0 - 300.0) * 8.0 / 5.0, rel=0.15)
    assert max(said.now.until, quiet.then.until) < said.then.until


def test_a_step_that_is_new_is_counted_and_one_never_measured_makes_it_unknown() -> None:
    denoise = MoreWork(step="denoise", tasks=600, each=24.0)
    said = await_more(work(), (denoise,), 600)
    assert said.then.until is not None
    assert said.then.until - NOW == pytest.approx(1500.0, rel=0.05)
    unknown = await_more(work(), (replace(denoise, each=0.0),), 600)
    assert (unknown.seconds, unknown.then.outlook, unknown.then.until) == (0.0, "unknown", None)


def test_without_cores_no_time_is_told() -> None:
    said = await_more(work(cores=None), MORE, 600, runs=False)
    assert (said.cores, said.alone, said.then.until, said.runs) == (None, None, None, False)
