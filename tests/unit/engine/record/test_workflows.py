"""What the store says of workflows is what was entered."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from icestream.engine.graph.workflow import Output, Workflow
from icestream.engine.record.workflows import (
    adopted_branch,
    branch_called,
    inputs_of,
    session_workflow,
    workflow_of,
)
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {"add": 2}, {"number": "src"})
B = ("b", "toy.add", {}, {"number": "a"})
MEAN: Any = ("mean", "toy.agree", {}, {"number": ["src", "a"]})


def test_the_store_gives_back_the_workflow_that_was_entered(desk: Desks) -> None:
    read = session_workflow(desk(SRC, A, MEAN).store)
    assert read.name == "toy"
    assert read.step("a").parameters == {"add": 2}
    sources = (Output("src", "number"), Output("a", "number"))
    assert read.step("mean").inputs == {"number": sources}


def test_a_new_store_has_no_workflow(desk: Desks) -> None:
    made = desk()
    with made.store.read() as connection:
        assert adopted_branch(connection) is None
    with pytest.raises(LookupError, match="has not been started yet"):
        session_workflow(made.store)


def test_workflows_are_entered_by_value(desk: Desks) -> None:
    """What the store has can be opened as it was."""
    made = desk(SRC, A, B)
    read = session_workflow(made.store)
    assert Workflow.from_document(read.to_document()) == read
    made.record.open(read)
    assert made.rows(t.event, kind="step.revised") == []


def test_every_branch_has_a_workflow_of_its_own(desk: Desks) -> None:
    made = desk(SRC, A)
    made.branch("try", SRC, ("a", "toy.add", {"add": 7}, {"number": "src"}), B)
    here, there = session_workflow(made.store), session_workflow(made.store, "try")
    assert [step.name for step in here.steps] == ["src", "a"]
    assert [step.name for step in there.steps] == ["src", "a", "b"]
    assert (here.step("a").parameters, there.step("a").parameters) == ({"add": 2}, {"add": 7})
    with made.store.read() as connection:
        assert workflow_of(connection, branch_called(connection, "try")) == there
    with pytest.raises(LookupError, match="no branch 'nope' in this session; it has main, try"):
        session_workflow(made.store, "nope")


def test_the_workflow_is_that_of_the_branch_that_was_adopted(desk: Desks) -> None:
    made = desk(SRC, A)
    made.branch("try", SRC, A, B)
    made.adopt("try")
    assert session_workflow(made.store) == session_workflow(made.store, "try")
    with made.store.read() as connection:
        assert adopted_branch(connection) == branch_called(connection, "try") == 2


def test_links_are_of_a_revision(desk: Desks) -> None:
    """A step that was linked otherwise is linked as it was when it was at that revision."""
    made = desk(SRC, A, B)
    first = made.step("b").id
    made.bring((SRC, A, ("b", "toy.add", {}, {"number": "src"})))
    second = made.step("b").id
    with made.store.read() as connection:
        found = inputs_of(connection, [first, second])
    assert found == {
        first: {"number": (Output("a", "number"),)},
        second: {"number": (Output("src", "number"),)},
    }
    changed = {json.loads(row.changed).get("add") for row in made.rows(t.revision)}
    assert changed == {None, 2}
