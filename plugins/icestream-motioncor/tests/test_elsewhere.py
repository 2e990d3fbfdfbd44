"""MotionCor2 in workflows of Scipion is MotionCor2 here, with all that was set."""

import json

import pytest

from icestream.exchange.importing import import_text
from icestream.protocol import Registry

STEPS = [
    {"object.className": "ProtImportMovies", "object.id": "1", "samplingRate": 0.5},
    {"object.className": "ProtMotionCorr", "object.id": "2", "inputMovies": "1.outputMovies",
     "binFactor": 2.0, "patchX": 5, "patchY": 5, "group": 3, "tol": 0.5, "gainRot": 1,
     "doApplyDoseFilter": True, "alignFrame0": 2, "gpuList": "0 1"},
]  # fmt: skip


def test_the_very_program_goes_first_unless_icestreams_own_is_preferred() -> None:
    found = import_text(json.dumps(STEPS), "w", Registry())
    step = found.workflow.steps[1]
    assert step.protocol == "movies.motioncor2"
    assert step.parameters == pytest.approx(
        {"binning": 2.0, "patches": 5, "group": 3, "tolerance": 0.5, "dose_weighting": True,
         "first_frame": 2}
    )  # fmt: skip
    assert found.workflow.steps[0].parameters["gain_rotation"] == 90
    assert [one.verdict for one in found.mapped] == ["exactly", "exactly"]
    own = import_text(json.dumps(STEPS), "w", Registry(), prefer="own")
    assert own.workflow.steps[1].protocol == "movies.align"
