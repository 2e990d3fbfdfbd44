"""Workflows without the steps that hold another program's place."""

from typing import Any

import pytest

from icestream.engine.graph.editing import with_replaced, without_step
from icestream.engine.graph.placeholders import without_placeholders
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.protocol import Registry

REGISTRY = Registry()


def workflow(*steps: tuple[str, str, dict[str, Any]]) -> Workflow:
    return Workflow.from_document(
        {
            "version": 2,
            "name": "w",
            "steps": [{"name": n, "protocol": p, "inputs": i} for n, p, i in steps],
        }
    )


BASE = (
    ("import", "movies.import", {}),
    ("align", "movies.align", {"movie": "import"}),
    ("shift", "scipion:XmippProtMovieMaxShift", {"inputMovies": "align.micrograph"}),
    ("tilt", "scipion:XmippProtTiltAnalysis", {"inputMicrographs": "shift.outputMicrographs"}),
    ("ctf", "ctf.estimate", {"micrograph": "tilt.outputMicrographs"}),
)
PICKING = (
    ("cryolo", "scipion:SphireProtCRYOLOPicking", {"inputMicrographs": "tilt.outputMicrographs"}),
    ("log", "picks.log", {"micrograph": "tilt.outputMicrographs", "ctf": "ctf"}),
    ("agree", "picks.consensus", {"picks": ["cryolo.outputCoordinates", "log"]}),
    ("extract", "particles.extract", {"micrograph": "align", "ctf": "ctf", "picks": "agree"}),
)


def fed(whole: Workflow, step: str) -> dict[str, list[str]]:
    return {port: list(map(str, one)) for port, one in whole.step(step).inputs.items()}


def test_what_lies_before_a_placeholder_takes_its_place() -> None:
    left, said = without_placeholders(workflow(*BASE, *PICKING), REGISTRY)
    assert [step.name for step in left.steps] == ["import", "align", "ctf", "log", "extract"]
    assert fed(left, "ctf") == {"micrograph": ["align.micrograph"]}
    assert fed(left, "extract")["picks"] == ["log"], "the consensus gave way to its only one"
    assert validate(left, REGISTRY) == []
    text = "\n".join(said)
    assert "'shift', which holds the place of XmippProtMovieMaxShift of Scipion" in text
    assert "step 'agree' (picks.consensus) is left out: log goes on without it" in text
    assert "step 'ctf': micrograph comes from align.micrograph, not tilt.outputMicrographs" in text


def test_steps_that_cannot_run_without_it_are_named() -> None:
    steps = (
        ("pick", "scipion:SphireProtCRYOLOPicking", {"inputMicrographs": "align.micrograph"}),
        ("extract", "particles.extract", {"micrograph": "align", "ctf": "ctf", "picks": "pick.x"}),
        ("classify", "classes2d.online", {"particles": "extract"}),
        ("watch", "monitor.classes", {"classes": "classify"}),
    )
    left, said = without_placeholders(workflow(*BASE, *steps), REGISTRY)
    assert [step.name for step in left.steps] == ["import", "align", "ctf"]
    assert "step 'extract' (particles.extract) cannot run without pick, and is left out" in said
    assert "step 'classify' (classes2d.online) cannot run without extract, and is left out" in said
    assert "step 'watch' (monitor.classes) cannot run without classify, and is left out" in said


def test_a_workflow_of_placeholders_alone_cannot_run() -> None:
    with pytest.raises(InvalidWorkflow, match="no step is left that could run"):
        without_placeholders(workflow(("a", "scipion:ProtImportVolumes", {})), REGISTRY)


def test_a_protocol_is_put_in_the_place_of_a_placeholder() -> None:
    changed = with_replaced(workflow(*BASE, *PICKING), REGISTRY, "cryolo", "picks.auto")
    assert fed(changed, "agree")["picks"] == ["cryolo.picks", "log"]
    assert changed.step("cryolo").protocol == "picks.auto"


def test_a_placeholder_is_taken_out_of_a_file() -> None:
    changed = without_step(workflow(*BASE, *PICKING), REGISTRY, "tilt")
    assert fed(changed, "ctf") == {"micrograph": ["shift.outputMicrographs"]}
    again = without_step(changed, REGISTRY, "shift")
    assert fed(again, "ctf") == {"micrograph": ["align.micrograph"]}
    assert fed(changed, "cryolo") == {"inputMicrographs": ["shift.outputMicrographs"]}
