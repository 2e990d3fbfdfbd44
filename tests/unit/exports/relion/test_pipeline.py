"""The pipeline names its jobs for RELION 3.1 and for RELION 5."""

from pathlib import Path

from icestream.exports.relion.pipeline import JOBS, class2d_nodes, write_pipeline
from icestream.formats import read_star


def written(tmp_path: Path, count: int) -> dict[str, object]:
    for job in JOBS[:count]:
        (tmp_path / job.folder).mkdir(parents=True)
    write_pipeline(tmp_path, JOBS[:count])
    return dict(read_star(tmp_path / "default_pipeline.star"))


def test_blocks_and_numbers_are_those_of_relion(tmp_path: Path, shared_data: Path) -> None:
    real = read_star(shared_data / "star" / "default_pipeline.star")
    ours = written(tmp_path, 5)
    assert set(ours) == set(real)
    processes = real["pipeline_processes"]
    folders = [name.split("/")[0] for name in processes.text("rlnPipeLineProcessName")]
    types = dict(zip(folders, processes.text("rlnPipeLineProcessType"), strict=True))
    for job in JOBS:
        assert str(job.number) == types[job.folder.split("/")[0]]


def test_edges_join_jobs_that_are_there(tmp_path: Path) -> None:
    ours = written(tmp_path, 2)
    edges = ours["pipeline_input_edges"]
    assert edges.text("rlnPipeLineEdgeFromNode") == ["Import/job001/movies.star"]  # type: ignore[attr-defined]
    assert (tmp_path / "MotionCorr/job002/RELION_JOB_EXIT_SUCCESS").exists()


def test_class_nodes_carry_the_snapshot() -> None:
    assert class2d_nodes(12)[0].path == "Class2D/job006/run_it012_data.star"
