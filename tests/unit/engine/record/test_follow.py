"""Following: what one transaction changes goes as far down the graph as it can."""

from collections.abc import Callable
from typing import Any

import pytest

from icestream.engine.decisions.events import TasksReady
from icestream.engine.record import record
from toy_record import Desk, Step, run

Desks = Callable[..., Desk]
SRC: Step = ("src", "toy.count", {}, {})


def add(name: str, after: str, **parameters: Any) -> Step:
    return (name, "toy.add", parameters, {"number": after})


def select(name: str, after: str, below: float = 5) -> Step:
    return (name, "toy.select", {"below": below}, {"number": after})


def test_what_is_found_is_ready_at_the_next_step_in_the_same_transaction(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk(SRC, add("a", "src"))
    followed: list[int] = []
    right = record.follow
    monkeypatch.setattr(record, "follow", lambda one: (followed.append(1), right(one)))
    (event,) = made.find(1, 2)
    assert len(followed) == 1
    assert isinstance(event, TasksReady)
    assert [task.step for task in event.tasks] == [made.step("a").id] * 2
    assert made.states_of("src") == {"e1": "done", "e2": "done"}
    assert made.states_of("a") == {"e1": "ready", "e2": "ready"}


def test_results_that_are_known_are_followed_to_the_end_of_a_chain_at_once(desk: Desks) -> None:
    chain = (SRC, add("a", "src"), add("b", "a"), add("c", "b"))
    made = desk(*chain)
    made.find(1)
    made.work()
    made.open(*chain, add("a2", "src"), add("b2", "a2"), add("c2", "b2"))
    made.backfill("a2")  # the first of the second chain alone
    assert [made.states_of(name) for name in ("a2", "b2", "c2")] == [{"e1": "done"}] * 3


def test_what_is_skipped_is_skipped_down_the_chain_with_its_reason(desk: Desks) -> None:
    made = desk(SRC, select("sel", "src"), add("a", "sel"), add("b", "a"), add("c", "b"))
    made.find(3, 7)
    made.work_at("sel")
    assert [made.states_of(name) for name in "abc"] == [
        {"e3": "ready", "e7": "skipped"},
        {"e7": "skipped"},
        {"e7": "skipped"},
    ]
    reasons = {made.tasks(name)["e7"].reason for name in "abc"}
    assert reasons == {"rejected by sel: 7 is not below 5"}


def test_a_step_follows_all_that_leads_to_it_before_it_is_looked_at(desk: Desks) -> None:
    """A join of a short way and a long one, both of which end in one transaction."""
    made = desk(
        SRC, select("sel", "src"), add("a", "sel"), add("b", "a"),
        ("s", "toy.sum2", {}, {"first": "b", "second": "sel"}),
    )  # fmt: skip
    made.find(7)
    made.record.take_in([run(lease) for lease in made.start("sel")], [])
    assert made.states_of("s") == {"e7": "skipped"}
    assert made.counts("s") == {"skipped": 1}
    assert made.exposures() == {"e7": "rejected"}


def test_steps_of_a_sample_look_at_the_sample_only(desk: Desks) -> None:
    made = desk(SRC, add("a", "src"))
    made.find(1, 2, 3)
    made.branch("try", SRC, add("a", "src", add=7), add("b", "a"), sample=["e1", "e3"])
    tried = made.step("a", "try")
    made.find(4)
    made.record.backfill(tried.id)
    assert made.states_of(tried) == {"e1": "ready", "e3": "ready"}
    assert made.states_of("a").keys() == {"e1", "e2", "e3", "e4"}


def test_a_sample_counts_as_settled_what_a_step_has_not_to_wait_for(desk: Desks) -> None:
    """Once for each exposure, whether its inputs have come or will not."""
    made = desk(SRC, select("sel", "src"), add("a", "sel"))
    made.find(3, 7, 4)
    made.work_at("sel")
    made.branch("try", SRC, select("sel", "src"), add("a", "sel", add=7), sample=["e3", "e7"])
    tried = made.step("a", "try").id

    def settled() -> int:
        events = made.record.backfill(tried)
        ready = [event for event in events if isinstance(event, TasksReady)]
        return sum(count for event in ready for step, count in event.settled if step == tried)

    assert settled() == 2
    assert settled() == 0
    assert made.states_of(made.step("a", "try")) == {"e3": "ready", "e7": "skipped"}
