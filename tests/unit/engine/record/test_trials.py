"""What trying a change would do, said without changing anything."""

from collections.abc import Callable
from typing import Any

import pytest

import toys
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.record.trials import plan_trial
from icestream.store import tables as t
from toy_record import Desk

SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {}, {"number": "src"})
B: Any = ("b", "toy.add", {"write": True}, {"number": "a"})


@pytest.fixture
def made(desk: Callable[..., Desk]) -> Desk:
    session = desk(SRC, A, B)
    session.find(*range(6))
    session.work()
    return session


def test_it_says_all_and_changes_nothing(made: Desk) -> None:
    before = [made.rows(table) for table in (t.revision, t.branch, t.task, t.event)]
    found = plan_trial(made.store, toys.registry(), changes={"a": {"add": 3}}, count=4)
    assert (found.base, len(found.differences)) == ("main", 1)
    assert found.sample is not None
    assert len(found.sample.exposures) == 4
    assert {one.name: (one.tasks, one.kept) for one in found.preview.steps} == {
        "a": (4, 0),
        "b": (4, 0),
    }
    assert found.preview.bytes > 0
    assert [made.rows(table) for table in (t.revision, t.branch, t.task, t.event)] == before
    every = plan_trial(made.store, toys.registry(), changes={"a": {"add": 3}}, count=None)
    assert (every.sample, every.preview.tasks) == (None, 12)


def test_what_another_branch_has_made_is_kept(made: Desk) -> None:
    made.branch("x", SRC, ("a", "toy.add", {"add": 3}, {"number": "src"}), B, sample=["e0", "e5"])
    made.backfill()
    made.work()
    found = plan_trial(made.store, toys.registry(), changes={"a": {"add": 3}}, count=4)
    assert {one.name: (one.tasks, one.kept) for one in found.preview.steps} == {
        "a": (2, 2),
        "b": (2, 2),
    }


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"changes": {"nope": {"add": 1}}}, LookupError, "no step 'nope'"),
        ({"changes": {"a": {"add": "many"}}}, ValueError, "add"),
        ({"changes": {"a": {"add": 1.0}}}, LookupError, "nothing would be changed"),
        ({"changes": {"a": {"add": 2}}, "count": 0}, LookupError, "on 0 exposures"),
        ({"changes": {"a": {"add": 2}}, "base": "gone"}, LookupError, "no branch 'gone'"),
        (
            {"workflow": Workflow.from_document(toys.workflow(SRC, B))},
            InvalidWorkflow,
            "no step 'a'",
        ),
    ],
)
def test_what_cannot_be_tried_is_refused(
    made: Desk, given: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        plan_trial(made.store, toys.registry(), **given)
