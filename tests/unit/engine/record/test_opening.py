"""Opening a session: the workflow enters the store, and what a crash left is put right."""

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import toys
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.record.opening import mark_of, step_state
from icestream.engine.record.record import Record
from icestream.store import queries
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
    states = {"src": "running", "a": "draining", "b": "done"}
    for name, was in states.items():
        made.record.change_step(made.step(name).id, was, "", alarm=False)
    made.open(SRC, A, B)
    left = {name: made.rows(t.revision, "state", id=made.step(name).id)[0] for name in states}
    assert left == {"src": "waiting", "a": "paused", "b": "done"}
    assert made.states[made.step("a").id].held


def test_what_a_crash_left_is_put_right_and_said(desk: Desks) -> None:
    made = desk(SRC, A)
    number = made.step("src").id
    made.record.change_step(number, "running", "", alarm=False)
    with made.store.write() as connection:
        connection.execute(update(t.revision).where(t.revision.c.id == number).values(waiting=3))
    made.open(SRC, A)
    assert (queries.step(made.store, "src").state, queries.step(made.store, "src").waiting) == (
        "waiting",
        0,
    )
    assert [one["state"] for one in events(made, "step.state")] == ["running", "waiting"]
    assert events(made, "source.waiting") == [{"waiting": 0, "branch": ""}]
    assert [one["epoch"] for one in events(made, "epoch.started")] == [1, 2]
    assert events(made, "session.state") == [{"state": "running", "reason": ""}]  # it still is


def test_a_parameter_that_makes_no_revision_is_said_to_be_changed(desk: Desks) -> None:
    made = desk(SRC, A)
    made.open(("src", "toy.count", {"pace": 0.5}, {}), A)
    assert queries.step(made.store, "src").parameters["pace"] == 0.5
    (said,) = events(made, "step.revised")
    assert said == {
        "revision": 1,
        "who": "",
        "changed": {"pace": 0.5},
        "branch": "main",
    }


def test_leases_of_two_sessions_have_other_names(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    assert mark_of("one", tmp_path) != mark_of("two", tmp_path)
    assert mark_of("one", tmp_path) != mark_of("one", tmp_path / "copy")
    assert mark_of("one", tmp_path) == mark_of("one", tmp_path)
    assert mark_of("one", tmp_path).endswith(":")  # no mark is the beginning of another


def test_a_session_has_a_uid_from_its_beginning_and_keeps_it(desk: Desks) -> None:
    made, other = desk(SRC, A), desk(SRC, A)
    assert re.fullmatch(r"[0-9a-f]{32}", made.record.uid)
    assert made.record.uid != other.record.uid
    assert queries.session(made.store).uid == made.record.uid
    again = Record(made.store, toys.registry(), "oldest", 60.0)
    again.open(Workflow.from_document(toys.workflow(SRC, A)))
    assert again.uid == queries.session(made.store).uid == made.record.uid
    last = queries.epochs(made.store)[-1]
    assert (last.number, last.host, last.folder) == (2, socket.gethostname(), str(made.folder))


def test_the_session_says_who_holds_it_and_what_it_runs(desk: Desks) -> None:
    made = desk(SRC, A)
    (row,) = made.rows(t.session)
    assert (row.name, row.workflow, row.order, row.state) == (
        made.folder.name, "toy", "oldest", "running"
    )  # fmt: skip
    assert row.holder.split("@")[0].isdigit()


def test_the_order_stays_what_it_is_unless_another_is_asked_for(desk: Desks) -> None:
    made = desk(SRC, A, order="both")
    assert Record(made.store, toys.registry(), None, 60.0).order == "both"
    assert Record(made.store, toys.registry(), "newest", 60.0).order == "newest"


def test_ranks_of_an_earlier_version_are_turned_round(desk: Desks) -> None:
    """It had the oldest first by ranks that fell with the number of the exposure."""
    made = desk(SRC, A)
    made.find(1, 2, 3)
    ranks = made.rows(t.task, "rank")
    with made.store.write() as connection:
        place = t.task.c.rank % 2**40
        turned = t.task.c.rank - place + 2**40 - 1 - t.task.c.subject_id
        connection.execute(update(t.task).values(rank=turned))
    assert made.rows(t.task, "rank") != ranks
    made.open(SRC, A)
    assert made.rows(t.task, "rank") == ranks


@pytest.mark.parametrize("held", [True, False])
def test_what_waited_for_the_same_work_is_ready_but_what_a_gate_holds_is_not(
    desk: Desks, held: bool
) -> None:
    """Whoever did that work is gone; a gate is still there."""
    twins: tuple[Any, ...] = (SRC, A, ("twin", "toy.add", {"add": 2}, {"number": "src"}))
    hold: tuple[Any, ...] = (SRC, ("hold", "toy.hold", {}, {"number": "src"}), A)
    steps = hold if held else twins
    made = desk(*steps)
    made.find(1, 2)
    if not held:
        made.start("a", 1)
        assert len(made.start("twin")) == 1  # of the other exposure
    name = "hold" if held else "twin"
    assert "held" in made.states_of(name).values()
    made.open(*steps)
    assert set(made.states_of(name).values()) == {"held" if held else "ready"}
    assert made.counts(name) == {"held" if held else "ready": 2}
    assert made.states[made.step(name).id].withheld == 0


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
        ours = t.revision.c.id == made.step("a").id
        connection.execute(update(t.revision).where(ours).values(state=stored))
    made.open(SRC, A)
    assert made.states[made.step("a").id].state == read


@pytest.mark.parametrize("final", [True, False])
def test_a_batch_step_knows_whether_its_protocol_was_told_the_end(desk: Desks, final: bool) -> None:
    steps = (SRC, ("total", "toy.total", {"full": 1}, {"number": "src"}))
    made = desk(*steps)
    assert made.states[2].told  # nothing to be told before the first item
    made.find(1)
    made.gather("total", final=final)
    made.work()
    made.open(*steps)
    assert made.states[2].told is final


def test_a_trigger_knows_what_it_holds(desk: Desks) -> None:
    made = desk(SRC, ("hold", "toy.hold", {}, {"number": "src"}))
    made.find(1, 2)
    with made.store.read() as connection:
        state = step_state(connection, made.step("hold"), "newest")
    assert (state.waiting_items, state.waiting_size) == (2, 2)
    made.record.set_gate(2, "open")
    made.backfill("hold")
    with made.store.read() as connection:
        state = step_state(connection, made.step("hold"), "newest")
    assert (state.waiting_items, state.waiting_size) == (0, 0)


def test_a_chain_of_batches_goes_on_after_a_crash(desk: Desks) -> None:
    """The second of three batches ran when the coordinator died: each item counts once."""
    steps = (SRC, ("total", "toy.total", {"full": 2}, {"number": "src"}))
    made = desk(*steps)
    made.find(1, 2, 3, 4, 5)
    made.gather("total")
    made.work()
    made.gather("total")
    made.start("total")
    made.open(*steps)
    assert made.states_of("total") == {"1": "done", "2": "ready"}
    assert (made.states[2].waiting_items, made.states[2].stored) == (1, 1)
    made.work()
    made.gather("total", final=True)
    made.work()
    totals = [json.loads(row.document)["total"] for row in made.rows(t.result, step_id=2)]
    assert [(one["value"], one["count"], one["batches"]) for one in totals] == [
        (3.0, 2, 1),
        (10.0, 4, 2),
        (15.0, 5, 3),
    ]
