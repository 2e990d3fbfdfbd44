"""Revisions: what a change of parameters makes run again, and what it would cost."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

import toys
from icestream.engine.executors.contract import Ended, Lease
from icestream.engine.record.light import JudgedItems
from icestream.engine.record.revisions import (
    Preview,
    change_at_rest,
    changed_steps,
    preview,
    preview_selection,
    with_parameters,
)
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.carry_out import carry_out
from icestream.store import tables as t
from toy_record import Desk, run

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


CHAIN = (SRC, add("a", "src"), add("b", "a"), add("c", "src", add=5))


def change(desk: Desk, step: str, **parameters: Any) -> None:
    """Open the session with some parameters of a step changed, and look at what is there."""
    old = session_workflow(desk.store)
    desk.record.open(with_parameters(old, toys.registry(), step, parameters))
    desk.backfill()


class Counter:
    """Runs leases, and counts the calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, lease: Lease) -> Ended:
        self.calls += len(lease.calls)
        return run(lease)


def calls(desk: Desk) -> int:
    """Run everything that is ready; how many calls that took."""
    counter = Counter()
    desk.work(counter)
    return counter.calls


# -- what runs again -------------------------------------------------------------------------------


def test_only_what_depends_on_the_change_runs_again(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2)
    assert calls(made) == 6
    change(made, "a", add=3)
    assert made.states_of("c") == {"e1": "done", "e2": "done"}
    assert calls(made) == 4


def test_going_back_to_earlier_parameters_runs_nothing(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2)
    made.work()
    first = {name: made.tasks(name)["e1"].result_id for name in "abc"}
    change(made, "a", add=3)
    made.work()
    change(made, "a", add=1)
    assert calls(made) == 0
    assert {name: made.tasks(name)["e1"].result_id for name in "abc"} == first
    assert made.exposures() == {"e1": "done", "e2": "done"}


def test_what_came_in_between_is_caught_up_on(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1)
    made.work()
    change(made, "a", add=3)
    made.find(2)
    made.work()
    change(made, "a", add=1)
    assert calls(made) == 2  # a and b of the exposure that the first revision never saw
    assert made.states_of("b") == {"e1": "done", "e2": "done"}


def test_an_item_that_comes_out_the_same_stops_the_change(desk: Desks) -> None:
    """A looser limit accepts more; what was accepted before is not made again."""
    made = desk(SRC, ("sel", "toy.select", {"below": 2}, {"number": "src"}), add("a", "sel"))
    made.find(1, 2, 3)
    assert calls(made) == 3 + 1
    change(made, "sel", below=3)
    assert calls(made) == 3 + 1
    assert made.states_of("a") == {"e1": "done", "e2": "done", "e3": "skipped"}


def test_a_task_that_ran_when_its_step_was_revised_is_not_lost(desk: Desks) -> None:
    made = desk(*CHAIN[:2])
    made.find(1)
    (lease,) = made.start("a")
    old = made.step("a").id
    _set(made, "a", add=3)
    made.backfill()
    made.record.take_in([run(lease)], [])
    (row,) = made.rows(t.counter, revision_id=old)
    assert (row.running, row.ready) == (0, 1)
    made.work()
    assert made.tasks("a")["e1"].result_id == made.rows(t.result, "id")[-1]
    _set(made, "a", add=1)
    made.backfill()
    assert calls(made) == 0  # what it made was kept by its key
    assert made.states_of("a") == {"e1": "done"}


def _set(desk: Desk, step: str, **changes: Any) -> None:
    """Change parameters as a command does it, while the session runs."""
    arguments = json.dumps({"step": step, "changes": changes})
    row = SimpleNamespace(verb="set", document=arguments, who="ann", token="1")
    carry_out(desk.record, row)


# -- changing --------------------------------------------------------------------------------------


def test_a_change_is_of_one_step_and_nothing_else(desk: Desks) -> None:
    old = session_workflow(desk(*CHAIN).store)
    new = with_parameters(old, toys.registry(), "a", {"add": 3})
    assert new.step("a").parameters == {"add": 3}
    assert new.step("a").inputs == old.step("a").inputs
    assert [step for step in new.steps if step.name != "a"] == [
        step for step in old.steps if step.name != "a"
    ]


def test_a_change_touches_the_step_and_what_depends_on_it(desk: Desks) -> None:
    made = desk(*CHAIN)
    before = made.record.plan
    made.change("a", add=3)
    changed = changed_steps(before, made.record.plan)
    assert [step.name for step in changed] == ["a", "b"]
    assert changed[0].changed == {"add": 3}
    assert changed[0].parameters["add"] == 3.0
    for step in changed:
        assert step.fingerprint != before.step(step.name).fingerprint


def test_a_plan_is_not_changed_by_what_comes_after_it(desk: Desks) -> None:
    made = desk(*CHAIN)
    plan = made.record.plan
    before = {step.name: (step.fingerprint, dict(step.parameters)) for step in plan.steps.values()}
    made.change("a", add=3)
    assert {
        step.name: (step.fingerprint, dict(step.parameters)) for step in plan.steps.values()
    } == before


def test_a_change_in_a_branch_is_none_of_the_adopted_one(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.branch("try", *CHAIN)
    before = made.record.plan
    made.change("a", "try", add=3)
    assert changed_steps(before, made.record.plan) == []
    assert (made.step("a").number, made.step("a", "try").number) == (1, 2)


def test_what_only_decides_when_is_changed_but_no_other_revision(desk: Desks) -> None:
    made = desk(*CHAIN)
    before = made.record.plan
    made.change("src", pace=2.0)
    (step,) = changed_steps(before, made.record.plan)
    assert (step.name, step.number, step.parameters["pace"]) == ("src", 1, 2.0)
    assert made.step("src").protocol.parameters.pace == 2.0


def test_a_parameter_at_its_default_is_not_among_the_changed(desk: Desks) -> None:
    old = session_workflow(desk(*CHAIN).store)
    new = with_parameters(old, toys.registry(), "c", {"add": 1.0})
    assert new.step("c").parameters == {}


@pytest.mark.parametrize(
    ("step", "changes", "error"),
    [("nope", {}, LookupError), ("a", {"add": "x"}, ValidationError), ("a", {"ad": 1}, ValueError)],
)
def test_a_change_that_is_wrong_is_refused(
    desk: Desks, step: str, changes: dict[str, Any], error: type[Exception]
) -> None:
    old = session_workflow(desk(*CHAIN).store)
    with pytest.raises(error):
        with_parameters(old, toys.registry(), step, changes)


# -- previews --------------------------------------------------------------------------------------


def look(desk: Desk, step: str, **changes: Any) -> Preview:
    new = with_parameters(session_workflow(desk.store), toys.registry(), step, changes)
    return preview(desk.store, toys.registry(), new)


def slow(lease: Lease) -> Ended:
    """Every call takes 2 s, by its own account."""
    ended = run(lease)
    return Ended(ended.lease, tuple(replace(one, seconds=2.0) for one in ended.endings))


def test_a_preview_says_what_would_run_again_and_how_long(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2, 3)
    made.work(slow)
    found = look(made, "a", add=3)
    assert [(s.name, s.tasks, s.kept, s.seconds) for s in found.steps] == [
        ("a", 3, 0, 6.0),
        ("b", 3, 0, 6.0),
    ]
    assert (found.tasks, found.seconds) == (6, 12.0)


def test_a_preview_changes_nothing(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1)
    made.work()
    before = [made.rows(table) for table in (t.revision, t.step, t.task, t.event)]
    look(made, "a", add=3)
    assert [made.rows(table) for table in (t.revision, t.step, t.task, t.event)] == before


def test_a_preview_knows_what_an_earlier_revision_has_made(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2)
    made.work()
    change(made, "a", add=3)
    made.work()
    made.find(3)
    made.work()
    found = look(made, "a", add=1)
    assert [(s.name, s.tasks, s.kept) for s in found.steps] == [("a", 1, 2), ("b", 1, 2)]
    assert found.tasks == _tasks_of(made, "a", add=1)


def test_a_preview_keeps_what_a_selection_let_through(desk: Desks) -> None:
    made = desk(SRC, ("sel", "toy.select", {"below": 3}, {"number": "src"}), add("a", "sel"))
    made.find(1, 2, 3)
    made.work()
    found = look(made, "sel", below=9)
    assert [(s.name, s.tasks, s.kept) for s in found.steps] == [("sel", 3, 0), ("a", 1, 2)]
    assert [one.gained for one in found.selections] == [("e3",)]


def test_a_preview_counts_all_that_is_made_of_what_a_source_brings(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2)
    made.work()
    found = look(made, "src", offset=5)
    assert [(s.name, s.tasks, s.kept) for s in found.steps] == [
        ("src", 0, 0),
        ("a", 2, 0),
        ("c", 2, 0),
        ("b", 2, 0),
    ]


def test_a_preview_of_a_change_that_is_none_is_empty(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1)
    made.work()
    assert look(made, "a", add=1.0).steps == ()


def _tasks_of(desk: Desk, step: str, **changes: Any) -> int:
    """Calls that the change does cost."""
    change(desk, step, **changes)
    return calls(desk)


def test_failed_tasks_are_tried_by_the_new_revision_too(desk: Desks) -> None:
    made = desk(SRC, add("a", "src", fail="item"))
    made.find(3)
    made.work()
    assert made.exposures() == {"e3": "failed"}
    change(made, "a", fail="")
    made.work()
    assert made.exposures() == {"e3": "done"}


def test_a_session_at_rest_is_changed_as_a_running_one(desk: Desks) -> None:
    """What is found again by the next run is what a command to a running session makes."""
    made = desk(*CHAIN)
    made.find(1, 2)
    made.work()
    changed = change_at_rest(made.store, toys.registry(), "a", {"add": 3.0}, "ann")
    assert [(step.name, step.number) for step in changed] == [("a", 2), ("b", 2)]
    assert made.rows(t.revision, "who")[-2:] == ["ann", "ann"]
    made.open(SRC, add("a", "src", add=3.0), *CHAIN[2:])
    assert [made.step(name).number for name in "abc"] == [2, 2, 1]
    assert change_at_rest(made.store, toys.registry(), "a", {"add": 3.0}, "ann") == []
    with pytest.raises(LookupError, match="no step 'x'"):
        change_at_rest(made.store, toys.registry(), "x", {"add": 3.0}, "ann")


def test_a_preview_costs_what_the_change_of_a_selection_costs(desk: Desks) -> None:
    made = desk(SRC, ("sel", "toy.select", {"below": 3}, {"number": "src"}), add("a", "sel"))
    made.find(1, 2, 3, 4)
    made.work()
    found = look(made, "sel", below=2)
    assert [(s.name, s.tasks, s.kept) for s in found.steps] == [("sel", 4, 0), ("a", 0, 1)]
    assert found.tasks == _tasks_of(made, "sel", below=2)
    found = look(made, "sel", below=5)
    assert found.selections[0].gained == ("e2", "e3", "e4")


def test_a_preview_of_a_change_that_waits_already_counts_what_it_waits_for(desk: Desks) -> None:
    made = desk(*CHAIN)
    made.find(1, 2, 3)
    made.work(slow)
    change_at_rest(made.store, toys.registry(), "a", {"add": 3.0}, "ann")
    found = look(made, "a", add=4)
    assert [(s.name, s.tasks, s.kept, s.seconds) for s in found.steps] == [
        ("a", 3, 0, 6.0),
        ("b", 3, 0, 6.0),
    ]


def test_a_selection_is_previewed_without_its_costs(desk: Desks) -> None:
    made = desk(*SELECTED)
    made.find(1, 2, 3)
    made.work()
    workflow = with_parameters(session_workflow(made.store), toys.registry(), "sel", {"below": 2})
    whole = preview(made.store, toys.registry(), workflow).selections
    kept = JudgedItems()
    for _ in range(2):
        found = preview_selection(made.store, toys.registry(), workflow, "sel", kept=kept)
        assert (found,) == whole
    with pytest.raises(LookupError, match="no selection 'src'"):
        preview_selection(made.store, toys.registry(), workflow, "src")


SELECTED: Any = (
    ("src", "toy.count", {}, {}),
    ("sel", "toy.select", {"below": 3}, {"number": "src"}),
    ("a", "toy.add", {}, {"number": "sel"}),
)


def test_where_a_step_reads_changes_with_the_files_that_are_named_alone(desk: Desks) -> None:
    made = desk(SRC, ("a", "toy.add", {"log": "/elsewhere/log"}, {"number": "src"}))
    old, registry = session_workflow(made.store), toys.registry()

    def within(changes: dict[str, Any], roots: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return with_parameters(old, registry, "a", changes, roots).step("a").within

    assert within({"add": 3}, ("/data",)) is None
    assert within({"log": None}, ("/data",)) is None, "others of its files could be read no more"
    assert within({"log": "/elsewhere/log"}, ("/data",)) is None
    assert within({"log": "/data/log"}, ("/data",)) == ("/data",)
    held = replace(old, steps=tuple(replace(step, within=("/data",)) for step in old.steps))
    for log, expected in (("/elsewhere/log", None), ("/other", None)):
        assert with_parameters(held, registry, "a", {"log": log}).step("a").within == expected
    assert with_parameters(held, registry, "a", {"add": 3}).step("a").within == ("/data",)
