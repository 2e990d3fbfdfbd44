"""Judgements: what has become of an exposure, and why."""

import json
from collections.abc import Callable
from typing import Any

from icestream.store import tables as t
from toy_record import Desk, Step

Desks = Callable[..., Desk]
STEPS: tuple[Step, ...] = (
    ("src", "toy.count", {}, {}),
    ("sel", "toy.select", {"below": 5}, {"number": "src"}),
    ("a", "toy.add", {"fail": "item"}, {"number": "sel"}),
)


def stored(desk: Desk) -> dict[str, tuple[str, list[str]]]:
    """State and reasons of each exposure."""
    names = {row.id: row.name for row in desk.rows(t.subject, kind="exposure")}
    rows = desk.rows(t.exposure)
    return {names[row.id]: (row.state, json.loads(row.reasons)) for row in rows}


def said(desk: Desk) -> list[Any]:
    """States that events have told, in order."""
    rows = desk.rows(t.event, kind="exposure.state")
    return [json.loads(row.document)["state"] for row in rows]


def test_an_exposure_is_going_until_all_its_tasks_have_ended(desk: Desks) -> None:
    made = desk(*STEPS)
    made.find(1)
    assert stored(made) == {"e1": ("going", [])}
    made.work_at("sel")
    assert stored(made) == {"e1": ("going", [])}
    assert said(made) == []
    made.work_at("a")
    assert stored(made) == {"e1": ("done", [])}
    assert said(made) == ["done"]


def test_what_was_rejected_or_failed_says_at_which_step_and_why(desk: Desks) -> None:
    made = desk(*STEPS)
    made.find(3, 7)
    made.work()
    assert stored(made) == {
        "e3": ("failed", ["a: 3.0 is no good: take another"]),
        "e7": ("rejected", ["sel: 7 is not below 5"]),
    }


def test_what_a_source_refused_has_failed(desk: Desks) -> None:
    made = desk(*STEPS)
    made.find(refused=("e9",))
    assert stored(made) == {"e9": ("failed", ["src: e9: is bad"])}


def test_an_exposure_that_a_person_accepts_goes_on(desk: Desks) -> None:
    made = desk(*STEPS)
    made.find(7)
    made.work()
    made.judge("e7", accepted=True)
    assert stored(made) == {"e7": ("going", [])}
    made.work()
    assert stored(made) == {"e7": ("done", [])}
    assert said(made) == ["rejected", "going", "done"]


def test_an_exposure_that_a_person_rejects_says_what_the_person_said(desk: Desks) -> None:
    made = desk(*STEPS)
    made.find(1)
    made.work()
    made.judge("e1", "sel", why="ice")
    assert stored(made) == {"e1": ("rejected", ["sel: ice"])}
    assert said(made) == ["done", "rejected"]


def test_what_is_judged_as_before_is_not_told_again(desk: Desks) -> None:
    made = desk(*STEPS)
    made.find(1, 3, 7)
    made.work()
    before = said(made)
    made.backfill()
    assert said(made) == before


def test_only_the_adopted_branch_says_what_has_become_of_an_exposure(desk: Desks) -> None:
    made = desk(*STEPS[:2])
    made.find(7)
    made.work()
    made.branch("try", STEPS[0], ("sel", "toy.select", {"below": 9}, {"number": "src"}))
    made.record.backfill(made.step("sel", "try").id)
    made.work()
    assert made.states_of(made.step("sel", "try")) == {"e7": "done"}
    assert stored(made) == {"e7": ("rejected", ["sel: 7 is not below 5"])}


def test_groups_of_exposures_are_not_waited_for(desk: Desks) -> None:
    made = desk(*STEPS[:2], ("mean", "toy.mean", {}, {"number": "sel"}))
    made.find(1)
    made.work()
    assert stored(made) == {"e1": ("done", [])}
