"""RELION's pipeline as a workflow of ours: of version 4 with labels, and of 3.1 with numbers."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from icestream.engine.graph.validation import validate
from icestream.exchange.foreign import NotImported
from icestream.exchange.importing import import_file
from icestream.exchange.relion_pipeline import read_relion
from icestream.exchange.translate import Prefer
from icestream.formats.star import Block, write_star
from icestream.protocol import Registry

JOBS: Mapping[str, tuple[str, int, dict[str, str]]] = {
    "Import/job001": ("relion.import.movies", 0, {
        "do_raw": "Yes", "is_multiframe": "Yes", "fn_in_raw": "Movies/*.tiff", "angpix": "0.885",
        "kV": "200", "Cs": "1.4", "Q0": "0.1", "min_dedicated": "1"}),
    "MotionCorr/job002": ("relion.motioncorr.own", 1, {
        "input_star_mics": "Import/job001/movies.star", "do_own_motioncor": "Yes",
        "bin_factor": "2", "patch_x": "5", "patch_y": "5", "dose_per_frame": "1.277",
        "do_dose_weighting": "Yes", "fn_gain_ref": "gain.mrc", "gain_rot": "90 degrees (1)",
        "gain_flip": "No flipping (0)", "last_frame_sum": "-1"}),
    "CtfFind/job003": ("relion.ctffind.ctffind4", 2, {
        "input_star_mics": "MotionCorr/job002/corrected_micrographs.star", "dfmin": "5000",
        "dfmax": "50000", "box": "512", "do_phaseshift": "No", "resmin": "30", "resmax": "5"}),
    "AutoPick/job004": ("relion.autopick.log", 4, {
        "fn_input_autopick": "CtfFind/job003/micrographs_ctf.star", "do_log": "Yes",
        "log_diam_min": "150", "log_diam_max": "180"}),
    "Extract/job005": ("relion.extract", 5, {
        "star_mics": "CtfFind/job003/micrographs_ctf.star",
        "coords_suffix": "AutoPick/job004/autopick.star", "extract_size": "200",
        "do_rescale": "Yes", "rescale": "64", "bg_diameter": "-1", "do_reextract": "No"}),
    "Class2D/job006": ("relion.class2d", 8, {
        "fn_img": "Extract/job005/particles.star", "nr_classes": "50",
        "particle_diameter": "200", "highres_limit": "-1"}),
    "MultiBody/job007": ("relion.multibody", 19, {
        "fn_img": "Extract/job005/particles.star", "sym_name": "D2"}),
}  # fmt: skip
MADE = {
    "Import/job001": "movies.star",
    "MotionCorr/job002": "corrected_micrographs.star",
    "CtfFind/job003": "micrographs_ctf.star",
    "AutoPick/job004": "autopick.star",
    "Extract/job005": "particles.star",
    "Class2D/job006": "run_it025_optimiser.star",
}


def project(folder: Path, *, labels: bool = True) -> Path:
    """The files of a project of RELION."""
    names = [f"{name}/" for name in JOBS]
    kind = (
        {"rlnPipeLineProcessTypeLabel": [job[0] for job in JOBS.values()]}
        if labels
        else {"rlnPipeLineProcessType": [job[1] for job in JOBS.values()]}
    )
    nodes = {f"{job}/{file}": f"{job}/" for job, file in MADE.items()}
    taken = [
        (value, f"{name}/")
        for name, job in JOBS.items()
        for value in job[2].values()
        if value in nodes
    ]
    write_star(
        folder / "default_pipeline.star",
        [
            Block("pipeline_general", {"rlnPipeLineJobCounter": ["8"]}, single=True),
            Block("pipeline_processes", {"rlnPipeLineProcessName": names,
                  "rlnPipeLineProcessAlias": ["None"] * len(names), **kind}),
            Block("pipeline_input_edges", {
                "rlnPipeLineEdgeFromNode": [node for node, _ in taken],
                "rlnPipeLineEdgeProcess": [job for _, job in taken]}),
            Block("pipeline_output_edges", {
                "rlnPipeLineEdgeProcess": list(nodes.values()),
                "rlnPipeLineEdgeToNode": list(nodes)}),
        ],
    )  # fmt: skip
    for name, (label, _, options) in JOBS.items():
        (folder / name).mkdir(parents=True)
        shown = [f'"{value}"' if " " in value or not value else value for value in options.values()]
        rows = "".join(f"{key} {value}\n" for key, value in zip(options, shown, strict=True))
        (folder / name / "job.star").write_text(
            f"\ndata_job\n\n_rlnJobTypeLabel {label}\n_rlnJobIsContinue 0\n\n\n"
            "data_joboptions_values\n\nloop_ \n_rlnJobOptionVariable #1 \n_rlnJobOptionValue #2 \n"
            f"{rows}\n"
        )
    return folder


@pytest.mark.parametrize("labels", [True, False])
def test_a_project_becomes_a_workflow(labels: bool, tmp_path: Path) -> None:
    folder = project(tmp_path, labels=labels)
    found = import_file(folder, Registry(), prefer="own")
    whole = found.workflow
    assert validate(whole, Registry(), unfinished=True) == []
    assert [step.name for step in whole.steps] == [
        "import", "align", "ctf", "picks_log", "extract", "classify", "multibody",
    ]  # fmt: skip
    source = whole.step("import").parameters
    assert source["pattern"] == str(folder / "Movies" / "*.tiff")
    assert (source["pixel_size"], source["voltage"]) == pytest.approx((0.885, 200))
    assert source["dose_per_frame"] == pytest.approx(1.277)
    assert (source["gain_rotation"], source["gain"]) == (90, str(folder / "gain.mrc"))
    assert whole.step("align").parameters["local_motion"] is True
    assert whole.step("align").parameters["last_frame"] == 0
    assert whole.step("ctf").parameters["defocus_max"] == pytest.approx(5.0)
    assert whole.step("extract").parameters == pytest.approx({"box": 354.0, "size": 64})
    fed = {p: list(map(str, one)) for p, one in whole.step("extract").inputs.items()}
    assert fed == {
        "picks": ["picks_log.picks"], "ctf": ["ctf.ctf"], "micrograph": ["align.micrograph"],
    }  # fmt: skip
    held = whole.step("multibody")
    assert held.protocol == "relion:multibody"
    assert held.parameters == {"sym_name": "D2"}
    assert {p: list(map(str, one)) for p, one in held.inputs.items()} == {
        "fn_img": ["extract.particles"]
    }
    assert found.remarks == ()


@pytest.mark.parametrize("prefer", ["own", "program"])
def test_the_dose_of_eer_is_that_of_one_frame_of_the_file(
    prefer: Prefer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RELION is told the dose of the frames that it adds up."""
    changed = dict(JOBS)
    for job, more in (
        ("Import/job001", {"fn_in_raw": "Movies/*.eer"}),
        ("MotionCorr/job002", {"dose_per_frame": "0.96", "eer_grouping": "32"}),
    ):
        label, number, options = JOBS[job]
        changed[job] = (label, number, {**options, **more})
    monkeypatch.setattr(sys.modules[__name__], "JOBS", changed)
    found = import_file(project(tmp_path), Registry(), prefer=prefer)
    source = found.workflow.step("import").parameters
    assert (source["dose_per_frame"], source["eer_dose"]) == pytest.approx((0.03, 0.96))
    values = next(one.values for one in found.mapped if one.id == "MotionCorr/job002")
    (told,) = [value for value in values if value.theirs == "dose_per_frame"]
    assert told.remark.startswith("eer_grouping is 32, and here it is the dose of one EER frame")
    assert not [value for value in values if value.theirs == "eer_grouping"]


def test_the_pipeline_itself_may_be_named_and_a_job_without_its_file_is_told(
    tmp_path: Path,
) -> None:
    folder = project(tmp_path)
    (folder / "CtfFind" / "job003" / "job.star").unlink()
    read = read_relion(folder / "default_pipeline.star")
    assert any("CtfFind/job003: there is no job.star" in one for one in read.remarks)
    step = read.step("CtfFind/job003")
    assert step is not None
    assert list(step.links) == ["input_1"], "the pipeline still says what it took"


def test_a_pipeline_of_more_jobs_than_a_workflow_may_have(tmp_path: Path) -> None:
    names = [f"External/job{number:03d}/" for number in range(501)]
    write_star(
        tmp_path / "default_pipeline.star",
        [Block("pipeline_processes", {"rlnPipeLineProcessName": names})],
    )
    with pytest.raises(NotImported, match="it has 501 jobs, and 500 are the most"):
        read_relion(tmp_path)


def test_no_name_in_a_pipeline_leads_out_of_the_project(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.mkdir()
    (outside / "job.star").write_text("data_joboptions_values\nloop_\n_rlnJobOptionVariable\n")
    inside = tmp_path / "project"
    inside.mkdir()
    write_star(
        inside / "default_pipeline.star",
        [Block("pipeline_processes", {
            "rlnPipeLineProcessName": ["../secret/"],
            "rlnPipeLineProcessTypeLabel": ["relion.external"]})],
    )  # fmt: skip
    read = read_relion(inside)
    assert read.steps[0].raw == {}
    assert "there is no job.star" in read.remarks[0]


@pytest.mark.parametrize("text", ["", "data_\n", "\x00\x01", "data_pipeline_processes\n\nloop_\n"])
def test_what_is_no_pipeline_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "default_pipeline.star").write_text(text)
    with pytest.raises(NotImported, match="no pipeline of RELION"):
        read_relion(tmp_path)
    with pytest.raises(NotImported, match="there is no file"):
        read_relion(tmp_path / "none")
