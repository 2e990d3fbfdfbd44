"""What follows from costs: rates that are kept up with, and what a rate needs."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icestream.planning.costs import Demand, Hardware, SessionCosts, StepCost
from icestream.planning.model import able, plan

ALIGN = StepCost(
    name="align", seconds=6.0, memory=3e9, writes={"micrographs": 100e6}, feeds=True, tasks=9
)
CTF = StepCost(name="ctf", seconds=2.0, memory=0.5e9, writes={"project": 2e6}, tasks=9)
CLASSES = StepCost(name="classes", seconds=2.0, memory=1e9, gathers=True, tasks=3)
COSTS = SessionCosts(workflow="default", steps=(ALIGN, CTF, CLASSES), movie=300e6, exposures=9)
MACHINE = Hardware(cores=20, memory=200e9, write=500e6, read=1000e6, free=100e12)


def test_cores_divided_by_what_an_exposure_takes_is_the_pace() -> None:
    assert able(replace(COSTS, steps=(ALIGN, CTF)), 16) == pytest.approx(2.0)


def test_a_step_that_gathers_takes_one_core_of_a_session_at_most() -> None:
    # 20 cores would do 2 exposures a second: 4 s of classes for each, of which one core does 1.
    assert able(COSTS, 20) == pytest.approx(19 / 8)
    # Three sessions have three such cores.
    assert able(COSTS, 20, sessions=3) == pytest.approx(17 / 8)
    # On two cores it is not late: it takes less than one.
    assert able(COSTS, 2) == pytest.approx(0.2)


def test_what_three_microscopes_need() -> None:
    needed = plan(COSTS, MACHINE, Demand(microscopes=3, rate=600, spare=0.25)).needed
    # 0.208 a second of each: 8 s of align and ctf, and 0.417 cores of classes.
    assert needed.cores == pytest.approx(3 * (0.208333 * 8 + 0.416667), rel=1e-4)
    assert needed.memory == pytest.approx(0.625 * (6 * 3e9 + 2 * 0.5e9 + 2 * 1e9))
    assert needed.write == pytest.approx(0.625 * 402e6)
    assert needed.read == pytest.approx(0.625 * 400e6)
    assert needed.gpus == 0


def test_what_is_scarcest_limits_and_is_named() -> None:
    demand = Demand(rate=100)
    assert plan(COSTS, MACHINE, demand).bottleneck.resource == "disk"
    slow = plan(COSTS, replace(MACHINE, cores=2), demand)
    assert slow.bottleneck.resource == "cores"
    assert slow.alone == pytest.approx(720.0)
    assert slow.dearest == ALIGN
    narrow = plan(COSTS, replace(MACHINE, memory=4e9), demand)
    assert narrow.bottleneck.resource == "memory"
    unknown = plan(COSTS, replace(MACHINE, write=None, read=None), demand)
    assert {one.resource for one in unknown.limits} == {"cores", "memory", "GPUs"}


def test_a_step_on_gpus_needs_them() -> None:
    on_gpu = replace(COSTS, steps=(replace(ALIGN, gpus=1), CTF))
    without = plan(on_gpu, MACHINE, Demand(rate=600))
    assert (without.bottleneck.resource, without.alone) == ("GPUs", 0.0)
    assert (without.machines, without.spread) == (0, True)
    enough = plan(on_gpu, replace(MACHINE, gpus=4), Demand(rate=600))
    assert enough.needed.gpus == pytest.approx(1.25)  # 6 s of one in each 4.8 s


def test_whole_microscopes_are_put_on_machines() -> None:
    whole = plan(COSTS, replace(MACHINE, cores=7), Demand(microscopes=3, rate=600))
    assert whole.each.cores == pytest.approx(2.083, rel=1e-3)
    assert whole.machines == 1
    two = plan(COSTS, replace(MACHINE, cores=6), Demand(microscopes=3, rate=600))
    assert (two.machines, two.spread) == (2, False)
    one = plan(COSTS, replace(MACHINE, cores=3), Demand(microscopes=3, rate=600))
    assert (one.machines, one.spread) == (3, False)
    small = plan(COSTS, replace(MACHINE, cores=2), Demand(microscopes=3, rate=600))
    assert (small.machines, small.spread) == (4, True)


def test_what_stays_and_when_the_disk_is_full() -> None:
    demand = Demand(rate=100, hours=10, keep={"raw": 30.0, "micrographs": 60.0})
    made = plan(COSTS, MACHINE, demand)
    stays = {one.kind: one for one in made.stays}
    assert stays["raw"].level == pytest.approx(30 * 1000 * 300e6)
    assert stays["project"].level == math.inf
    # 9 TB of movies and 6 TB of micrographs stay, and 2 GB of the rest come each day.
    assert made.full_in == pytest.approx((100e12 - 15e12) / 2e9, rel=0.01)
    full = plan(COSTS, replace(MACHINE, free=402e6 * 1000), demand)
    assert full.full_in == pytest.approx(1.0)
    assert plan(COSTS, replace(MACHINE, free=None), demand).full_in == math.inf


def test_what_a_session_takes_once_matters_where_it_is_short() -> None:
    once = replace(COSTS, steps=(ALIGN, CTF, replace(CLASSES, seconds=0.0, once=400.0)))
    short = plan(once, replace(MACHINE, cores=2), Demand(rate=100, hours=2))
    assert short.alone == pytest.approx(7200 / 10)  # 2 s of 400 for each of 200
    long = plan(once, replace(MACHINE, cores=2), Demand(rate=1000, hours=20))
    assert long.alone == pytest.approx(7200 / 8.02)
    assert long.measured == once


def test_nothing_follows_from_nothing() -> None:
    with pytest.raises(ValueError, match="no step has been measured"):
        plan(replace(COSTS, steps=()), MACHINE, Demand(rate=1))


STEPS = st.lists(
    st.builds(
        StepCost,
        name=st.just("s"),
        seconds=st.floats(0.01, 100.0),
        memory=st.floats(0.0, 1e10),
        gathers=st.booleans(),
    ),
    min_size=1,
    max_size=5,
).map(lambda steps: replace(COSTS, steps=tuple(steps)))


@given(costs=STEPS, cores=st.integers(1, 200), sessions=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_no_more_is_used_than_there_is_and_more_cores_are_never_slower(
    costs: SessionCosts, cores: int, sessions: int
) -> None:
    rate = able(costs, cores, sessions)
    if math.isfinite(rate):
        late = sum(s.seconds for s in costs.steps if not s.gathers) * rate
        assert late <= cores * (1 + 1e-9)
        assert rate * costs.seconds >= cores * (1 - 1e-9)  # no core idles for want of exposures
    assert able(costs, cores + sessions, sessions) >= rate * (1 - 1e-9) or cores <= sessions


@given(costs=STEPS, rate=st.floats(1.0, 2000.0), microscopes=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_what_is_needed_is_enough(costs: SessionCosts, rate: float, microscopes: int) -> None:
    demand = Demand(microscopes=microscopes, rate=rate)
    needed = plan(costs, MACHINE, demand).needed
    bought = Hardware(cores=math.ceil(needed.cores), memory=needed.memory)
    assert plan(costs, bought, demand).together >= demand.total * (1 - 1e-6)
