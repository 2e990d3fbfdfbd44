"""Cascade: what follows when tasks end, from case to case and down the graph."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from icestream.engine.decisions.events import Event, TasksReady
from icestream.store import tables as t
from toy_record import Desk, run

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


def reject(desk: Desk, exposure: str, accepted: bool = False, why: str = "ice") -> list[Event]:
    return desk.judge(exposure, accepted=accepted, why=why)


# -- going down the graph --------------------------------------------------------------------------


def test_a_found_item_enables_what_it_feeds_and_nothing_else(desk: Desks) -> None:
    made = desk(SRC, add("a", "src"), add("b", "a"))
    (event,) = made.find(1, 2)
    assert isinstance(event, TasksReady)
    assert [task.step for task in event.tasks] == [made.step("a").id] * 2
    assert made.states_of("a") == {"e1": "ready", "e2": "ready"}
    assert made.states_of("b") == {}


def test_a_join_waits_for_the_last_of_its_inputs(desk: Desks) -> None:
    made = desk(
        SRC, add("a", "src"), add("b", "a"), ("s", "toy.sum2", {}, {"first": "a", "second": "b"})
    )
    made.find(1)
    (lease,) = made.start("a")
    made.record.take_in([run(lease)], [])
    assert made.states_of("s") == {}
    made.work()
    assert made.states_of("s") == {"e1": "done"}


def test_what_cannot_come_is_skipped_with_the_first_reason_all_the_way_down(desk: Desks) -> None:
    made = desk(SRC, add("a", "src", fail="item"), add("b", "a"), add("c", "b"))
    made.find(3, 4)
    made.work()
    assert made.states_of("c") == {"e3": "skipped", "e4": "done"}
    assert [made.tasks(name)["e3"].reason for name in "abc"] == [
        "3.0 is no good: take another",
        "a failed",
        "a failed",
    ]


def test_an_unchanged_task_is_found_instead_of_run(desk: Desks) -> None:
    """Two steps alike: the second takes the results of the first, and what follows too."""
    made = desk(SRC, add("a", "src"), add("then", "a"))
    made.find(1, 2)
    made.work()
    alike = (add("twin", "src"), add("then2", "twin"))
    made.open(SRC, add("a", "src"), add("then", "a"), *alike)
    made.backfill()
    assert made.states_of("twin") == made.states_of("then2") == {"e1": "done", "e2": "done"}
    assert made.counts("then2") == {"done": 2, "reused": 2}
    assert len(made.rows(t.result)) == 3 * 2


def test_a_task_that_waits_for_its_turn_is_left_alone_when_it_is_looked_at_again(
    desk: Desks,
) -> None:
    made = desk(SRC, add("a", "src", fail="again"), add("twin", "src"))
    made.find(3)
    made.record.take_in([run(lease) for lease in made.start("a")], [])
    before = made.tasks("a")["e3"]
    assert (before.state, before.attempt) == ("ready", 1)
    events = made.record.backfill(made.step("a").id)
    assert not [event for event in events if isinstance(event, TasksReady)]
    assert made.tasks("a")["e3"] == before


def test_qualities_of_a_result_that_is_used_again_belong_to_the_step_that_uses_it(
    desk: Desks,
) -> None:
    made = desk(SRC, add("a", "src"))
    made.find(1)
    made.work()
    made.open(SRC, add("a", "src"), add("twin", "src"))
    made.backfill()
    (row,) = made.rows(t.quality, step_id=made.step("twin").id)
    assert (row.name, row.value) == ("toy.value", 2.0)


# -- consensus -------------------------------------------------------------------------------------

CANDIDATES = (
    SRC,
    add("a", "src", add=1),
    add("b", "src", add=2),
    add("c", "src", add=6, fail="item"),
    ("mean", "toy.agree", {}, {"number": ["a", "b", "c"]}),
)


def values(desk: Desk, step: str) -> dict[str, float]:
    documents = {row.id: json.loads(row.document) for row in desk.rows(t.result)}
    return {
        name: documents[row.result_id]["number"]["value"]
        for name, row in desk.tasks(step).items()
        if row.state == "done"
    }


def test_a_consensus_waits_for_all_candidates_and_goes_on_without_a_failed_one(
    desk: Desks,
) -> None:
    made = desk(*CANDIDATES)
    made.find(3)
    for name in ("a", "b"):
        made.record.take_in([run(lease) for lease in made.start(name)], [])
    assert made.states_of("mean") == {}  # two of three, but the third may come
    made.work()
    assert values(made, "mean") == {"e3": 4.5}
    assert made.exposures() == {"e3": "done"}  # the failed candidate is not a failed exposure


def test_a_consensus_with_too_few_candidates_is_skipped_and_says_why(desk: Desks) -> None:
    fails = {"fail": "item"}
    made = desk(
        SRC,
        add("a", "src"),
        add("b", "src", add=2, **fails),
        add("c", "src", add=6, **fails),
        ("mean", "toy.agree", {}, {"number": ["a", "b", "c"]}),
    )
    made.find(3)
    made.work()
    assert made.tasks("mean")["e3"].reason == "1 of the 2 candidates it needs: b failed; c failed"
    assert made.exposures() == {"e3": "failed"}


# -- selections, and people ------------------------------------------------------------------------

SELECTED = (
    SRC,
    ("sel", "toy.select", {"below": 5}, {"number": "src"}),
    add("a", "sel"),
    add("b", "a"),
)


def test_a_rejected_exposure_says_why_and_goes_no_further(desk: Desks) -> None:
    made = desk(*SELECTED)
    made.find(3, 7)
    made.work()
    assert made.exposures() == {"e3": "done", "e7": "rejected"}
    assert made.states_of("b") == {"e3": "done", "e7": "skipped"}
    assert made.tasks("a")["e7"].reason == "rejected by sel: 7 is not below 5"
    assert made.counts("sel") == {"done": 2, "rejected": 1}


def test_a_person_accepts_what_was_rejected_and_it_goes_on(desk: Desks) -> None:
    made = desk(*SELECTED)
    made.find(7)
    made.work()
    reject(made, "e7", accepted=True)
    assert made.states_of("a") == {"e7": "ready"}
    assert made.exposures() == {"e7": "going"}
    made.work()
    assert made.exposures() == {"e7": "done"}
    assert made.counts("sel") == {"done": 1}
    assert made.counts("b") == {"done": 1}


def test_a_person_rejects_what_was_accepted_and_all_after_it_is_retracted(desk: Desks) -> None:
    made = desk(*SELECTED)
    made.find(3)
    made.work()
    reject(made, "e3", why="ice")
    assert made.states_of("a") == made.states_of("b") == {"e3": "skipped"}
    assert made.tasks("b")["e3"].reason == "rejected by sel: ice"
    assert made.exposures() == {"e3": "rejected"}


def test_taking_a_rejection_back_runs_nothing_again(desk: Desks) -> None:
    made = desk(*SELECTED)
    made.find(3)
    made.work()
    results = len(made.rows(t.result))
    reject(made, "e3")
    reject(made, "e3", accepted=True)
    assert made.exposures() == {"e3": "done"}
    assert made.ready("a") == made.ready("b") == ()
    assert len(made.rows(t.result)) == results
    assert made.counts("b") == {"done": 1, "reused": 1}


def test_a_ready_task_of_a_rejected_exposure_is_withdrawn(desk: Desks) -> None:
    made = desk(SRC, SELECTED[1], add("a", "sel"))
    made.find(3)
    made.record.take_in([run(lease) for lease in made.start("sel")], [])
    (task,) = made.ready("a")
    (event,) = reject(made, "e3")
    assert isinstance(event, TasksReady)
    assert event.withdrawn == ((task.id, task.step),)
    assert made.ready("a") == ()
    reject(made, "e3", accepted=True)
    assert made.ready("a") == (task,)


def test_a_result_that_comes_too_late_is_kept_but_not_used_until_it_is_wanted(
    desk: Desks,
) -> None:
    """The exposure was rejected while the task ran."""
    made = desk(SRC, SELECTED[1], add("a", "sel"))
    made.find(3)
    made.record.take_in([run(lease) for lease in made.start("sel")], [])
    (lease,) = made.start("a")
    reject(made, "e3")
    made.record.take_in([run(lease)], [])
    assert made.states_of("a") == {"e3": "skipped"}
    assert made.counts("a") == {"skipped": 1}
    reject(made, "e3", accepted=True)
    assert made.states_of("a") == {"e3": "done"}
    assert made.counts("a") == {"done": 1, "reused": 1}


def test_a_persons_word_holds_when_the_selection_is_judged_again(desk: Desks) -> None:
    made = desk(*SELECTED)
    made.find(3)
    made.work()
    reject(made, "e3")
    changed = ("sel", "toy.select", {"below": 9}, {"number": "src"})
    made.open(SRC, changed, *SELECTED[2:])
    made.backfill()
    made.work()
    assert made.exposures() == {"e3": "rejected"}
    assert made.tasks("sel")["e3"].reason == "ice"


def test_a_verdict_that_is_used_again_keeps_its_reasons(desk: Desks) -> None:
    """The second selection is looked at again when a person overrules the first."""
    second = ("small", "toy.select", {"below": 2}, {"number": "sel"})
    made = desk(SRC, SELECTED[1], second, add("a", "small"))
    made.find(3)
    made.work()
    said = made.tasks("small")["e3"].reason
    assert said == "3 is not below 2"
    for accepted in (False, True):
        made.judge("e3", "sel", accepted=accepted)
    assert made.tasks("small")["e3"].reason == said
    assert made.exposures() == {"e3": "rejected"}


# -- what an exposure is ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "state", "reasons"),
    [
        (1, "done", []),
        (3, "failed", ["a: 3.0 is no good: take another"]),
        (7, "rejected", ["sel: 7 is not below 5"]),
        # both: what failed is what somebody has to look at
        (13, "failed", ["a: 13.0 is no good: take another"]),
    ],
)
def test_an_exposure_is_what_became_of_its_tasks(
    desk: Desks, value: int, state: str, reasons: list[str]
) -> None:
    made = desk(
        SRC, SELECTED[1], add("a", "src", fail="item"),
        ("s", "toy.sum2", {}, {"first": "sel", "second": "a"}),
    )  # fmt: skip
    made.find(value)
    made.work()
    (row,) = made.rows(t.exposure)
    assert (row.state, json.loads(row.reasons)) == (state, reasons)


def test_counters_say_what_the_tasks_say(desk: Desks) -> None:
    made = desk(*CANDIDATES[:-1], ("sel", "toy.select", {"below": 6}, {"number": "c"}))
    made.find(1, 2, 3, 4)
    for _ in range(3):
        for step in made.record.plan.by_depth():
            states = list(made.states_of(step.name).values())
            counts = made.counts(step.name)
            counts.pop("rejected", 0)
            assert counts == {state: states.count(state) for state in set(states)}
        made.record.take_in([run(lease) for name in "abc" for lease in made.start(name, 2)], [])


# -- small parts -----------------------------------------------------------------------------------
