"""What keeps a workflow from running is said all at once, and before anything starts."""

from typing import Any

import pytest

import toys
from icestream.engine.graph.blanks import provisional
from icestream.engine.graph.validation import doubts, validate
from icestream.engine.graph.workflow import (
    Workflow,
    load_workflow,
    shipped_workflows,
)
from icestream.protocol import Registry

CHAIN: list[Any] = [
    ("src", "toy.count", {}, {}),
    ("a", "toy.add", {"add": 2}, {"number": "src.number"}),
    ("s", "toy.sum2", {}, {"first": "a", "second": "src"}),
]


def workflow(*steps: Any) -> Workflow:
    return Workflow.from_document(toys.workflow(*steps))


def test_a_good_workflow_has_no_problems() -> None:
    assert validate(workflow(*CHAIN), toys.registry()) == []


@pytest.mark.parametrize("name", shipped_workflows())
def test_shipped_workflows_can_run(name: str) -> None:
    assert validate(provisional(load_workflow(name)), Registry()) == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (("b", "toy.ad", {}, {}), "no protocol 'toy.ad' is installed; did you mean toy.add"),
        (("b", "toy.add", {}, {}), "input 'number' (Number) is not connected"),
        (("b", "toy.add", {"ad": 1}, {"number": "a"}), "did you mean add?"),
        (("b", "toy.add", {"add": "x"}, {"number": "a"}), "parameter 'add' of toy.add"),
        (("b", "toy.add", {}, {"numbr": "a"}), "no such input; did you mean number?"),
        (("b", "toy.add", {}, {"number": "srcc"}), "no step 'srcc'; did you mean src?"),
        (("b", "toy.add", {}, {"number": "a.numbr"}), "no output 'numbr'; did you mean number?"),
        (("b", "toy.double", {}, {"total": "a"}), "expects Total, but a.number is Number"),
        (("b", "toy.add", {}, {"number": ["a", "src"]}), "takes one link, found 2"),
        (("b", "toy.agree", {}, {"number": "a"}), "compares two results or more, found one"),
        (("b", "toy.agree", {}, {"number": ["a", "a"]}), "compares two results or more, found one"),
        (("b", "toy.weigh", {}, {"number": "a", "evidence": ["src", "aa"]}), "no step 'aa'"),
        (("b", "toy.weigh", {}, {"number": ["a", "src"]}), "takes one link, found 2"),
        (("A b", "toy.add", {}, {"number": "a"}), "names are lower-case letters"),
        (("a", "toy.add", {}, {"number": "src"}), "2 steps have this name"),
        (("b", "toy.add", {}, {"number": "b"}), "in a circle: b <- b"),
    ],
)
def test_each_problem_is_named(step: Any, said: str) -> None:
    problems = validate(workflow(*CHAIN, step), toys.registry())
    assert any(said in problem for problem in problems), problems
    assert all(repr(step[0]) in problem or "circle" in problem for problem in problems)


def test_a_snapshot_of_all_is_not_joined_with_one_exposure() -> None:
    total = ("t", "toy.total", {}, {"number": "src"})
    mixed = ("x", "toy.share", {}, {"number": "src", "total": "t"})
    assert validate(workflow(*CHAIN, total), toys.registry()) == []
    (said,) = validate(workflow(*CHAIN, total, mixed), toys.registry())
    assert said.startswith("step 'x': joins single exposures with snapshots of t, which nothing pa")


def test_all_problems_are_said_at_once() -> None:
    problems = validate(
        workflow(("a", "nope", {}, {}), ("b", "toy.add", {"x": 1}, {})), toys.registry()
    )
    assert len(problems) == 3


def test_unusual_values_are_doubted_but_those_that_were_told_before() -> None:
    before = load_workflow("default").changed("import", {"voltage": 3e5})
    after = before.changed("import", {"pixel_size": 0.1})
    assert validate(after, Registry()) == []
    assert list(doubts(after, Registry(), before)) == [
        "step 'import': parameter 'pixel_size' of movies.import: 0.1 Å is unusual (usual: 0.2 to "
        "20 Å); did you mean 1 Å (0.1 nm)?"
    ]
    assert len(list(doubts(after, Registry()))) == 2


@pytest.mark.parametrize("name", shipped_workflows())
def test_nothing_in_shipped_workflows_is_unusual(name: str) -> None:
    assert list(doubts(provisional(load_workflow(name)), Registry())) == []


def test_what_nothing_that_is_linked_reports_is_said() -> None:
    inputs = {"number": "a", "evidence": ["src", "s"]}
    good = workflow(*CHAIN, ("w", "toy.weigh", {"below": 1}, inputs))
    bad = workflow(*CHAIN, ("w", "toy.weigh", {"below": -1}, inputs))
    assert validate(good, toys.registry()) == []
    (problem,) = validate(bad, toys.registry())
    assert problem == "step 'w': a (Number), src (Number), s (Number): never below 0"


def test_evidence_is_what_says_what_was_measured() -> None:
    steps = (
        *CHAIN,
        ("t", "toy.draw", {}, {"number": "a"}),
        ("w", "toy.weigh", {}, {"number": "a", "evidence": ["src", "t"]}),
    )
    (problem,) = validate(workflow(*steps), toys.registry())
    assert "input 'evidence': looks at results that say what was measured" in problem
    assert "t.drawing (Drawing) does not" in problem
