"""What is wrong with a change, each thing with its place."""

import pytest

from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import Workflow, load_workflow
from icestream.protocol import Registry
from icestream.server.changes import changed, placed, questions, read_workflow
from icestream.server.errors import Refused

REGISTRY = Registry()
WORKFLOW = load_workflow("default").changed("import", {"pattern": "/tmp"})


def test_sentences_are_put_in_their_place() -> None:
    steps = [
        {"name": "a", "protocol": "ctf.estimate", "parameters": {"defocus_max": 99.0}},
        {"name": "b", "protocol": "no.such"},
    ]
    broken = Workflow.from_document({"name": "w", "steps": steps})
    found = {one.where: one.what for one in placed(validate(broken, REGISTRY))}
    assert found["a.defocus_max"].startswith("at most 20 µm, found 99")
    assert "no protocol 'no.such'" in found["b"]
    assert "not connected" in found["a"]
    assert placed(["it has no steps"])[0].where == ""


def test_values_that_are_not_valid_are_told_all_at_once() -> None:
    changes = {"ctf": {"defocus_max": -1, "defocus_mx": 2}, "import": {"gain": "/no/gain.mrc"}}
    with pytest.raises(Refused) as error:
        changed(WORKFLOW, REGISTRY, changes)
    found = {one.where: one.what for one in error.value.problems or ()}
    assert "did you mean defocus_max" in found["ctf.defocus_mx"]
    assert found["import.gain"].startswith("gain: /no/gain.mrc is not there")
    assert changed(WORKFLOW, REGISTRY, {"ctf": {"defocus_max": 3}}).step("ctf").parameters == {
        "defocus_max": 3
    }


def test_odd_values_are_asked_about_unless_they_were_known() -> None:
    odd = changed(WORKFLOW, REGISTRY, {"import": {"pixel_size": 0.01, "idle_timeout": 60}})
    asked = {one.where: one.what for one in questions(odd, REGISTRY, WORKFLOW)}
    assert "unusual" in asked["import.pixel_size"]
    assert "no effect" in asked["import"]
    assert list(questions(odd, REGISTRY, odd)) == []


@pytest.mark.parametrize(
    "document",
    [{}, {"steps": 3}, {"steps": [3]}, {"steps": [{"name": "a", "protocol": "b", "inputs": [1]}]}],
)
def test_what_is_no_workflow_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(Refused, match="no workflow") as error:
        read_workflow(document)
    assert error.value.problems
