"""What an exposure costs, and what is asked."""

import pytest

from icestream.planning.costs import Demand, SessionCosts, StepCost, doublings


def step(name: str = "align", **given: object) -> StepCost:
    return StepCost(name=name, **{"seconds": 4.0, **given})  # type: ignore[arg-type]


def test_memory_and_gpus_are_held_for_as_long_as_the_task_lasts() -> None:
    one = step(seconds=8.0, cores=4, gpus=1, memory=3e9)
    assert one.memory_seconds == pytest.approx(6e9)
    assert one.gpu_seconds == pytest.approx(2.0)


def test_an_exposure_writes_its_movie_and_what_the_steps_leave() -> None:
    costs = SessionCosts(
        workflow="w",
        movie=300e6,
        engine=0.1,
        steps=(
            step(writes={"micrographs": 90e6, "project": 1e6}, feeds=True),
            step("extract", writes={"particles": 20e6}),
            step("ctf", writes={"project": 0.5e6}),
        ),
    )
    assert costs.written == {
        "raw": 300e6, "micrographs": 90e6, "project": 1.5e6, "particles": 20e6,
    }  # fmt: skip
    assert costs.read == pytest.approx(391e6)
    assert costs.seconds == pytest.approx(12.1)


def test_exposures_share_what_a_session_takes_once() -> None:
    costs = SessionCosts(
        workflow="w",
        movie=300e6,
        lessons=(10.0, 500.0),
        steps=(step(), step("pick", seconds=1.0, anew=True), step("map", seconds=0.0, once=60.0)),
    )
    short, long = costs.in_session(100), costs.in_session(1000)
    assert [one.seconds for one in short.steps] == pytest.approx([4.0, 1.1, 0.6])
    assert [one.seconds for one in long.steps] == pytest.approx([4.0, 1.51, 0.06])
    assert long.in_session(1000) == long


def test_what_is_taken_again_with_twice_as_many() -> None:
    assert [doublings(10.0, many) for many in (5, 10, 20, 80)] == [0.0, 1.0, 2.0, 4.0]
    assert doublings(0.0, 80.0) == 1.0
    maps = step("map", seconds=0.0, once=60.0, first=10.0, anew=True)
    costs = SessionCosts(workflow="w", movie=1.0, steps=(maps,), lessons=(40.0, 5000.0))
    (told,) = costs.in_session(80).steps
    assert told.seconds == pytest.approx(60.0 * (4 + 3) / 80)  # begun again by a lesson at 40


def test_all_that_cannot_be_asked_is_said_at_once() -> None:
    with pytest.raises(ValueError, match="microscopes is 0.*rate is -1.*hours is 25") as raised:
        Demand(microscopes=0, rate=-1, hours=25)
    assert "movies/h" in str(raised.value)


def test_what_all_microscopes_take_in_a_day() -> None:
    asked = Demand(microscopes=3, rate=600, hours=20)
    assert (asked.movies_a_day, asked.session) == (36_000, 12_000)
