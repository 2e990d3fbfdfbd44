"""Steps added to, replaced in and taken out of a workflow."""

from typing import Any

import pytest

import toys
from icestream.engine.graph.editing import with_replaced, with_step, without_step
from icestream.engine.graph.workflow import InvalidWorkflow, Output, Workflow

REGISTRY = toys.registry()


def workflow(*more: Any) -> Workflow:
    """Numbers, a selection of them, and what is added to those."""
    rows: list[Any] = [
        ("src", "toy.count", {}, {}),
        ("sel", "toy.select", {}, {"number": "src"}),
        ("a", "toy.add", {}, {"number": "sel.number"}),
        *more,
    ]
    return Workflow.from_document(toys.workflow(*rows))


def fed(made: Workflow, step: str) -> dict[str, list[str]]:
    return {port: [str(one) for one in links] for port, links in made.step(step).inputs.items()}


def test_a_new_step_takes_the_last_of_its_type() -> None:
    made = with_step(workflow(), REGISTRY, "b", "toy.add")
    assert fed(made, "b") == {"number": ["a.number"]}
    assert made.steps[:3] == workflow().steps


def test_a_new_step_stands_behind_one_and_before_another() -> None:
    made = with_step(workflow(), REGISTRY, "b", "toy.add", after="src", before=["sel"])
    assert fed(made, "b") == {"number": ["src.number"]}
    assert fed(made, "sel") == {"number": ["b.number"]}
    given = {"number": (Output("src", "number"),)}
    assert fed(with_step(workflow(), REGISTRY, "b", "toy.add", inputs=given), "b") == {
        "number": ["src.number"]
    }


def test_what_a_step_fed_is_fed_by_what_fed_it() -> None:
    made = without_step(workflow(), REGISTRY, "sel")
    assert fed(made, "a") == {"number": ["src.number"]} or fed(made, "a") == {"number": ["src"]}
    assert [step.name for step in made.steps] == ["src", "a"]


def test_a_monitor_that_watches_nothing_more_goes_too() -> None:
    made = without_step(
        workflow(
            ("total", "toy.total", {}, {"number": "a"}),
            ("watch", "toy.watch", {}, {"number": "a"}),
        ),
        REGISTRY,
        "total",
    )
    assert [step.name for step in made.steps] == ["src", "sel", "a", "watch"]
    assert fed(without_step(made, REGISTRY, "a"), "watch") == {"number": ["sel.number"]}


def test_a_step_that_makes_what_others_need_cannot_be_taken_out() -> None:
    made = workflow(
        ("total", "toy.total", {}, {"number": "a"}), ("two", "toy.double", {}, {"total": "total"})
    )
    with pytest.raises(InvalidWorkflow, match="input 'total' .* is not connected"):
        without_step(made, REGISTRY, "total")


def test_another_protocol_keeps_the_links() -> None:
    made = with_replaced(workflow(), REGISTRY, "sel", "toy.add")
    assert fed(made, "sel") == {"number": ["src"]}
    assert fed(made, "a") == {"number": ["sel.number"]}
    joined = with_replaced(workflow(), REGISTRY, "a", "toy.sum2")
    assert fed(joined, "a") == {"first": ["sel.number"], "second": ["sel.number"]}


@pytest.mark.parametrize(
    ("name", "protocol", "said"),
    [
        ("b", "toy.nothing", "toy.nothing"),
        ("a", "toy.add", "2 steps have this name"),
        ("Not a name", "toy.add", "names are lower-case"),
    ],
)
def test_what_cannot_be_is_refused(name: str, protocol: str, said: str) -> None:
    with pytest.raises((InvalidWorkflow, LookupError), match=said):
        with_step(workflow(), REGISTRY, name, protocol)


def test_unknown_steps_are_named() -> None:
    with pytest.raises(LookupError, match="no step 'nope'"):
        without_step(workflow(), REGISTRY, "nope")
    with pytest.raises(LookupError, match="no step 'nope'"):
        with_step(workflow(), REGISTRY, "b", "toy.add", after="nope")
    with pytest.raises(InvalidWorkflow, match="step 'src' takes"):
        with_step(workflow(), REGISTRY, "b", "toy.add", before=["src"])
