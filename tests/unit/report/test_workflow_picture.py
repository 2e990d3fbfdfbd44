"""A workflow as a picture."""

import xml.etree.ElementTree as ET

import pytest

from icestream.engine.graph.workflow import Workflow, load_workflow, shipped_workflows
from icestream.protocol import Registry
from icestream.report.workflow_picture import workflow_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", shipped_workflows())
def test_every_step_has_a_box_inside_the_picture(name: str) -> None:
    workflow = load_workflow(name)
    picture = ET.fromstring(workflow_svg(workflow, Registry()))
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    boxes = picture.findall(f"{SVG}rect")
    assert len(boxes) == len(workflow.steps)
    for box in boxes:
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= width
        assert float(box.attrib["y"]) + float(box.attrib["height"]) <= height
    texts = [text.text for text in picture.findall(f"{SVG}text")]
    assert {step.name for step in workflow.steps if len(step.name) < 16} <= set(texts)
    assert len(picture.findall(f"{SVG}path")) >= len(workflow.steps) // 2


def test_names_of_others_are_no_markup_and_placeholders_are_told_apart() -> None:
    step = {"name": "odd", "protocol": "scipion:<script>alert(1)</script>\x1b"}
    document = {"version": 2, "name": "</title><script>", "steps": [step]}
    drawn = workflow_svg(Workflow.from_document(document), Registry())
    assert "<script>" not in drawn
    assert "\x1b" not in drawn
    (box,) = ET.fromstring(drawn).findall(f"{SVG}rect")
    assert box.attrib["stroke-dasharray"]
