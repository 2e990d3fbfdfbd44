"""The form of a workflow file: versions, everything that is wrong with it, its schema."""

from typing import Any

import jsonschema_rs
import pytest

from icestream.engine.graph.document import read_document, schema, uses
from icestream.engine.graph.workflow import Workflow, load_workflow, shipped_workflows

STEP = {"name": "a", "protocol": "toy.add"}


def wrong(document: Any) -> list[str]:
    read, problems = read_document(document)
    assert (read is None) == bool(problems)
    return problems


def test_a_file_of_version_1_is_read_and_written_as_version_2() -> None:
    """What it passed over is passed over still, and what looks like a blank stays text."""
    old = {
        "name": "mine",
        "description": "passed over",
        "steps": [{**STEP, "parameters": {"note": "see {{place}}", "add": 2}, "inputs": None}],
    }
    new = Workflow.from_document(old)
    assert new.to_document()["version"] == 2
    assert Workflow.from_document(new.to_document()) == new
    (blank,) = new.blanks
    assert (blank.name, blank.default, blank.needed) == ("place", "{{place}}", False)


def test_a_newer_version_is_refused_with_what_to_do() -> None:
    (said,) = wrong({"version": 3, "steps": [], "more": 1})
    assert "of version 3" in said
    assert "upgrade" in said
    assert "a whole number" in wrong({"version": "2", "steps": []})[0]


def test_what_is_meant_to_exhaust_us_is_refused() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = {"a": deep}
    assert "more than 50 deep" in wrong({"version": 2, "steps": [{**STEP, "parameters": deep}]})[0]
    assert "500 are the most" in wrong({"version": 2, "steps": [STEP] * 501})[0]


def test_many_blanks_are_refused_at_once() -> None:
    """Each name is compared with all others where one is wrong."""
    many = [{"name": f"b{number}"} for number in range(50_000)]
    assert wrong({"version": 2, "blanks": many, "steps": [STEP]}) == [
        "it has 50000 blanks, and 200 are the most"
    ]
    text = " ".join(f"{{{{x{number}}}}}" for number in range(50_000))
    steps = [{"name": "a", "protocol": "toy.add", "parameters": {"add": text}}]
    assert len(wrong({"version": 2, "blanks": many[:200], "steps": steps})) == 100


def test_everything_is_said_at_once() -> None:
    found = wrong(
        {
            "version": 2,
            "nam": "x",
            "blanks": [
                {"name": "a"},
                {"name": "a"},
                {"name": "b", "kind": "colour", "tilte": "B"},
            ],
            "steps": [
                {"protocol": "x"},
                {"name": "a"},
                {"name": "b", "protocol": "x", "input": {}, "parameters": 3},
                {"name": "c", "protocol": "x", "inputs": {"movie": {"step": "a"}}},
            ],
        }
    )
    text = "\n".join(found)
    for said in (
        "unknown key 'nam'; did you mean name?",
        "blank 'b': unknown key 'tilte'; did you mean title?",
        "blank 'b': 'kind': Input should be",
        'step 1: expected an object with a "name"',
        "step 'a': has no \"protocol\"",
        "step 'b': unknown key 'input'; did you mean inputs?",
        "step 'b': \"parameters\" is no object",
        "step 'c', input 'movie': expected \"step.port\", or a list of such",
    ):
        assert said in text


def test_blanks_that_are_not_there_or_twice() -> None:
    found = wrong(
        {
            "version": 2,
            "blanks": [{"name": "size"}, {"name": "size"}],
            "steps": [
                {**STEP, "parameters": {"add": "{{siez}}"}},
                {"name": "b", "protocol": "scipion:X", "parameters": {"text": "{{other}}"}},
            ],
        }
    )
    assert found == [
        "blank 'size': 2 blanks have this name",
        "step 'a': parameter 'add' of toy.add: there is no blank 'siez'; did you mean size?",
    ]


def test_blanks_are_found_at_any_depth() -> None:
    value = {"a": ["x {{one}}", {"b": "{{ two }}{{one}}"}], "c": 3, "{{no}}": None}
    assert list(uses(value)) == ["one", "two", "one"]


@pytest.mark.parametrize("name", shipped_workflows())
def test_the_schema_takes_what_is_written(name: str) -> None:
    jsonschema_rs.validate(schema(), load_workflow(name).to_document())


@pytest.mark.parametrize(
    "document",
    [
        {"version": 2, "steps": [{"name": "a"}]},
        {"version": 2, "steps": [{**STEP, "input": {}}]},
        {"version": 2, "steps": [STEP], "more": 1},
        {"version": 1, "steps": [STEP]},
        {"version": 2, "steps": [STEP], "blanks": [{"name": "A B"}]},
    ],
)
def test_the_schema_refuses_what_cannot_be_read(document: dict[str, Any]) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema(), document)
