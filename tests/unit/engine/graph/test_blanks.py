"""What a workflow leaves open, and how it is filled."""

from typing import Any

import pytest

import toys
from icestream.engine.graph.blanks import filled, needed, provisional, read_value
from icestream.engine.graph.document import Blank
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.protocol import Registry

OPEN: dict[str, Any] = {
    "version": 2,
    "name": "open",
    "blanks": [
        {"name": "pattern", "title": "Movies", "kind": "folder"},
        {"name": "voltage", "kind": "number", "unit": "kV", "default": 300.0},
        {"name": "pixel_size", "kind": "number", "default": None, "metadata": "pixel_size"},
        {"name": "unused"},
    ],
    "steps": [
        {
            "name": "import",
            "protocol": "movies.import",
            "parameters": {
                "pattern": "{{pattern}}/*.tiff",
                "voltage": "{{voltage}}",
                "pixel_size": "{{ pixel_size }}",
                "exclude": ["{{pixel_size}}", "bad"],
            },
        },
        {
            "name": "other",
            "protocol": "scipion:ProtX",
            "parameters": {"text": "{{pattern}}"},
            "inputs": {"inputMovies": "import"},
        },
    ],
}


def test_it_is_filled_with_what_is_given_and_with_defaults() -> None:
    workflow = Workflow.from_document(OPEN)
    assert [blank.name for blank in needed(workflow)] == ["pattern"]
    full = filled(workflow, {"pattern": "/data", "voltage": "200"})
    assert full.blanks == ()
    assert full.step("import").parameters == {
        "pattern": "/data/*.tiff",
        "voltage": 200.0,
        "exclude": ["bad"],
    }
    assert full.step("other").parameters == {"text": "{{pattern}}"}, "another program's own"
    assert filled(workflow, {"pattern": "/d", "pixel_size": 1}).step("import").parameters[
        "pixel_size"
    ] == pytest.approx(1.0)


def test_what_stays_open_leaves_nothing_of_itself_at_any_depth() -> None:
    steps = [{"name": "a", "protocol": "toy.add", "parameters": {
        "map": {"open": "{{size}}", "said": "{{ size }}x{{name}}", "own": 3},
        "list": [{"open": "{{size}}"}, "{{name}}"],
    }}]  # fmt: skip
    blanks = [{"name": "size", "default": None}, {"name": "name", "default": "n"}]
    workflow = Workflow.from_document({"version": 2, "blanks": blanks, "steps": steps})
    assert filled(workflow).step("a").parameters == {"map": {"own": 3}, "list": [{}, "n"]}


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidWorkflow) as error:
        filled(Workflow.from_document(OPEN), {"voltage": "high", "pixelsize": 1.0})
    assert error.value.problems == (
        "there is no blank 'pixelsize' to fill; did you mean pixel_size?",
        "blank 'pattern' (Movies) is not filled: give it a value (--fill pattern=VALUE)",
        "blank 'voltage' is filled with 'high', which is no number",
    )


def test_a_session_does_not_begin_with_something_open() -> None:
    workflow, registry = Workflow.from_document(OPEN), Registry()
    found = validate(workflow, registry)
    assert sum("is not filled" in problem for problem in found) == 3
    assert any("holds the place of ProtX of Scipion" in problem for problem in found)
    assert validate(workflow, registry, unfinished=True) == []


def test_what_is_filled_in_is_checked_as_if_it_had_been_there() -> None:
    wrong = Workflow.from_document(
        {
            **OPEN,
            "blanks": [
                {**one, "default": -1.0} if one["name"] == "voltage" else one
                for one in OPEN["blanks"]
            ],
        }
    )
    (said,) = validate(wrong, Registry(), unfinished=True)
    assert "parameter 'voltage' of movies.import" in said
    assert provisional(wrong).step("import").parameters["voltage"] == -1.0


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("number", "0.885", 0.885),
        ("whole number", "20000", 20000),
        ("whole number", 2.0, 2),
        ("yes or no", "true", True),
        ("yes or no", "No", False),
        ("yes or no", True, True),
        ("text", 12, "12"),
        ("file", "/a/b", "/a/b"),
    ],
)
def test_values_are_read_as_the_kind_says(kind: Any, given: Any, value: Any) -> None:
    read = read_value(Blank(name="x", kind=kind), given)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("number", "nan"),
        ("number", "1e999"),
        ("number", True),
        ("whole number", "1.5"),
        ("yes or no", "maybe"),
        ("text", ["a"]),
        ("text", None),
    ],
)
def test_values_that_do_not_fit(kind: Any, given: Any) -> None:
    with pytest.raises(ValueError, match=f"which is no {kind}"):
        read_value(Blank(name="x", kind=kind), given)


def test_a_workflow_without_blanks_is_as_it_is() -> None:
    workflow = Workflow.from_document(toys.workflow(("src", "toy.count", {}, {})))
    assert filled(workflow) == workflow
