"""What came from Scipion goes back as it was, with what changed since."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.editing import with_replaced, with_step, without_step
from icestream.engine.graph.workflow import Workflow, load_workflow
from icestream.exchange.foreign import ForeignWorkflow
from icestream.exchange.scipion_export import compared, export_scipion
from icestream.exchange.scipion_file import read_scipion
from icestream.exchange.translate import Prefer, translate
from icestream.protocol import Registry
from scipion_files import FILES

REGISTRY = Registry()


def through_a_file(workflow: Workflow) -> Workflow:
    return Workflow.from_document(json.loads(json.dumps(workflow.to_document())))


def facility(shared_data: Path) -> tuple[ForeignWorkflow, Workflow]:
    path = shared_data / "scipion_workflows" / "facility_SPA_streaming.json.template"
    read = read_scipion(path.read_text(), "w")
    return read, through_a_file(translate(read, REGISTRY, prefer="own").workflow)


def differences(read: ForeignWorkflow, workflow: Workflow) -> list[str]:
    return list(compared(read, read_scipion(export_scipion(workflow, REGISTRY).text, "w")))


@pytest.mark.parametrize("prefer", ["program", "own"])
@pytest.mark.parametrize("name", FILES)
def test_import_then_export_loses_nothing(name: str, prefer: Prefer, shared_data: Path) -> None:
    """Protocols, links, and every parameter, also of what has no counterpart here."""
    read = read_scipion((shared_data / "scipion_workflows" / name).read_text(), "w")
    workflow = through_a_file(translate(read, REGISTRY, prefer=prefer).workflow)
    exported = export_scipion(workflow, REGISTRY)
    again = read_scipion(exported.text, "w")
    assert list(compared(read, again)) == []
    assert (again.form, again.values, again.blanks) == (read.form, read.values, read.blanks)
    assert exported.remarks == ()


def test_the_comparison_sees_each_difference() -> None:
    def read(**more: Any) -> ForeignWorkflow:
        one = {"object.className": "A", "object.id": "1", "x": 1, **more}
        return read_scipion(json.dumps([one]), "w")

    assert list(compared(read(), read())) == []
    assert list(compared(read(), read(x=2))) == ["protocol 1: x is 1 and 2"]
    assert list(compared(read(), read(x=True))) == ["protocol 1: x is 1 and True"]
    assert list(compared(read(y=None), read())) == ["protocol 1: y is None and None"]


def test_changes_are_written_in_their_units(shared_data: Path) -> None:
    read, workflow = facility(shared_data)
    workflow = workflow.changed("ctf", {"defocus_max": 3.0, "phase_plate": True})
    workflow = workflow.changed("import", {"gain_rotation": 180, "voltage": 200.0})
    workflow = workflow.changed("select", {"astigmatism_max": 800.0})
    workflow = workflow.changed("cryoassess_mics", {"threshold": 0.3})
    workflow = workflow.changed("picks_log", {"diameter": 120.0})
    assert sorted(differences(read, workflow)) == [
        "protocol 1242: gainRot is 1 and 2",
        "protocol 1346: findPhaseShift is False and True",
        "protocol 1346: maxDefocus is 50000.0 and 30000.0",
        "protocol 1404: astigmatism is 1000.0 and 800.0",
        "protocol 1404: useAstigmatism is False and True",
        "protocol 1461: threshold is 0.1 and 0.3",
        "protocol 1596: minDiameter is '1548.minLoGFilterRelion' and 120.0",
        "protocol 2284: voltage is '~Voltage|300|3|voltage~' and 200.0",
    ]


def test_lengths_are_written_in_the_pixels_that_come_there_now() -> None:
    """A box in Å stays as long as it was where the pixels are others."""
    listed = [
        {"object.className": "ProtImportMovies", "object.id": "2", "samplingRate": 1.0,
         "filesPath": "/d", "filesPattern": "*.tif"},
        {"object.className": "ProtMotionCorr", "object.id": "3", "binFactor": 1.0,
         "inputMovies": "2.outputMovies"},
        {"object.className": "ProtRelionAutopickLoG", "object.id": "4", "minDiameter": 120,
         "inputMicrographs": "3.outputMicrographs"},
        {"object.className": "ProtRelionExtractParticles", "object.id": "5", "boxSize": 256,
         "inputCoordinates": "4.outputCoordinates"},
    ]  # fmt: skip
    read = read_scipion(json.dumps(listed), "w")
    workflow = through_a_file(translate(read, REGISTRY, prefer="own").workflow)
    assert differences(read, workflow) == []
    assert differences(read, workflow.changed("import", {"pixel_size": 2.0})) == [
        "protocol 2: samplingRate is 1.0 and 2.0",
        "protocol 5: boxSize is 256 and 128",
    ]
    assert differences(read, workflow.changed("align", {"binning": 2.0})) == [
        "protocol 3: binFactor is 1.0 and 2.0",
        "protocol 5: boxSize is 256 and 128",
    ]


def test_links_that_change_are_written(shared_data: Path) -> None:
    read, workflow = facility(shared_data)
    workflow = without_step(workflow, REGISTRY, "cryoassess_mics")
    found = differences(read, workflow)
    assert "protocol 1461 is in one of them only" in found
    assert (
        "protocol 1346: inputMicrographs is '1461.outputMicrographs' and "
        "'1309.outputMicrographs'" in found
    )


def test_new_steps_and_new_names_are_written(shared_data: Path) -> None:
    read, workflow = facility(shared_data)
    workflow = with_step(workflow, REGISTRY, "second", "picks.log", after="micrographs_trigger")
    exported = export_scipion(workflow.changed("second", {"diameter": 90.0}), REGISTRY)
    again = read_scipion(exported.text, "w")
    (new,) = [step for step in again.steps if read.step(step.id) is None]
    assert (new.kind, new.label) == ("ProtRelionAutopickLoG", "second")
    assert new.values["minDiameter"] == pytest.approx(90.0)
    assert new.raw["inputMicrographs"] == "1673.outputMicrographs"
    pick = with_replaced(workflow, REGISTRY, "xmipp_deep_micrograph_screen", "picks.sample")
    said = export_scipion(pick, REGISTRY).remarks
    assert any("picks.sample" in one and "Scipion has nothing" in one for one in said)


def test_what_has_no_place_there_is_told(shared_data: Path) -> None:
    _, workflow = facility(shared_data)
    exported = export_scipion(workflow.changed("align", {"exact": True}), REGISTRY)
    assert exported.remarks == (
        "step 'align': exact = yes is not written: Scipion has no such parameter",
    )


def test_a_workflow_of_our_own(shared_data: Path) -> None:
    """Made here, it opens there with what Scipion has; the rest is named."""
    default = load_workflow("default").changed("import", {"pattern": "/d/x/*.tiff"})
    default = default.changed("extract", {"box": 200.0}).changed("import", {"pixel_size": 0.5})
    exported = export_scipion(default, REGISTRY)
    again = read_scipion(exported.text, "w")
    kinds = {step.kind for step in again.steps}
    assert {"ProtImportMovies", "ProtRelionExtractParticles"} <= kinds
    by_kind = {step.kind: step for step in again.steps}
    assert by_kind["ProtImportMovies"].values["filesPath"] == "/d/x"
    assert by_kind["ProtRelionExtractParticles"].values["boxSize"] == 400
    assert by_kind["ProtRelionExtractParticles"].links["ctfRelations"]
    assert any("'judge' (micrographs.judge) is left out" in one for one in exported.remarks)
    back = translate(again, REGISTRY, prefer="own").workflow
    assert back.step("extract").parameters["box"] == pytest.approx(200.0)
    binned = export_scipion(default.changed("align", {"binning": 2.0}), REGISTRY)
    by_kind = {step.kind: step for step in read_scipion(binned.text, "w").steps}
    assert by_kind["ProtRelionExtractParticles"].values["boxSize"] == 200


def test_blanks_of_ours_become_fields() -> None:
    document = {
        "version": 2,
        "name": "w",
        "blanks": [
            {"name": "kv", "title": "Voltage", "kind": "number", "default": 300.0},
            {"name": "live", "kind": "yes or no", "default": True},
        ],
        "steps": [
            {
                "name": "import",
                "protocol": "movies.import",
                "parameters": {"voltage": "{{kv}}", "watch": "{{live}}"},
            }
        ],
    }
    text = export_scipion(Workflow.from_document(document), REGISTRY).text
    assert '"~Voltage|300.0|4|kv~"' in text
    assert '"~live|true|1|live~"' in text
    assert [blank.name for blank in read_scipion(text, "w").blanks] == ["kv", "live"]
    assert replace(read_scipion(text, "w"), name="x").form == "template"
