"""Assignments join the extracted particles by exposure and place in the stack."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from export_items import NAMES, particles
from icestream.exports.relion.class2d import write_class2d
from icestream.exports.relion.rows import particle_columns
from icestream.exports.relion.table import Table
from icestream.formats import read_star, write_mrc
from icestream.model import Classes, column


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "Extract/job005"
    table = Table(folder / "particles.star", "particles")
    table.extend(particle_columns(NAMES, particles(), 4), 2)
    table.close()
    return tmp_path


def classes(folder: Path) -> Classes:
    write_mrc(folder / "averages.mrcs", np.zeros((3, 8, 8), np.float32), pixel_size=3.0)
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT * FROM (VALUES ('a', 1, 2, 30.0, -1.5, 2.5, 0.9), "
            "('gone', 0, 1, 0.0, 0.0, 0.0, 0.1)) "
            'AS t(exposure, "index", "class", angle, shift_y, shift_x, likelihood)) '
            f"TO '{folder / 'assignments.parquet'}' (FORMAT parquet)"
        )
    return Classes(
        averages=folder / "averages.mrcs",
        box=8,
        pixel_size=3.0,
        counts=column([1, 3, 0]),
        resolution=column([12, 9, 0]),
        score=column([1, 1, 1]),
        assignments=folder / "assignments.parquet",
        particles=4,
        iteration=7,
    )


def test_only_extracted_particles_are_listed(project: Path) -> None:
    optics = [{"rlnOpticsGroup": 4}]
    assert write_class2d(project, classes(project), particles(), optics) == 1
    data = read_star(project / "Class2D/job006/run_it007_data.star")["particles"]
    assert data.text("rlnImageName") == ["000002@Extract/job005/Movies/a.mrcs"]
    assert data.integers("rlnClassNumber").tolist() == [2]
    assert data.floats("rlnAnglePsi").tolist() == [-30.0]
    assert data.floats("rlnOriginYAngst").tolist() == [-1.5]


def test_columns_are_those_that_programs_look_for(project: Path) -> None:
    """RELION's own classification has them all, and cryohub reads its angles."""
    write_class2d(project, classes(project), particles(), [{"rlnOpticsGroup": 4}])
    data = read_star(project / "Class2D/job006/run_it007_data.star")["particles"]
    for label, value in (
        ("rlnAngleRot", 0.0),
        ("rlnAngleTilt", 0.0),
        ("rlnNormCorrection", 1.0),
        ("rlnMaxValueProbDistribution", 0.9),
        ("rlnNrOfSignificantSamples", 1.0),
    ):
        assert data.floats(label).tolist() == [value], label
    model = read_star(project / "Class2D/job006/run_it007_model.star")["model_general"]
    assert float(model.value("rlnAveragePmax")) == 0.9


def test_the_averages_are_the_projects_own(project: Path) -> None:
    write_class2d(project, classes(project), particles(), [{"rlnOpticsGroup": 4}])
    before = (project / "averages.mrcs").read_bytes()
    (project / "Class2D/job006/run_it007_classes.mrcs").write_bytes(b"other")
    assert (project / "averages.mrcs").read_bytes() == before


def test_the_model_has_a_row_for_each_class(project: Path) -> None:
    write_class2d(project, classes(project), particles(), [{"rlnOpticsGroup": 4}])
    model = read_star(project / "Class2D/job006/run_it007_model.star")
    assert model["model_general"].value("rlnNrClasses").strip() == "3"
    assert model["model_classes"].floats("rlnClassDistribution").tolist() == [0.25, 0.75, 0.0]
    assert model["model_classes"].floats("rlnEstimatedResolution").tolist() == [12, 9, 999]
    optimiser = read_star(project / "Class2D/job006/run_it007_optimiser.star")
    for label in ("rlnModelStarFile", "rlnExperimentalDataStarFile"):
        assert (project / optimiser["optimiser_general"].value(label)).exists()


def test_particles_that_were_cut_anew_have_no_class(project: Path) -> None:
    """The table names them by their places in a stack that is another now."""
    optics = [{"rlnOpticsGroup": 4}]
    assert write_class2d(project, classes(project), particles(), optics, anew={"a"}) == 0
    assert write_class2d(project, classes(project), particles(), optics, anew={"b"}) == 1
