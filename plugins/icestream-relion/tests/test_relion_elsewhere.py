"""RELION's jobs in workflows of Scipion, and in its own pipelines, are the same programs here."""

import json
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.validation import validate
from icestream.exchange.importing import Imported, import_file, import_text
from icestream.formats import write_star
from icestream.formats.star import Block
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


JOBS = {
    "Import/job001": ("import.movies", "movies.star", {
        "do_raw": "Yes", "is_multiframe": "Yes", "fn_in_raw": "Movies/*.tiff", "angpix": "0.9",
        "kV": "200", "Cs": "1.4", "Q0": "0.1"}),
    "MotionCorr/job002": ("motioncorr.own", "corrected_micrographs.star", {
        "input_star_mics": "Import/job001/movies.star", "do_own_motioncor": "Yes",
        "patch_x": "5", "patch_y": "5", "dose_per_frame": "1.2", "do_dose_weighting": "Yes",
        "last_frame_sum": "-1"}),
    "CtfFind/job003": ("ctffind.ctffind4", "micrographs_ctf.star", {
        "input_star_mics": "MotionCorr/job002/corrected_micrographs.star", "dfmin": "4000"}),
    "AutoPick/job004": ("autopick.log", "autopick.star", {
        "fn_input_autopick": "CtfFind/job003/micrographs_ctf.star", "do_log": "Yes",
        "log_diam_min": "150", "log_diam_max": "180", "log_adjust_thr": "-0.5"}),
    "Extract/job005": ("extract", "particles.star", {
        "star_mics": "CtfFind/job003/micrographs_ctf.star", "extract_size": "200",
        "coords_suffix": "AutoPick/job004/autopick.star", "do_reextract": "No"}),
    "Class2D/job006": ("class2d", "run_it200_data.star", {
        "fn_img": "Extract/job005/particles.star", "nr_classes": "60", "do_grad": "Yes",
        "nr_iter_grad": "200", "do_em": "No", "nr_iter_em": "25", "particle_diameter": "210"}),
    "Refine3D/job007": ("refine3d", "run_class001.mrc", {
        "fn_img": "Extract/job005/particles.star", "sym_name": "D2", "sampling": "3.7 degrees",
        "ini_high": "50"}),
    "MaskCreate/job008": ("maskcreate", "mask.mrc", {
        "fn_in": "Refine3D/job007/run_class001.mrc", "lowpass_filter": "12",
        "inimask_threshold": "0.02", "extend_inimask": "4", "width_mask_edge": "6"}),
    "PostProcess/job009": ("postprocess", "postprocess.mrc", {
        "fn_in": "Refine3D/job007/run_class001.mrc", "fn_mask": "MaskCreate/job008/mask.mrc",
        "do_auto_bfac": "No", "do_adhoc_bfac": "Yes", "adhoc_bfac": "-80",
        "do_skip_fsc_weighting": "No", "low_pass": "5"}),
}  # fmt: skip


def project(folder: Path) -> Path:
    """A project of RELION 4, as far as its pipeline and its jobs tell of it."""
    made = {f"{name}/{file}": f"{name}/" for name, (_, file, _) in JOBS.items()}
    edges = [
        (value, f"{name}/")
        for name, (_, _, options) in JOBS.items()
        for value in options.values()
        if value in made
    ]
    processes = {
        "rlnPipeLineProcessName": [f"{name}/" for name in JOBS],
        "rlnPipeLineProcessTypeLabel": [f"relion.{kind}" for kind, _, _ in JOBS.values()],
    }
    taken = {
        "rlnPipeLineEdgeFromNode": [node for node, _ in edges],
        "rlnPipeLineEdgeProcess": [job for _, job in edges],
    }
    given = {"rlnPipeLineEdgeProcess": [*made.values()], "rlnPipeLineEdgeToNode": [*made]}
    write_star(
        folder / "default_pipeline.star",
        [
            Block("pipeline_processes", processes),
            Block("pipeline_input_edges", taken),
            Block("pipeline_output_edges", given),
        ],
    )
    for name, (_, _, options) in JOBS.items():
        (folder / name).mkdir(parents=True)
        columns = {
            "rlnJobOptionVariable": [*options], "rlnJobOptionValue": [*options.values()],
        }  # fmt: skip
        write_star(folder / name / "job.star", [Block("joboptions_values", columns)])
    return folder


def test_relions_own_jobs_are_relion_with_their_options(tmp_path: Path) -> None:
    found = import_file(project(tmp_path), Registry())
    made = {step.protocol: step for step in found.workflow.steps}
    assert made["movies.relion"].parameters["patches"] == 5
    assert made["movies.relion"].parameters["last_frame"] == 0
    assert made["picks.relion_log"].parameters["threshold"] == pytest.approx(-0.5)
    classes = made["classes2d.relion"].parameters
    assert (classes["classes"], classes["vdam"], classes["iterations"]) == (60, True, 200)
    assert classes["diameter"] == 210
    refined = made["volume.relion_refine"].parameters
    assert (refined["symmetry"], refined["healpix_order"]) == ("D2", 3)
    assert refined["reference_resolution"] == 50
    assert made["volume.relion_mask"].parameters == pytest.approx(
        {"resolution": 12, "threshold": 0.02, "extend": 4, "edge": 6}
    )
    sharpened = made["volume.relion_postprocess"]
    assert sharpened.parameters == {"bfactor": -80}
    assert {port: one[0].step for port, one in sharpened.inputs.items()} == {
        "volume": made["volume.relion_refine"].name, "mask": made["volume.relion_mask"].name,
    }  # fmt: skip
    assert validate(found.workflow, Registry(), unfinished=True) == []
