"""Xmipp's protocols of Scipion are the same programs here, with all that was set."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from icestream.exchange.importing import import_text
from icestream.protocol import Registry

TEMPLATES = Path(os.environ.get("ICESTREAM_TEST_DATA", "../shared/data")) / "scipion_workflows"
MOVIES = {"object.className": "ProtImportMovies", "object.id": "1", "samplingRate": 0.5}
MICROGRAPHS = {"object.className": "ProtImportMicrographs", "object.id": "1", "samplingRate": 2.0}
PARTICLES = {"object.className": "XmippProtExtractParticles", "object.id": "1"}
PLAIN = {"useGpu": False, "doLocalAlignment": False}
CTF = {"minDefocus": 0.5, "maxDefocus": 3.0, "lowRes": 0.04, "highRes": 0.4, "windowSize": 256,
       "findPhaseShift": True, "doCTFAutoDownsampling": False}  # fmt: skip
FITTED = {"defocus_min": 0.5, "defocus_max": 3.0, "frequency_min": 0.04, "frequency_max": 0.4,
          "box": 256, "phase_plate": True}  # fmt: skip


@pytest.mark.parametrize(
    ("theirs", "given", "protocol", "parameters"),
    [
        ("XmippProtFlexAlign",
         {"useGpu": True, "doLocalAlignment": True, "autoControlPoints": True, "minLocalRes": 400,
          "groupNFrames": 4, "maxResForCorrelation": 25, "maxShift": 40, "binFactor": 2.0,
          "alignFrame0": 2},
         "movies.xmipp_flexalign",
         {"local_motion": True, "patch_size": 400, "group": 4, "resolution_max": 25,
          "shift_max": 40, "binning": 2.0, "first_frame": 2}),
        ("XmippProtFlexAlign", {**PLAIN, "maxResForCorrelation": 20}, "movies.xmipp_correlation",
         {"resolution_max": 20}),
        ("XmippProtMovieCorr", {"doLocalAlignment": False}, "movies.xmipp_correlation", {}),
        ("XmippProtOFAlignment",
         {"useGpu": False, "winSize": 120, "groupSize": 1, "doApplyDoseFilter": True,
          "applyDosePreAlign": True, "useAlignment": False, "memory": True},
         "movies.xmipp_flow",
         {"window": 120, "group": 1, "dose_weighting": True, "before": True}),
        ("XmippProtOFAlignment", {"useGpu": True, "winSize": 90, "useAlignment": False},
         "movies.xmipp_flow_gpu", {"window": 90}),
        ("XmippProtMovieGain", {"frameStep": 30, "movieStep": 100, "estimateSigma": True},
         "gain.xmipp", {"frame_step": 30, "movie_step": 100, "sigma": -1}),
        ("XmippProtCTFMicrographs",
         {**CTF, "AutoDownsampling": True, "ctfDownFactor": 3.0, "accel1D": True},
         "ctf.xmipp", {**FITTED, "fast": True}),
        ("XmippProtCTFMicrographs", {**CTF, "AutoDownsampling": False, "ctfDownFactor": 3.0},
         "ctf.xmipp", {**FITTED, "downsampling": 3.0}),
        ("XmippParticlePickingAutomatic", {"micsToPick": 1}, "picks.xmipp", {}),
        ("XmippProtScreenParticles", {"autoParRejection": 1, "maxZscore_": 2.5},
         "particles.xmipp_screen", {"z_max": 2.5}),
        ("XmippProtScreenParticles", {"autoParRejection": 2, "percentage": 5},
         "particles.xmipp_screen", {"z_max": 0.0, "percent": 5}),
    ],
)  # fmt: skip
def test_the_very_program_is_taken(
    theirs: str, given: dict[str, Any], protocol: str, parameters: dict[str, Any]
) -> None:
    step = {"object.className": theirs, "object.id": "2", **given}
    first, link, output = next(
        found for what, found in {
            "Movie": (MOVIES, "inputMovies", "1.outputMovies"),
            "OFAlign": (MOVIES, "inputMovies", "1.outputMovies"),
            "FlexAlign": (MOVIES, "inputMovies", "1.outputMovies"),
            "Screen": (PARTICLES, "inputParticles", "1.outputParticles"),
            "": (MICROGRAPHS, "inputMicrographs", "1.outputMicrographs"),
        }.items() if what in theirs
    )  # fmt: skip
    found = import_text(json.dumps([first, {**step, link: output}]), "w", Registry())
    made = next(step for step in found.workflow.steps if step.protocol == protocol)
    assert {
        name: value for name, value in made.parameters.items() if name != "in_memory"
    } == pytest.approx(parameters)
    assert found.mapped[1].lost == ()


def test_what_only_icestreams_own_does_is_left_to_it() -> None:
    local = {"object.className": "XmippProtFlexAlign", "object.id": "2", "useGpu": False,
             "doLocalAlignment": True, "inputMovies": "1.outputMovies"}  # fmt: skip
    found = import_text(json.dumps([MOVIES, local]), "w", Registry())
    assert found.workflow.steps[1].protocol == "movies.align"


@pytest.mark.parametrize(("name", "every"), [("demo", 30), ("facility_SPA_streaming", 5)])
def test_the_templates_of_a_facility_take_the_gain_from_xmipp(name: str, every: int) -> None:
    path = TEMPLATES / f"{name}.json.template"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    steps = import_text(path.read_text(), name, Registry()).workflow.steps
    (gain,) = (step for step in steps if step.protocol == "gain.xmipp")
    assert gain.parameters["frame_step"] == every
