"""RELION's jobs in workflows of Scipion, and in its own pipelines, are the same programs here."""

import json
from typing import Any

import pytest

from icestream.engine.graph.validation import validate
from icestream.exchange.importing import Imported, import_text
from icestream.protocol import Registry

MOVIES = {
    "object.className": "ProtImportMovies", "object.id": "1", "samplingRate": 1.5,
    "filesPath": "/data", "filesPattern": "*.tiff", "voltage": 300.0, "dosePerFrame": 1.0,
}  # fmt: skip
MOTION = {
    "object.className": "ProtRelionMotioncor", "object.id": "2", "inputMovies": "1.outputMovies",
    "doDW": True, "saveNonDW": True, "patchX": 7, "patchY": 7, "groupFrames": 2, "binFactor": 2.0,
    "bfactor": 120, "sumFrame0": 1, "sumFrameN": 0,
}  # fmt: skip
CTF = {
    "object.className": "CistemProtCTFFind", "object.id": "3",
    "inputMicrographs": "2.outputMicrographs",
}  # fmt: skip
LOG = {
    "object.className": "ProtRelionAutopickLoG", "object.id": "4",
    "inputMicrographs": "2.outputMicrographs", "minDiameter": 120, "maxDiameter": 180,
    "areParticlesWhite": False, "maxResolution": 15.0, "threshold": 0.5, "threshold2": 5.0,
}  # fmt: skip
EXTRACT = {
    "object.className": "ProtRelionExtractParticles", "object.id": "5",
    "inputCoordinates": "4.outputCoordinates", "ctfRelations": "3.outputCTF", "boxSize": 100,
    "doInvert": True,
}  # fmt: skip
CLASSES = {
    "object.className": "ProtRelionClassify2D", "object.id": "6",
    "inputParticles": "5.outputParticles", "numberOfClasses": 40, "maskDiameterA": 190,
    "maskZero": 1, "numberOfIterations": 30, "regularisationParamT": 3, "doCTF": True,
    "limitResolEStep": -1.0, "inplaneAngularSamplingDeg": 5.0, "ignoreCTFUntilFirstPeak": False,
}  # fmt: skip
REFINE = {
    "object.className": "ProtRelionRefine3D", "object.id": "7",
    "inputParticles": "6.outputParticles", "symmetryGroup": "D2", "initialLowPassFilterA": 40.0,
    "maskDiameterA": 200,
}  # fmt: skip


def imported(*steps: dict[str, Any]) -> Imported:
    return import_text(json.dumps(steps), "w", Registry())


def test_scipions_relion_is_relion_with_all_that_was_set() -> None:
    found = imported(MOVIES, MOTION, CTF, LOG, EXTRACT, CLASSES, REFINE)
    steps = {step.protocol: step for step in found.workflow.steps}
    assert steps["movies.relion"].parameters == pytest.approx(
        {"dose_weighting": True, "unweighted": True, "patches": 7, "group": 2, "binning": 2.0,
         "bfactor": 120, "first_frame": 1, "last_frame": 0}
    )  # fmt: skip
    assert steps["picks.relion_log"].parameters == pytest.approx(
        {"diameter_min": 120, "diameter_max": 180, "bright": False, "resolution": 15.0,
         "threshold": 0.5, "upper_threshold": 5.0}
    )  # fmt: skip
    assert steps["classes2d.relion"].parameters == pytest.approx(
        {"classes": 40, "diameter": 190, "zero_mask": False, "iterations": 30,
         "regularisation": 3, "use_ctf": True, "angle_step": 5.0, "intact_first_peak": False}
    )  # fmt: skip
    assert steps["volume.relion_refine"].parameters == pytest.approx(
        {"symmetry": "D2", "reference_resolution": 40.0, "diameter": 200}
    )
    joins = [step.name for step in found.workflow.steps if step.protocol == "particles.relion_join"]
    assert len(joins) == 1, "what is joined for the classes is refined, too"
    (classes,) = steps["classes2d.relion"].inputs["particles"]
    assert classes.step == joins[0]
    (refined,) = steps["volume.relion_refine"].inputs["particles"]
    assert refined.step == steps["classes2d.relion"].name
    assert [one for one in found.mapped if one.verdict == "not"] == []
    assert validate(found.workflow, Registry(), unfinished=True) == []


def test_a_table_is_joined_where_none_is() -> None:
    initial = {
        "object.className": "ProtRelionInitialModel", "object.id": "8", "symmetryGroup": "C3",
        "inputParticles": "5.outputParticles", "maskDiameterA": 210,
    }  # fmt: skip
    found = imported(MOVIES, MOTION, CTF, LOG, EXTRACT, initial)
    made = {step.protocol: step for step in found.workflow.steps}
    assert made["volume.relion_initial"].parameters == {"symmetry": "C3", "diameter": 210}
    (fed,) = made["volume.relion_initial"].inputs["particles"]
    assert fed.step == made["particles.relion_join"].name
    (joined,) = made["particles.relion_join"].inputs["particles"]
    assert joined.step == made["particles.extract"].name
    assert validate(found.workflow, Registry(), unfinished=True) == []
