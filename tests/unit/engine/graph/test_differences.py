"""What is otherwise in a workflow than in another."""

from typing import Any

import toys
from icestream.engine.graph.differences import Difference, differences
from icestream.engine.graph.workflow import Workflow

SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {}, {"number": "src"})


def told(old: list[Any], new: list[Any]) -> tuple[Difference, ...]:
    made = [Workflow.from_document(toys.workflow(*steps)) for steps in (old, new)]
    return differences(*made, toys.registry())


def test_a_value_that_is_not_said_is_the_default() -> None:
    (one,) = told([SRC, A], [SRC, ("a", "toy.add", {"add": 3.0}, {"number": "src"})])
    assert one == Difference(step="a", what="parameter", name="add", old=1.0, new=3.0)
    assert not told([SRC, A], [SRC, ("a", "toy.add", {"add": 1.0}, {"number": "src"})])


def test_the_only_port_of_a_step_need_not_be_said() -> None:
    assert not told([SRC, A], [SRC, ("a", "toy.add", {}, {"number": "src.number"})])


def test_steps_protocols_and_links() -> None:
    b: Any = ("b", "toy.add", {}, {"number": "a"})
    new = [SRC, ("a", "toy.draw", {}, {"number": "src"}), ("b", "toy.add", {}, {"number": "src"})]
    found = told([SRC, A, b], [*new, ("c", "toy.add", {}, {"number": "src"})])
    assert [(one.step, one.what, one.old, one.new) for one in found] == [
        ("a", "protocol", "toy.add", "toy.draw"),
        ("b", "input", ["a"], ["src"]),
        ("c", "added", None, "toy.add"),
    ]
    assert [(one.step, one.what) for one in told([SRC, A, b], [SRC, A])] == [("b", "removed")]


def test_what_holds_for_one_run_only_is_none() -> None:
    watched: Any = ("src", "toy.count", {"watch": True}, {})
    assert not told([SRC, A], [watched, A])
