"""Opening a session: the workflow enters the store, and what a crash left is put right."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import toys
from icestream.engine.graph.workflow import InvalidWorkflow, Output, Workflow
from icestream.engine.record.opening import mark_of, plan_of, step_state, workflow_of
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {"add": 2}, {"number": "src"})
B = ("b", "toy.add", {}, {"number": "a"})
OTHER = ("b", "toy.add", {}, {"number": "src"})
"""The step b, linked otherwise."""


def events(desk: Desk, kind: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in desk.rows(t.event, "document", kind=kind)]


# -- the workflow ----------------------------------------------------------------------------------


def test_the_store_gives_back_the_workflow_that_was_entered(desk: Desks) -> None:
    made = desk(SRC, A, ("mean", "toy.agree", {}, {"number": ["src", "a"]}))
    with made.store.read() as connection:
        read = workflow_of(connection)
    assert read is not None
    assert read.name == "toy"
    assert read.step("a").parameters == {"add": 2}
    sources = (Output("src", "number"), Output("a", "number"))
    assert read.step("mean").inputs == {"number": sources}


def test_a_new_store_has_no_workflow(desk: Desks) -> None:
    made = desk()
    with made.store.read() as connection:
        assert workflow_of(connection) is None
    with pytest.raises(LookupError, match="has not been started yet"):
        plan_of(made.store, toys.registry())


def test_readers_bind_the_plan_that_the_coordinator_has(desk: Desks) -> None:
    made = desk(SRC, A, B)
    made.open(SRC, ("a", "toy.add", {"add": 9}, {"number": "src"}), B)
    read, ours = plan_of(made.store, toys.registry()), made.record.plan
    for name in ("src", "a", "b"):
        one, other = read.step(name), ours.step(name)
        assert (one.id, one.revision_id, one.number) == (other.id, other.revision_id, other.number)
        assert (one.fingerprint, one.looks_back) == (other.fingerprint, other.looks_back)


def test_opening_again_changes_nothing(desk: Desks) -> None:
    made = desk(SRC, A, B)
    before = made.rows(t.revision)
    made.open(SRC, A, B)
    assert made.rows(t.revision) == before
    assert events(made, "step.revised") == []
    assert made.rows(t.session, "epoch") == [2]


def test_a_step_is_added(desk: Desks) -> None:
    made = desk(SRC, A)
    made.open(SRC, A, B)
    assert made.rows(t.step, "name") == ["src", "a", "b"]
    assert made.states[made.step("b").id].backfilling  # it has yet to see what is there


def test_changed_parameters_are_a_new_revision_of_the_step_and_of_what_follows(
    desk: Desks,
) -> None:
    made = desk(SRC, A, B, ("c", "toy.add", {}, {"number": "src"}))
    changed = ("a", "toy.add", {"add": 3}, {"number": "src"})
    made.open(SRC, changed, B, ("c", "toy.add", {}, {"number": "src"}))
    assert [made.step(name).number for name in ("src", "a", "b", "c")] == [1, 2, 2, 1]
    assert events(made, "step.revised") == [
        {"revision": 2, "who": "", "changed": {"add": 3}},
        {"revision": 2, "who": "", "changed": {}},
    ]


def test_earlier_parameters_are_the_earlier_revision(desk: Desks) -> None:
    made = desk(SRC, A)
    first = made.step("a").revision_id
    for value in (3, 2):
        made.open(SRC, ("a", "toy.add", {"add": value}, {"number": "src"}))
    assert made.step("a").revision_id == first
    assert made.step("a").number == 1
    assert len(made.rows(t.revision, step_id=made.step("a").id)) == 2


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (
            (SRC, OTHER),
            "the session has a step 'a' that this workflow lacks",
        ),
        ((SRC, A, OTHER), "step 'b' is linked otherwise in the session"),
    ],
)
def test_what_is_in_the_graph_stays_as_it_is(desk: Desks, steps: Any, said: str) -> None:
    made = desk(SRC, A, B)
    with pytest.raises(InvalidWorkflow) as error:
        made.open(*steps)
    assert said in str(error.value)
    assert "start a new session" in str(error.value)
    assert made.rows(t.step, "name") == ["src", "a", "b"]  # nothing was written


def test_a_workflow_that_cannot_run_leaves_the_store_as_it_is(desk: Desks) -> None:
    made = desk(SRC, A)
    with pytest.raises(InvalidWorkflow, match="no protocol 'toy.nope'"):
        made.open(SRC, A, ("b", "toy.nope", {}, {"number": "a"}))
    assert made.rows(t.step, "name") == ["src", "a"]


def test_only_a_step_whose_results_may_exist_looks_for_them(desk: Desks) -> None:
    """The question costs a query for each task: most steps need not ask."""
    made = desk(SRC, A, ("sel", "toy.select", {}, {"number": "a"}))
    assert not made.step("a").looks_back
    made.open(SRC, A, ("sel", "toy.select", {}, {"number": "a"}), B)
    assert made.step("a").looks_back  # another step of the same protocol
    assert not made.step("sel").looks_back
    limit = ("sel", "toy.select", {"below": 9}, {"number": "a"})
    made.open(SRC, A, limit, B)
    assert made.step("sel").looks_back  # an earlier revision


# -- taking over -----------------------------------------------------------------------------------


def test_what_was_running_is_ready_again_in_the_next_epoch(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, 2)
    made.start("a", 1)
    assert made.counts("a") == {"ready": 1, "running": 1}
    made.open(SRC, A)
    assert made.counts("a") == {"ready": 2}
    assert made.states_of("a") == {"e1": "ready", "e2": "ready"}
    assert made.record.epoch == 2


def test_no_step_runs_because_it_ran_in_an_earlier_epoch(desk: Desks) -> None:
    made = desk(SRC, A, B)
    for name, was in {"src": "running", "a": "draining", "b": "done"}.items():
        made.record.change_step(made.step(name).id, was, "", alarm=False)
    made.open(SRC, A, B)
    left = {row.name: row.state for row in made.rows(t.step)}
    assert left == {"src": "waiting", "a": "paused", "b": "done"}
    assert made.states[made.step("a").id].held


def test_leases_of_two_sessions_have_other_names(tmp_path: Path) -> None:
    assert mark_of(tmp_path / "one") != mark_of(tmp_path / "two")
    assert mark_of(tmp_path / "one") == mark_of(tmp_path / "one")
    assert mark_of(tmp_path).endswith(":")  # no mark is the beginning of another


def test_the_session_says_who_holds_it_and_what_it_runs(desk: Desks) -> None:
    made = desk(SRC, A)
    (row,) = made.rows(t.session)
    assert (row.name, row.workflow, row.order, row.state) == (
        made.folder.name, "toy", "oldest", "running"
    )  # fmt: skip
    assert row.holder.split("@")[0].isdigit()


# -- what decisions need to know -------------------------------------------------------------------


def test_the_state_of_a_step_is_read_from_the_store(desk: Desks) -> None:
    made = desk(SRC, A, ("total", "toy.total", {"full": 9}, {"number": "src"}))
    made.find(1, 2, 3)
    made.open(SRC, A, ("total", "toy.total", {"full": 9}, {"number": "src"}))
    a, total = (made.states[made.step(name).id] for name in ("a", "total"))
    assert (a.stored, a.window, a.feeding) == (3, [], (made.step("src").id,))
    assert (total.full, total.waiting_items, total.waiting_size) == (9, 3, 3)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("paused", "paused"),
        ("running", "waiting"),
        ("done", "waiting"),  # a closed stream is open again until its source says otherwise
        ("draining", "paused"),  # what it was to stop after has ended
    ],
)
def test_only_a_pause_or_stop_outlives_a_coordinator(desk: Desks, stored: str, read: str) -> None:
    made = desk(SRC, A)
    with made.store.write() as connection:
        connection.execute(update(t.step).where(t.step.c.name == "a").values(state=stored))
    made.open(SRC, A)
    assert made.states[made.step("a").id].state == read


@pytest.mark.parametrize("final", [True, False])
def test_a_batch_step_knows_whether_its_protocol_was_told_the_end(desk: Desks, final: bool) -> None:
    steps = (SRC, ("total", "toy.total", {"full": 1}, {"number": "src"}))
    made = desk(*steps)
    assert made.states[2].told  # nothing to be told before the first item
    made.find(1)
    made.record.form_batch(2, final=final)
    made.work()
    made.open(*steps)
    assert made.states[2].told is final


def test_a_trigger_knows_what_it_holds(desk: Desks) -> None:
    made = desk(SRC, ("hold", "toy.hold", {}, {"number": "src"}))
    made.find(1, 2)
    with made.store.read() as connection:
        state = step_state(connection, made.step("hold"))
    assert (state.waiting_items, state.waiting_size) == (2, 2)
    made.record.set_gate(2, "open")
    made.backfill("hold")
    with made.store.read() as connection:
        state = step_state(connection, made.step("hold"))
    assert (state.waiting_items, state.waiting_size) == (0, 0)


def test_workflows_are_entered_by_value(desk: Desks) -> None:
    """What the store has can be opened as it was."""
    made = desk(SRC, A, B)
    with made.store.read() as connection:
        read = workflow_of(connection)
    assert read is not None
    assert Workflow.from_document(read.to_document()) == read
    made.record.open(read, toys.registry())
    assert events(made, "step.revised") == []


def test_a_chain_of_batches_goes_on_after_a_crash(desk: Desks) -> None:
    """The second of three batches ran when the coordinator died: each item counts once."""
    steps = (SRC, ("total", "toy.total", {"full": 2}, {"number": "src"}))
    made = desk(*steps)
    made.find(1, 2, 3, 4, 5)
    made.record.form_batch(2, final=False)
    made.work()
    made.record.form_batch(2, final=False)
    made.start("total")
    made.open(*steps)
    assert made.states_of("total") == {"1": "done", "2": "ready"}
    assert (made.states[2].waiting_items, made.states[2].stored) == (1, 1)
    made.work()
    made.record.form_batch(2, final=True)
    made.work()
    totals = [json.loads(row.document)["total"] for row in made.rows(t.result, step_id=2)]
    assert [(one["value"], one["count"], one["batches"]) for one in totals] == [
        (3.0, 2, 1),
        (10.0, 4, 2),
        (15.0, 5, 3),
    ]
