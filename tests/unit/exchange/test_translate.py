"""Workflows of Scipion as workflows of ours."""

import json
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.blanks import filled
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import Workflow
from icestream.exchange.scipion_file import read_scipion
from icestream.exchange.translate import Translated, translate
from icestream.protocol import Registry
from scipion_files import FILES

REGISTRY = Registry()


def made(*steps: dict[str, Any], prefer: Any = "own") -> Translated:
    listed = [
        {"object.className": one.pop("kind"), "object.id": str(number), **one}
        for number, one in enumerate(map(dict, steps), 1)
    ]
    return translate(read_scipion(json.dumps(listed), "w"), REGISTRY, prefer=prefer)


def imported(shared_data: Path, name: str) -> Translated:
    text = (shared_data / "scipion_workflows" / name).read_text()
    return translate(read_scipion(text, "w"), REGISTRY, prefer="own")


def fed(whole: Workflow, step: str) -> dict[str, list[str]]:
    return {port: list(map(str, one)) for port, one in whole.step(step).inputs.items()}


IMPORT = {"kind": "ProtImportMovies", "samplingRate": 0.5, "filesPath": "/d", "filesPattern": "*"}
ALIGN = {"kind": "ProtMotionCorr", "inputMovies": "1.outputMovies", "binFactor": 2.0}


@pytest.mark.parametrize("name", FILES)
def test_every_file_becomes_a_workflow_that_fits(name: str, shared_data: Path) -> None:
    """All that is mapped is linked by types that fit, and has values that are valid."""
    found = imported(shared_data, name)
    problems = validate(found.workflow, REGISTRY, unfinished=True)
    # These two were exported without the step that picks.
    lacking = ["'extract': input 'picks'"] if name.startswith("workflow_") else []
    assert len(problems) == len(lacking), problems
    assert all(lack in problem for lack, problem in zip(lacking, problems, strict=True))
    assert Workflow.from_document(found.workflow.to_document()) == found.workflow


def test_the_facility_template_is_linked_as_it_is_meant(shared_data: Path) -> None:
    found = imported(shared_data, "facility_SPA_streaming.json.template")
    whole = found.workflow
    assert fed(whole, "align") == {"movie": ["import.movie"]}
    assert fed(whole, "ctf") == {"micrograph": ["cryoassess_mics.outputMicrographs"]}
    assert fed(whole, "select")["ctf"] == ["ctf.ctf"]
    assert fed(whole, "picks_consensus") == {"picks": ["pick.picks", "picks_log.picks"]}
    assert fed(whole, "extract")["ctf"] == ["select.ctf"]
    assert fed(whole, "gain_monitor") == {"gain": ["gain.gain"]}
    assert fed(whole, "cryoassess_mics") == {
        "inputMicrographs": ["xmipp_tilt_analysis.outputMicrographs"]
    }
    source = whole.step("import").parameters
    assert source["gain_rotation"] == 90, "said by the alignment there, of what is taken in here"
    assert source["pattern"] == "{{movies_path}}/{{files_pattern}}"
    blanks = {blank.name: blank for blank in whole.blanks}
    assert (blanks["sampling"].unit, blanks["sampling"].metadata) == ("Å", "pixel_size")
    assert blanks["streaming_import"].kind == "yes or no"
    assert blanks["gain_path"].default is None
    full = filled(whole, {"movies_path": "/data"})
    assert full.step("import").parameters["pattern"] == "/data/*.tiff"
    verdicts = {one.kind: one.verdict for one in found.mapped}
    assert verdicts["ProtImportMovies"] == "exactly"
    assert verdicts["CistemProtCTFFind"] == "approximately"
    assert verdicts["XmippProtTiltAnalysis"] == "not"


def test_units_are_ours() -> None:
    whole = made(
        IMPORT,
        ALIGN,
        {"kind": "CistemProtCTFFind", "inputMicrographs": "2.outputMicrographs",
         "minDefocus": 5000.0, "maxDefocus": 30000.0, "lowRes": 30.0},
        {"kind": "ProtGctf", "inputMicrographs": "2.outputMicrographs", "minDefocus": 0.5,
         "maxDefocus": 4.0, "lowRes": 0.04, "highRes": 0.25},
        {"kind": "ProtRelionAutopickLoG", "inputMicrographs": "2.outputMicrographs",
         "minDiameter": 110},
        {"kind": "ProtRelionExtractParticles", "inputCoordinates": "5.outputCoordinates",
         "ctfRelations": "3.outputCTF", "boxSize": 200, "backDiameter": 150, "doRescale": True,
         "rescaledSize": 64},
    ).workflow  # fmt: skip
    assert whole.step("ctf").parameters == pytest.approx(
        {"defocus_min": 0.5, "defocus_max": 3.0, "resolution_min": 30.0}
    )
    assert whole.step("ctf_2").parameters == pytest.approx(
        {"defocus_min": 0.5, "defocus_max": 4.0, "resolution_min": 25.0, "resolution_max": 4.0}
    ), "frequencies per pixel of 1 Å: twice that of the movies"
    assert whole.step("extract").parameters == pytest.approx(
        {"box": 200.0, "radius": 75.0, "size": 64}
    )
    assert fed(whole, "extract")["micrograph"] == ["align.micrograph"]


def test_pixels_are_those_that_a_step_makes_itself() -> None:
    found = made(
        IMPORT,
        ALIGN,
        {"kind": "ProtRelionAutopickLoG", "inputMicrographs": "2.outputMicrographs"},
        {"kind": "XmippProtExtractParticles", "inputCoordinates": "3.outputCoordinates",
         "boxSize": 100, "downFactor": 4.0, "doRemoveDust": False, "thresholdDust": 3.5},
    )  # fmt: skip
    assert found.workflow.step("extract").parameters == pytest.approx({"box": 400.0, "dust": 0.0})
    assert "downFactor" in {value.theirs for value in found.mapped[3].lost}


def test_a_value_that_our_protocol_refuses_is_told() -> None:
    found = made(
        IMPORT,
        {**ALIGN, "alignFrameN": -3},
        {"kind": "ProtCryo2D", "inputParticles": "2.outputParticles", "numberOfClasses": 500},
    )
    refused = {value.theirs: value.remark for one in found.mapped for value in one.lost}
    assert "≥ 0" in refused["alignFrameN"] or "at least 0" in refused["alignFrameN"]
    assert "200" in refused["numberOfClasses"]


def test_a_value_of_another_step_is_told() -> None:
    found = made(
        IMPORT,
        ALIGN,
        {"kind": "ProtBoxSizeParameters", "inputMicrographs": "2.outputMicrographs"},
        {"kind": "ProtRelionAutopickLoG", "inputMicrographs": "2.outputMicrographs",
         "minDiameter": "3.minLoGFilterRelion"},
    )  # fmt: skip
    (value,) = found.mapped[3].lost
    assert str(value) == (
        "minDiameter = 3.minLoGFilterRelion was not taken over (points to another step)"
    )


def test_one_protocol_of_theirs_may_be_several_of_ours_or_one_of_several() -> None:
    found = made(
        IMPORT,
        ALIGN,
        {"kind": "CistemProtCTFFind", "inputMicrographs": "2.outputMicrographs"},
        {"kind": "CistemProtCTFFind", "inputMicrographs": "2.outputMicrographs"},
        {"kind": "XmippProtCTFConsensus", "inputCTF": "3.outputCTF", "inputCTF2": "4.outputCTF",
         "calculateConsensus": True, "minConsResol": 6.0},
        {"kind": "ProtMonitorSummary", "inputProtocols": ["1", "2", "3"]},
        {"kind": "XmippProtTriggerData", "inputImages": "2.outputMicrographs", "outputSize": 5},
    )  # fmt: skip
    protocols = {one.kind: one.protocols for one in found.mapped}
    assert protocols["XmippProtCTFConsensus"] == ("ctf.consensus",)
    assert fed(found.workflow, "ctf_consensus") == {"ctf": ["ctf.ctf", "ctf_2.ctf"]}
    assert set(protocols["ProtMonitorSummary"]) == {"monitor.system", "monitor.ctf"}
    assert "no monitor.gain: nothing gives it gain" in found.mapped[5].remarks
    assert protocols["XmippProtTriggerData"] == ("micrographs.trigger",)


def test_a_placeholder_keeps_its_values_and_no_signal_goes_in_circles() -> None:
    found = made(
        IMPORT,
        {"kind": "ProtA", "inputMovies": "1.outputMovies", "other": "3.outputX", "number": 1.5},
        {"kind": "ProtB", "inputX": "2.outputX", "back": "2."},
    )
    a, b = found.workflow.step("a"), found.workflow.step("b")
    assert a.protocol == "scipion:ProtA"
    assert a.parameters["number"] == pytest.approx(1.5)
    circle = {"other", "inputX", "back"} & {*a.inputs, *b.inputs}
    assert not circle
    assert validate(found.workflow, REGISTRY, unfinished=True) == []


def test_ids_that_lead_nowhere_are_told() -> None:
    found = made(
        IMPORT,
        {"kind": "ProtRelionAutopickLoG", "inputMicrographs": "123.__attribute__outputMicrographs"},
    )
    (value,) = found.mapped[1].lost
    assert value.remark == "leads to no step of the file"
