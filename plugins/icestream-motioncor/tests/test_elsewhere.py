"""MotionCor2 in workflows of Scipion is MotionCor2 here, with all that was set."""

import json

import pytest

from icestream.exchange.importing import import_text
from icestream.exchange.scipion_export import export_scipion
from icestream.exchange.scipion_file import read_scipion
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


def test_patches_that_differ_along_the_axes_are_told_and_written_alike() -> None:
    """7 x 5 are usual for a K3, and one number is asked for here."""
    found = import_text(json.dumps([STEPS[0], {**STEPS[1], "patchX": 7}]), "w", Registry())
    assert found.workflow.steps[1].parameters["patches"] == 7
    (told,) = [value for value in found.mapped[1].values if value.theirs == "patchX"]
    assert told.remark == "patchY is 5, and both are one number here"
    assert found.mapped[1].verdict == "approximately"
    changed = found.workflow.changed(found.workflow.steps[1].name, {"patches": 9})
    step = read_scipion(export_scipion(changed, Registry()).text, "w").steps[1]
    assert (step.values["patchX"], step.values["patchY"]) == (9, 9)
