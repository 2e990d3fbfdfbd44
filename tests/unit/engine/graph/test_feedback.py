"""Which steps triggers listen to, and whether those can begin."""

from typing import Any

import pytest

import toys
from icestream.engine.graph.feedback import listens
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import Workflow


def problems(parameters: dict[str, Any], *more: Any) -> list[str]:
    steps: list[Any] = [
        ("src", "toy.count", {}, {}),
        ("hold", "toy.hold-parts", parameters, {"number": "src"}),
        ("a", "toy.add", {}, {"number": "hold"}),
        ("b", "toy.add", {}, {"number": "src"}),
        ("watch", "toy.watch", {}, {"number": "a"}),
        *more,
    ]
    return validate(Workflow.from_document(toys.workflow(*steps)), toys.registry())


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"closed_by": "5 items of a"}, ""),  # what it feeds may close it
        ({"closed_by": "5 items of hold"}, ""),  # so may it itself: the first five
        ({"opened_by": "5 items of b"}, ""),
        ({"opened_by": "5 items of a"}, "step 'hold' is opened by 'a', which waits for 'hold'"),
        ({"opened_by": "5 items of hold"}, "waits for itself"),
        ({"closed_by": "5 items of aa"}, "no step 'aa'; did you mean a?"),
        ({"closed_by": "5 items of watch"}, "'watch' makes nothing that could be counted"),
    ],
)
def test_what_keeps_a_workflow_from_beginning(parameters: dict[str, Any], said: str) -> None:
    found = problems(parameters)
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_two_triggers_that_wait_for_each_other() -> None:
    other = ("hold2", "toy.hold-parts", {"opened_by": "1 item of a"}, {"number": "src"})
    fed = ("c", "toy.add", {}, {"number": "hold2"})
    found = problems({"opened_by": "1 item of c"}, other, fed)
    assert len(found) == 2
    assert "'hold' is opened by 'c', which waits for 'hold'" in found[0]


def test_what_cannot_be_read_is_said_where_the_parameters_are() -> None:
    (said,) = problems({"opened_by": "soon"})
    assert "parameter 'opened_by' of toy.hold-parts: 'soon' is no count of a step" in said


def test_others_listen_to_nothing() -> None:
    made = Workflow.from_document(toys.workflow(("a", "toy.add", {}, {"number": "src"})))
    assert listens(made.step("a"), toys.Add) == {}
