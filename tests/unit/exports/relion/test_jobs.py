"""Jobs and nodes are called as each version of RELION calls them."""

from pathlib import Path

import pytest

from icestream.exports.relion.jobs import FIRST_FREE, JOBS, OURS, PARTICLES, PICKS, class2d_job
from icestream.formats import read_star


def test_numbers_are_those_of_relion(shared_data: Path) -> None:
    processes = read_star(shared_data / "star" / "default_pipeline.star")["pipeline_processes"]
    folders = [name.split("/")[0] for name in processes.text("rlnPipeLineProcessName")]
    types = dict(zip(folders, processes.text("rlnPipeLineProcessType"), strict=True))
    for job in (*JOBS, class2d_job(1)):
        assert job.kind("3.1") == types[job.folder.split("/")[0]]


def test_nodes_of_relion_3_1_are_those_of_its_own_jobs(shared_data: Path) -> None:
    nodes = read_star(shared_data / "star" / "default_pipeline.star")["pipeline_nodes"]
    types = {
        name.split("/")[-1]: kind
        for name, kind in zip(
            nodes.text("rlnPipeLineNodeName"), nodes.text("rlnPipeLineNodeType"), strict=True
        )
    }
    ours = [node for job in (*JOBS, class2d_job(25)) for node in job.made("3.1")]
    known = [node for node in ours if node.path.split("/")[-1] in types]
    assert len(known) == 7
    for node in known:
        assert node.kind("3.1") == types[node.path.split("/")[-1]]


@pytest.mark.parametrize(
    ("path", "four", "five"),
    [
        ("movies.star", "MicrographMoviesData", "MicrographMovieGroupMetadata"),
        ("micrographs_ctf.star", "MicrographsData", "MicrographGroupMetadata"),
        ("autopick.star", "MicrographsCoords", "MicrographCoordsGroup"),
        ("particles.star", "ParticlesData", "ParticleGroupMetadata"),
        ("run_it003_optimiser.star", "ProcessData", "OptimiserData"),
    ],
)
def test_nodes_are_named_as_relion_4_and_5_name_them(path: str, four: str, five: str) -> None:
    nodes = [node for job in (*JOBS, class2d_job(3)) for node in job.outputs]
    (node,) = (node for node in nodes if node.path.endswith(f"/{path}"))
    assert node.kind("4").split(".")[0] == four
    assert node.kind("5").split(".")[0] == five


def test_each_version_has_its_own_list_of_picks() -> None:
    assert PICKS not in JOBS[3].made("3.1")
    assert PICKS in JOBS[3].made("4")
    assert JOBS[3].made("3.1")[0].path.endswith("coords_suffix_autopick.star")
    assert PARTICLES in JOBS[4].made("5")


def test_the_nodes_of_the_classes_carry_the_snapshot() -> None:
    assert class2d_job(12).outputs[0].path == "Class2D/job006/run_it012_data.star"


def test_all_numbers_of_ours_are_below_the_first_free_one() -> None:
    assert {int(folder[-4:-1]) for folder in OURS} == set(range(1, FIRST_FREE))
