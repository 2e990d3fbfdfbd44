"""Workflows: reading, writing, and everything that can be wrong with one, said at once."""

import json
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import toys
from icestream.engine.graph.workflow import (
    PLUGINS,
    InvalidWorkflow,
    Workflow,
    load_workflow,
    order_of,
    plugin_workflow,
    save_workflow,
)

CHAIN: list[Any] = [
    ("src", "toy.count", {}, {}),
    ("a", "toy.add", {"add": 2}, {"number": "src.number"}),
    ("s", "toy.sum2", {}, {"first": "a", "second": "src"}),
]


def workflow(*steps: Any) -> Workflow:
    return Workflow.from_document(toys.workflow(*steps))


def test_a_workflow_survives_its_file(tmp_path: Path) -> None:
    made = workflow(*CHAIN, ("m", "toy.agree", {}, {"number": ["a", "src"]}))
    save_workflow(made, tmp_path / "w.json")
    read = load_workflow(tmp_path / "w.json")
    assert read == made
    assert json.loads((tmp_path / "w.json").read_text())["steps"][3]["inputs"] == {
        "number": ["a", "src"]
    }


def test_steps_in_a_circle_have_no_depth_and_a_long_chain_has_one() -> None:
    with pytest.raises(InvalidWorkflow, match="in a circle: a, b"):
        order_of(workflow(("a", "x", {}, {"i": "b"}), ("b", "x", {}, {"i": "a"})))
    chain = [(f"s{n}", "x", {}, {"i": f"s{n - 1}"} if n else {}) for n in range(500)]
    assert order_of(workflow(*chain))["s499"] == 499


def test_depth_is_the_longest_way_from_a_source() -> None:
    assert order_of(workflow(*CHAIN)) == {"src": 0, "a": 1, "s": 2}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], 'an object with "name"'),
        ({"steps": [{"protocol": "x"}]}, 'step 1: expected an object with a "name"'),
        ({"steps": [{"name": "a"}]}, 'has no "protocol"'),
        ({"steps": [{"name": "a", "protocol": "x", "input": {}}]}, "did you mean inputs?"),
    ],
)
def test_documents_that_are_no_workflow(document: Any, said: str) -> None:
    with pytest.raises(InvalidWorkflow) as error:
        Workflow.from_document(document)
    assert said in str(error.value)


def test_a_workflow_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(LookupError, match="did you mean default"):
        load_workflow("defaut")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("", "TypeError"),
        ("1 / 0\n", "flows_that_break.py:1: ZeroDivisionError: division by zero"),
        ("import sys\n\nsys.exit(3)\n", "flows_that_break.py:3: calls sys.exit()"),
    ],
    ids=["no package", "error", "exit"],
)
def test_a_package_that_breaks_says_why_its_workflow_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, why: str
) -> None:
    (tmp_path / "flows_that_break.py").write_text(source)
    monkeypatch.delitem(sys.modules, "flows_that_break", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InvalidWorkflow) as error:
        plugin_workflow(EntryPoint("flow", "flows_that_break", PLUGINS))
    assert "a plugin says that flows_that_break has flow.json: " in str(error.value)
    assert why in str(error.value)


def test_a_changed_parameter() -> None:
    made = workflow(*CHAIN).changed("a", {"write": True})
    assert made.step("a").parameters == {"add": 2, "write": True}
    told = replace(made.step("a"), said_by={"add": "metadata", "write": "metadata"})
    steps = tuple(told if step.name == "a" else step for step in made.steps)
    set_ = replace(made, steps=steps).changed("a", {"add": 3})
    assert set_.step("a").said_by == {"write": "metadata"}, "a person said the other"
    with pytest.raises(LookupError, match="no step 'aa'"):
        made.changed("aa", {})


def test_packages_are_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be hundreds, on a disk far away; a server lists workflows again and again."""
    from icestream.engine.graph import workflow as module

    asked: list[str] = []
    monkeypatch.setattr(module, "entry_points", lambda group: asked.append(group) or ())
    module._of_plugins.cache_clear()
    try:
        assert "default" in module.shipped_workflows()
        assert "default" in module.shipped_workflows()
    finally:
        module._of_plugins.cache_clear()
    assert asked == [module.PLUGINS]
