"""What a session taught itself is told from what people set."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from icestream.engine.graph.workflow import Workflow
from icestream.engine.record.branches import Entered, enter_workflow
from icestream.engine.record.revisions import with_parameters
from icestream.engine.record.set_by_people import (
    kept_since,
    standing_workflow,
    workflow_set_by_people,
)
from icestream.engine.record.workflows import branch_called, session_workflow
from icestream.store import tables as t
from icestream.store.events import AlertAdopted
from icestream.store.lineage import lineages
from icestream.store.standing import undoing
from toy_record import Desk

Desks = Callable[..., Desk]
SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {"add": 2, "fail": "x"}, {"number": "src"})
B: Any = ("b", "toy.add", {}, {"number": "a"})
TEACH: Any = ("teach", "toy.teach", {}, {"number": "a"})


def adopt(made: Desk, who: str, /, branch: str = "main", **changes: Any) -> None:
    """Adopt an offer of the monitor: by itself, or by a person."""
    new = with_parameters(session_workflow(made.store, branch), made.record.registry, "a", changes)
    offer = {"step": "a", "changes": changes, "automatic": who == "teach"}
    with made.record.transaction() as (connection, writes):
        number = branch_called(connection, branch)
        enter_workflow(connection, writes, Entered(number, new, who), made.record.registry)
        said = AlertAdopted(alert=1, who=who, offer=offer)
        writes.event(said, step_id=made.step("teach").step)
    made.record.replan()


def enter(made: Desk, new: Workflow, who: str) -> None:
    with made.record.transaction() as (connection, writes):
        entered = Entered(branch_called(connection, "main"), new, who)
        enter_workflow(connection, writes, entered, made.record.registry)


def set_by_people(made: Desk, branch: str | None = None) -> dict[str, Any]:
    return dict(workflow_set_by_people(made.store, branch).step("a").parameters)


def test_what_nobody_taught_is_all_there(desk: Desks) -> None:
    made = desk(SRC, A, B, TEACH)
    made.change("a", seconds=1.0)
    assert workflow_set_by_people(made.store) == session_workflow(made.store)
    assert set_by_people(made) == {"add": 2, "fail": "x", "seconds": 1.0}


def test_a_lesson_is_what_it_was_before(desk: Desks) -> None:
    made = desk(SRC, A, B, TEACH)
    adopt(made, "teach", add=5, seconds=3.0)
    adopt(made, "teach", add=6)
    assert session_workflow(made.store).step("a").parameters["add"] == 6
    assert set_by_people(made) == {"add": 2, "fail": "x"}
    # What a monitor put back to its default was something else before.
    adopt(made, "teach", fail="")
    assert set_by_people(made) == {"add": 2, "fail": "x"}
    assert workflow_set_by_people(made.store).step("b") == session_workflow(made.store).step("b")


def test_a_person_has_the_last_word(desk: Desks) -> None:
    made = desk(SRC, A, TEACH)
    adopt(made, "teach", add=5, seconds=3.0)
    made.change("a", add=7, write=True)
    assert set_by_people(made) == {"add": 7, "fail": "x", "write": True}
    adopt(made, "teach", add=9)
    assert set_by_people(made) == {"add": 7, "fail": "x", "write": True}
    made.change("a", add=1.0)  # the default
    assert set_by_people(made) == {"fail": "x", "write": True}


def test_an_offer_that_a_person_adopts_is_set_by_a_person(desk: Desks) -> None:
    made = desk(SRC, A, TEACH)
    adopt(made, "ann", add=5)
    assert set_by_people(made) == {"add": 5, "fail": "x"}


@pytest.mark.parametrize("who", ["teach", "ann"])
def test_files_of_the_session_stay_with_it(desk: Desks, who: str) -> None:
    """And what was offered with them: numbers of classes are nothing without their file."""
    made = desk(SRC, A, TEACH)
    adopt(made, who, log=str(made.folder / "a" / "log.txt"), seconds=3.0)
    assert "log" in session_workflow(made.store).step("a").parameters
    assert set_by_people(made) == {"add": 2, "fail": "x"}
    made.change("a", log=str(made.folder / "mine.txt"), seconds=4.0)
    assert set_by_people(made) == {"add": 2, "fail": "x", "seconds": 4.0}
    made.change("a", log="/data/log.txt")
    assert set_by_people(made)["log"] == "/data/log.txt"


def test_a_branch_has_the_lessons_of_what_it_was_made_from(desk: Desks) -> None:
    made = desk(SRC, A, TEACH)
    adopt(made, "teach", add=5)
    made.branch("try", SRC, ("a", "toy.add", {"add": 5, "write": True}, {"number": "src"}), TEACH)
    assert set_by_people(made, "try") == {"add": 2, "write": True}
    made.adopt("try")
    assert set_by_people(made) == {"add": 2, "write": True}
    assert set_by_people(made, "main") == {"add": 2, "fail": "x"}
    with pytest.raises(LookupError, match="no branch 'nope'"):
        workflow_set_by_people(made.store, "nope")


def test_where_a_step_reads_is_kept_until_other_files_are_named(desk: Desks) -> None:
    made = desk(SRC, A)
    held = replace(session_workflow(made.store).step("a"), within=("/data",))
    steps = (session_workflow(made.store).step("src"), held)
    enter(made, replace(session_workflow(made.store), steps=steps), "web")
    made.record.replan()
    assert session_workflow(made.store).step("a").within == ("/data",)
    assert made.step("a").within == ("/data",)
    made.change("a", add=4)  # which names no file
    assert session_workflow(made.store).step("a").within == ("/data",)
    assert workflow_set_by_people(made.store).step("a").within is None
    free = replace(session_workflow(made.store).step("a"), within=None)
    again = replace(session_workflow(made.store), steps=(steps[0], free))
    assert kept_since(made.store, again).step("a").within == ("/data",)
    other = replace(free, parameters={**free.parameters, "fail": "/elsewhere"})
    again = replace(again, steps=(steps[0], other))
    assert kept_since(made.store, again).step("a").within is None
    standing = undoing(made.store)
    assert standing_workflow(made.store, standing).step("a").within == ("/data",)


def test_who_said_a_parameter_is_known_until_somebody_else_does(desk: Desks) -> None:
    made = desk(SRC, A)
    steps = session_workflow(made.store).steps
    told = replace(steps[1], said_by={"add": "metadata (EPU's session)"})
    enter(made, replace(session_workflow(made.store), steps=(steps[0], told)), "")
    made.record.replan()
    made.find(1.0)
    made.work()
    assert {dict(one.said_by).get("add") for one in lineages(made.store) if one.step == "a"} == {
        "metadata (EPU's session)"
    }
    made.change("a", seconds=1.0)
    assert session_workflow(made.store).step("a").said_by == told.said_by
    assert kept_since(made.store, workflow_set_by_people(made.store)).step("a").said_by == (
        told.said_by
    )
    made.change("a", add=5)
    assert session_workflow(made.store).step("a").said_by == {}


def test_a_session_without_events_is_taken_as_it_is(desk: Desks) -> None:
    made = desk(SRC, A)
    with made.store.write() as connection:
        connection.execute(t.event.delete())
    assert set_by_people(made) == {"add": 2, "fail": "x"}


def test_a_workflow_takes_back_nothing_that_was_set_since(desk: Desks) -> None:
    made = desk(SRC, A)
    again = session_workflow(made.store)
    new = with_parameters(again, made.record.registry, "a", {"add": 3})
    enter(made, new, "ann")

    def added(workflow: Workflow) -> Any:
        return kept_since(made.store, workflow).step("a").parameters

    assert dict(added(again)) == {"add": 3, "fail": "x"}, "it says what it said before"
    otherwise = again.changed("a", {"add": 5})
    assert dict(added(otherwise)) == {"add": 5, "fail": "x"}, "it says otherwise now"
    counted = kept_since(made.store, again.changed("src", {"count": 5}))
    assert counted.step("src").parameters["count"] == 5


def test_what_was_set_stays_when_the_workflow_changes_something_else(desk: Desks) -> None:
    """The second time, too: what a workflow leaves as it was set, it has not said."""
    made = desk(SRC, A)
    again = session_workflow(made.store)
    enter(made, with_parameters(again, made.record.registry, "a", {"add": 3}), "ann")
    edited = again.changed("a", {"fail": "y"})
    enter(made, kept_since(made.store, edited), "")
    kept = kept_since(made.store, edited).step("a").parameters
    assert dict(kept) == {"add": 3, "fail": "y"}


def test_a_file_that_took_up_what_was_set_takes_back_nothing_that_is_set_later(
    desk: Desks,
) -> None:
    made = desk(SRC, A)
    first = session_workflow(made.store)
    enter(made, with_parameters(first, made.record.registry, "a", {"add": 3}), "ann")
    taken_up = first.changed("a", {"add": 3})
    assert kept_since(made.store, taken_up) == taken_up
    made.open(SRC, ("a", "toy.add", {"add": 3, "fail": "x"}, {"number": "src"}))
    enter(made, with_parameters(taken_up, made.record.registry, "a", {"add": 4}), "ann")
    assert kept_since(made.store, taken_up).step("a").parameters["add"] == 4
    # What it says otherwise than ever before counts.
    edited = first.changed("a", {"add": 5})
    assert kept_since(made.store, edited).step("a").parameters["add"] == 5
