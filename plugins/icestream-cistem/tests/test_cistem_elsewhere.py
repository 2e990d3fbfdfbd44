"""cisTEM in workflows of Scipion is cisTEM here, with all that was set."""

import json
from typing import Any

import pytest

from icestream.exchange.importing import import_text
from icestream.protocol import Registry

SOURCES = [
    {"object.className": "ProtImportMovies", "object.id": "1", "samplingRate": 0.5},
    {"object.className": "ProtImportMicrographs", "object.id": "2", "samplingRate": 2.0},
    {"object.className": "ProtImportParticles", "object.id": "3", "samplingRate": 2.0},
    {"object.className": "CistemProtCTFFind", "object.id": "4",
     "inputMicrographs": "2.outputMicrographs"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("theirs", "given", "protocol", "parameters"),
    [
        (
            "CistemProtUnblur",
            {"inputMovies": "1.outputMovies", "binFactor": 2.0, "OutRadShiftLimit": 30.0,
             "doRestoreNoisePwr": False, "alignFrame0": 2, "terminShiftThreshold": 0.5},
            "movies.unblur",
            {"binning": 2.0, "shift_max": 30.0, "restore_power": False, "first_frame": 2,
             "tolerance": 0.5},
        ),
        (
            "CistemProtFindParticles",
            {"inputMicrographs": "2.outputMicrographs", "ctfRelations": "4.outputCTF",
             "pickType": 0, "radius": 60.0, "maxradius": 80.0, "threshold": 5.0, "minDist": 50,
             "bgAlgo": 1},
            "picks.cistem",
            {"diameter": 120.0, "diameter_most": 160.0, "threshold": 5.0, "edge": 100.0,
             "background": "mode"},
        ),
        (
            "CistemProtRefine2D",
            {"inputParticles": "3.outputParticles", "numberOfClassAvg": 30, "maskRad": 90.0,
             "numberOfIterations": 15, "rangeX": 40.0, "rangeY": 40.0, "autoPerc": True},
            "classes2d.cistem",
            {"classes": 30, "mask": 90.0, "iterations": 15, "search_range": 40.0},
        ),
    ],
)  # fmt: skip
def test_the_very_program_is_taken(
    theirs: str, given: dict[str, Any], protocol: str, parameters: dict[str, Any]
) -> None:
    step = {"object.className": theirs, "object.id": "9", **given}
    found = import_text(json.dumps([*SOURCES, step]), "w", Registry())
    made = next(one for one in found.workflow.steps if one.protocol == protocol)
    assert made.parameters == pytest.approx(parameters)
    assert next(one for one in found.mapped if one.kind == theirs).lost == ()
