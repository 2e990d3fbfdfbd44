"""The pipeline is written for one version of RELION, and keeps what RELION has added."""

import shutil
import subprocess
from pathlib import Path

import pytest

from icestream.exports.relion import pipeline as module
from icestream.exports.relion.jobs import JOBS, Job, Version, class2d_job
from icestream.exports.relion.pipeline import (
    Pipeline,
    PipelineConflict,
    read_pipeline,
    settle_version,
    write_pipeline,
)
from icestream.formats import read_star
from icestream.formats.star import Block

FIVE = JOBS[:5]
SIX = (*JOBS, class2d_job(3))


def write(project: Path, jobs: tuple[Job, ...], version: Version = "3.1") -> dict[str, Block]:
    """Write the pipeline of jobs whose outputs are there."""
    for job in jobs:
        (project / job.folder).mkdir(parents=True, exist_ok=True)
        for node in job.outputs:
            (project / node.path).touch()
    write_pipeline(project, jobs, version, {})
    return read_star(project / "default_pipeline.star")


def add_foreign(project: Path, folder: str, reads: str) -> None:
    """What RELION does when a job is run: here for version 3.1."""
    there = read_pipeline(project)
    assert there is not None
    node = f"{folder}out.star"
    there.processes[folder] = (folder, "None", "7", "2")
    there.nodes[node] = (node, "3")
    there.inputs[reads, folder] = None
    there.outputs[folder, node] = None
    there.counter += 1
    module.write_star(project / "default_pipeline.star", there.blocks(), "version 30001")


def counter(project: Path) -> int:
    found = read_pipeline(project)
    assert found is not None
    return found.counter


def test_blocks_and_columns_of_3_1_are_those_of_relion(tmp_path: Path, shared_data: Path) -> None:
    real = read_star(shared_data / "star" / "default_pipeline.star")
    ours = write(tmp_path, FIVE)
    assert list(ours) == list(real)
    for name, block in real.items():
        assert list(ours[name].columns) == list(block.columns), name


@pytest.mark.parametrize(
    ("version", "process", "node"),
    [
        ("3.1", ["Name", "Alias", "Type", "Status"], ["Name", "Type"]),
        ("4", ["Name", "Alias", "TypeLabel", "StatusLabel"], ["Name", "TypeLabel"]),
        (
            "5",
            ["Name", "Alias", "TypeLabel", "StatusLabel"],
            ["Name", "TypeLabel", "TypeLabelDepth"],
        ),
    ],
)
def test_columns_are_those_of_the_version(
    tmp_path: Path, version: Version, process: list[str], node: list[str]
) -> None:
    ours = write(tmp_path, SIX, version)
    processes, nodes = ours["pipeline_processes"], ours["pipeline_nodes"]
    assert list(processes.columns) == [f"rlnPipeLineProcess{label}" for label in process]
    assert list(nodes.columns) == [f"rlnPipeLineNode{label}" for label in node]
    assert settle_version(tmp_path, None) == version
    found = read_pipeline(tmp_path)
    assert found is not None
    assert found.version == version
    if version != "3.1":
        assert set(processes.text("rlnPipeLineProcessStatusLabel")) == {"Succeeded"}


def test_edges_join_jobs_that_are_there(tmp_path: Path) -> None:
    edges = write(tmp_path, JOBS[:2])["pipeline_input_edges"]
    assert edges.text("rlnPipeLineEdgeFromNode") == ["Import/job001/movies.star"]
    assert (tmp_path / "MotionCorr/job002/RELION_JOB_EXIT_SUCCESS").exists()


def test_relions_window_takes_the_folder_and_offers_its_files(tmp_path: Path) -> None:
    write(tmp_path, SIX)
    assert (tmp_path / ".gui_projectdir").exists()
    for kind, path in (
        ("0", "Import/job001/movies.star"),
        ("1", "CtfFind/job003/micrographs_ctf.star"),
        ("2", "AutoPick/job004/coords_suffix_autopick.star"),
        ("3", "Extract/job005/particles.star"),
        ("8", "Class2D/job006/run_it003_model.star"),
    ):
        assert (tmp_path / ".Nodes" / kind / path).exists()
    write(tmp_path / "five", SIX, "5")
    assert (tmp_path / "five/.Nodes/OptimiserData" / SIX[5].outputs[2].path).exists()


def test_numbers_of_ours_are_kept_free_from_the_start(tmp_path: Path) -> None:
    """RELION's first job must not get the number that the classes will have."""
    write(tmp_path, FIVE)
    assert counter(tmp_path) == 7


def test_jobs_of_relion_stay(tmp_path: Path) -> None:
    write(tmp_path, FIVE)
    add_foreign(tmp_path, "Select/job007/", "Extract/job005/particles.star")
    after = write(tmp_path, SIX)
    assert counter(tmp_path) == 8
    assert "Select/job007/" in after["pipeline_processes"].text("rlnPipeLineProcessName")
    assert "Select/job007/out.star" in after["pipeline_nodes"].text("rlnPipeLineNodeName")
    edges = after["pipeline_input_edges"]
    joined = zip(
        edges.text("rlnPipeLineEdgeFromNode"), edges.text("rlnPipeLineEdgeProcess"), strict=True
    )
    assert ("Extract/job005/particles.star", "Select/job007/") in joined
    again = write(tmp_path, SIX)
    assert {name: block.columns for name, block in again.items()} == {
        name: block.columns for name, block in after.items()
    }


def test_a_folder_that_the_pipeline_forgot_keeps_its_number(tmp_path: Path) -> None:
    (tmp_path / "Refine3D/job041").mkdir(parents=True)
    write(tmp_path, FIVE)
    assert counter(tmp_path) == 42


def test_an_older_snapshot_stays_for_those_who_read_it(tmp_path: Path) -> None:
    write(tmp_path, SIX)
    add_foreign(tmp_path, "Select/job007/", "Class2D/job006/run_it003_model.star")
    after = write(tmp_path, (*JOBS, class2d_job(9)))
    names = after["pipeline_nodes"].text("rlnPipeLineNodeName")
    assert "Class2D/job006/run_it003_model.star" in names
    assert "Class2D/job006/run_it009_model.star" in names
    assert "Class2D/job006/run_it003_data.star" not in names


def test_an_alias_stays(tmp_path: Path) -> None:
    write(tmp_path, SIX)
    there = read_pipeline(tmp_path)
    assert there is not None
    there.processes["Extract/job005/"] = ("Extract/job005/", "Extract/mine/", "5", "2")
    module.write_star(tmp_path / "default_pipeline.star", there.blocks())
    after = write(tmp_path, SIX)
    assert "Extract/mine/" in after["pipeline_processes"].text("rlnPipeLineProcessAlias")
    assert (tmp_path / ".Nodes/3/Extract/mine/particles.star").exists()


def test_what_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    assert settle_version(tmp_path, None) == "3.1"
    assert settle_version(tmp_path, "5") == "5"
    write(tmp_path, FIVE)
    assert settle_version(tmp_path, "5") == "5"  # nobody has added anything yet
    add_foreign(tmp_path, "Select/job007/", "Extract/job005/particles.star")
    assert settle_version(tmp_path, None) == "3.1"
    with pytest.raises(PipelineConflict, match=r"jobs of RELION 3.1 \(Select/job007/\).*new"):
        settle_version(tmp_path, "5")
    add_foreign(tmp_path, "Select/job006/", "Extract/job005/particles.star")
    with pytest.raises(PipelineConflict, match=r"has Select/job006/, made in RELION.*new folder"):
        settle_version(tmp_path, None)


def test_what_relion_made_under_a_number_of_ours_is_not_overwritten(tmp_path: Path) -> None:
    """As in a project of before numbers were kept free, or where a job of ours was continued."""
    write(tmp_path, SIX)
    assert settle_version(tmp_path, None) == "3.1"
    (tmp_path / "Class2D/job006/job_pipeline.star").touch()
    with pytest.raises(PipelineConflict, match=r"Class2D/job006/ of .* was run in RELION itself"):
        settle_version(tmp_path, None)


def test_a_project_of_another_version_is_written_anew(tmp_path: Path) -> None:
    write(tmp_path, FIVE)
    after = write(tmp_path, FIVE, "5")
    assert "rlnPipeLineProcessTypeLabel" in after["pipeline_processes"]
    assert len(after["pipeline_processes"]) == 5


def test_one_of_before_there_were_versions_is_of_3_1(tmp_path: Path) -> None:
    labels = ("Name", "Alias", "Type", "Status", "TypeLabel", "StatusLabel")
    values = ("Extract/job005/", "None", "5", "2", "relion.extract", "Succeeded")
    columns = {
        f"rlnPipeLineProcess{label}": [value] for label, value in zip(labels, values, strict=True)
    }
    general = Block("pipeline_general", {"rlnPipeLineJobCounter": [6]}, single=True)
    module.write_star(
        tmp_path / "default_pipeline.star", [general, Block("pipeline_processes", columns)]
    )
    found = read_pipeline(tmp_path)
    assert found == Pipeline(
        "3.1", 6, {"Extract/job005/": ("Extract/job005/", "None", "5", "2")}, {}, {}, {}
    )


def test_the_lock_of_relion_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    (tmp_path / ".relion_lock").mkdir()
    with pytest.raises(PipelineConflict, match="RELION is writing the pipeline"):
        write(tmp_path, FIVE)
    (tmp_path / ".relion_lock").rmdir()
    write(tmp_path, FIVE)
    assert not (tmp_path / ".relion_lock").exists()


def test_relion_adds_a_job_and_the_next_export_keeps_it(tmp_path: Path) -> None:
    if shutil.which("relion_pipeliner") is None:
        pytest.skip("RELION is not installed (Debian: relion)")
    write(tmp_path, FIVE)
    done = subprocess.run(
        ["relion_pipeliner", "--addJob", "Class2D",
         "--addJobOptions", "fn_img == Extract/job005/particles.star"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    job = (tmp_path / "Class2D/job007/job.star").read_bytes()
    write(tmp_path, SIX)
    again = subprocess.run(
        ["relion_pipeliner", "--addJob", "Import"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    processes = read_star(tmp_path / "default_pipeline.star")["pipeline_processes"]
    names = processes.text("rlnPipeLineProcessName")
    assert names[:6] == [job.folder for job in SIX]
    assert names[6:] == ["Class2D/job007/", "Import/job008/"]
    assert (tmp_path / "Class2D/job007/job.star").read_bytes() == job
    # What tells its jobs from ours.
    assert (tmp_path / "Class2D/job007/job_pipeline.star").exists()
