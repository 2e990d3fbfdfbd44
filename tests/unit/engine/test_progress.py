"""How far a session is: cheap to ask at any moment, and true."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from icestream.engine.executors.contract import Ended
from icestream.engine.progress import Outcome, Progress, look, outcome
from icestream.model import Alert
from toy_record import Desk, run

STEPS: tuple[Any, ...] = (
    ("src", "toy.count", {}, {}),
    ("sel", "toy.select", {"below": 3}, {"number": "src"}),
    ("a", "toy.add", {"fail": "item"}, {"number": "src"}),
    ("b", "toy.add", {}, {"number": "a"}),
    ("total", "toy.total", {"full": 2}, {"number": "src"}),
    ("watch", "toy.watch", {}, {"number": "src"}),
)


@pytest.fixture
def opened(desk: Callable[..., Desk]) -> Desk:
    return desk(*STEPS)


def test_before_anything_is_found(opened: Desk) -> None:
    seen = look(opened.store, opened.record.plan, "running", 0, ())
    assert (seen.state, seen.found, seen.behind, seen.alerts) == ("running", 0, 0, ())
    assert [step.name for step in seen.steps] == ["src", "sel", "a", "total", "watch", "b"]
    assert {step.state for step in seen.steps} == {"waiting"}


def test_the_slowest_step_says_how_far_the_session_is_behind(opened: Desk) -> None:
    opened.find(1, 2, 3, 4, 5)
    assert look(opened.store, opened.record.plan, "running", 2, ()).behind == 5
    for lease in opened.start("sel"):
        opened.record.take_in([run(lease)], [])
    assert (
        look(opened.store, opened.record.plan, "running", 2, ()).behind == 5
    )  # the others have done nothing yet
    for lease in opened.start("a", most=4):
        opened.record.take_in([run(lease)], [])
    seen = look(opened.store, opened.record.plan, "running", 2, ())
    assert (seen.found, seen.waiting) == (5, 2)
    counts = {step.name: step.counts for step in seen.steps}
    assert (counts["a"].ended, counts["a"].ready) == (4, 1)
    assert seen.behind == 5 - counts["b"].ended


def test_what_failed_or_was_skipped_is_not_behind(opened: Desk) -> None:
    opened.find(1, 2, 3, 4)
    opened.work()
    seen = look(opened.store, opened.record.plan, "running", 0, ())
    counts = {step.name: step.counts for step in seen.steps}
    assert (counts["a"].done, counts["a"].failed) == (3, 1)
    assert (counts["b"].done, counts["b"].skipped) == (3, 1)
    assert seen.behind == 0


def test_a_batch_that_waits_for_more_is_not_behind(opened: Desk) -> None:
    """It has done nothing yet, and nothing is wrong with that."""
    opened.find(1)
    opened.work()
    assert look(opened.store, opened.record.plan, "running", 0, ()).behind == 0


def test_alerts_that_hold_are_told(opened: Desk) -> None:
    hot = Alert(key="hot", level="warning", message="it is hot")
    assert look(opened.store, opened.record.plan, "running", 0, iter([hot])).alerts == (hot,)


def test_a_snapshot_does_not_change_under_who_looks_at_it(opened: Desk) -> None:
    seen = look(opened.store, opened.record.plan, "running", 0, ())
    opened.find(1, 2)
    assert seen.found == 0
    with pytest.raises(FrozenInstanceError):
        seen.found = 3  # type: ignore[misc]


def test_before_the_first_look_a_session_is_starting() -> None:
    assert Progress().state == "starting"


# -- how it was left -------------------------------------------------------------------------------


def test_the_outcome_counts_every_exposure_once(opened: Desk) -> None:
    opened.find(1, 2, 3, 4)
    opened.work()
    left = outcome(opened.store, 12.5, done=True)
    assert dict(left.exposures) == {"going": 0, "done": 2, "rejected": 1, "failed": 1}
    assert (left.state, left.seconds, left.complete) == ("done", 12.5, True)


def test_what_was_stopped_or_is_still_going_is_not_complete(opened: Desk) -> None:
    opened.find(1, 2)
    assert outcome(opened.store, 0.0, done=False).state == "stopped"
    assert not outcome(opened.store, 0.0, done=False).complete
    assert not outcome(opened.store, 0.0, done=True).complete  # two are going
    opened.work()
    assert not outcome(opened.store, 0.0, done=False).complete


def test_an_outcome_of_nothing_is_complete_when_it_is_done() -> None:
    assert Outcome(state="done").complete
    assert not Outcome(state="stopped").complete


def test_a_worker_that_died_leaves_its_task_behind(opened: Desk) -> None:
    opened.find(1)
    (lease,) = opened.start("a")
    assert look(opened.store, opened.record.plan, "running", 0, ()).steps[2].counts.running == 1
    opened.record.take_in([Ended(lease.id, (), "the worker process ended with signal 9")], [])
    seen = look(opened.store, opened.record.plan, "running", 0, ())
    assert (seen.steps[2].counts.running, seen.steps[2].counts.ready, seen.behind) == (0, 1, 1)


def test_what_works_on_snapshots_is_not_behind(desk: Callable[..., Desk]) -> None:
    """Two batches of two have two snapshots; four exposures are not waited for."""
    made = desk(
        ("src", "toy.count", {}, {}),
        ("total", "toy.total", {"full": 2}, {"number": "src"}),
        ("twice", "toy.double", {}, {"total": "total"}),
    )
    made.find(1, 2, 3, 4)
    made.gather("total")
    made.work()
    seen = look(made.store, made.record.plan, "running", 0, ())
    assert {step.name: step.counts.done for step in seen.steps}["twice"] > 0
    assert seen.behind == 0
