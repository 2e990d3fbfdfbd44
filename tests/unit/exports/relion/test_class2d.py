"""Assignments join the extracted particles by exposure and place in the micrograph."""

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from export_items import NAMES, particles
from icestream.exports.classified import CutParticles
from icestream.exports.relion.class2d import write_class2d
from icestream.exports.relion.table import Table
from icestream.formats import read_star, write_mrc
from icestream.formats.relion import particle_columns
from icestream.model import Classes, column


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "Extract/job005"
    table = Table(folder / "particles.star", "particles")
    names = {"stack": NAMES.stack, "micrograph": NAMES.micrograph}
    table.extend(particle_columns(particles(), **names, group=4), 2)
    table.close()
    return tmp_path


THERE = {"a": CutParticles(particles().places().astype(np.float32), classified=False)}
"""They lie at 2 and at 4 Å."""
OPTICS = [{"rlnOpticsGroup": 4}]
ROWS = (("a", 1, 4.0, 2, 30.0, -1.5, 2.5, 0.9), ("gone", 0, 2.0, 1, 0.0, 0.0, 0.0, 0.1))
"""Exposure, index, x = y in Å, class, angle, shift_y, shift_x and likelihood."""


def classes(folder: Path, rows: tuple[tuple[object, ...], ...] = ROWS, left: str = "") -> Classes:
    write_mrc(folder / "averages.mrcs", np.zeros((3, 8, 8), np.float32), pixel_size=3.0)
    names = 'exposure, "index", x, "class", angle, shift_y, shift_x, likelihood'
    values = ", ".join(map(str, rows))
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * {left} FROM (SELECT *, x AS y FROM (VALUES {values}) AS t({names}))) "
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
    assert write_class2d(project, classes(project), particles(), OPTICS, THERE) == 1
    data = read_star(project / "Class2D/job006/run_it007_data.star")["particles"]
    assert data.text("rlnImageName") == ["000002@Extract/job005/Movies/a.mrcs"]
    assert data.integers("rlnClassNumber").tolist() == [2]
    assert data.floats("rlnAnglePsi").tolist() == [-30.0]
    assert data.floats("rlnOriginYAngst").tolist() == [-1.5]


def test_columns_are_those_that_programs_look_for(project: Path) -> None:
    """RELION's own classification has them all, and cryohub reads its angles."""
    write_class2d(project, classes(project), particles(), OPTICS, THERE)
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
    write_class2d(project, classes(project), particles(), OPTICS, THERE)
    before = (project / "averages.mrcs").read_bytes()
    (project / "Class2D/job006/run_it007_classes.mrcs").write_bytes(b"other")
    assert (project / "averages.mrcs").read_bytes() == before


def test_the_model_has_a_row_for_each_class(project: Path) -> None:
    write_class2d(project, classes(project), particles(), OPTICS, THERE)
    model = read_star(project / "Class2D/job006/run_it007_model.star")
    assert model["model_general"].value("rlnNrClasses").strip() == "3"
    assert model["model_classes"].floats("rlnClassDistribution").tolist() == [0.25, 0.75, 0.0]
    assert model["model_classes"].floats("rlnEstimatedResolution").tolist() == [12, 9, 999]
    optimiser = read_star(project / "Class2D/job006/run_it007_optimiser.star")
    for label in ("rlnModelStarFile", "rlnExperimentalDataStarFile"):
        assert (project / optimiser["optimiser_general"].value(label)).exists()


def test_particles_are_known_by_where_they_lie_in_a_stack_that_was_cut_again(
    project: Path,
) -> None:
    """The table has the second in the first place, and one more that was taken away since."""
    moved = (("a", 0, *ROWS[0][2:]), ("a", 1, 90.0, 3, 0.0, 0.0, 0.0, 0.2))
    assert write_class2d(project, classes(project, moved), particles(), OPTICS, THERE) == 1
    data = read_star(project / "Class2D/job006/run_it007_data.star")["particles"]
    assert data.text("rlnImageName") == ["000002@Extract/job005/Movies/a.mrcs"]
    assert data.integers("rlnClassNumber").tolist() == [2]


def test_nothing_is_written_of_classes_of_other_particles(project: Path) -> None:
    others = {"a": replace(THERE["a"], places=THERE["a"].places + np.float32(7.0))}
    for there in (others, {}, {"b": THERE["a"]}):
        assert write_class2d(project, classes(project), particles(), OPTICS, there) == 0
    assert not (project / "Class2D").exists()


def test_a_table_without_places_holds_for_the_stack_that_was_classified_alone(
    project: Path,
) -> None:
    """As an older icestream wrote it."""
    old = classes(project, left="EXCLUDE (x, y)")
    assert write_class2d(project, old, particles(), OPTICS, THERE) == 0
    same = {"a": replace(THERE["a"], classified=True)}
    assert write_class2d(project, old, particles(), OPTICS, same) == 1
    data = read_star(project / "Class2D/job006/run_it007_data.star")["particles"]
    assert data.text("rlnImageName") == ["000002@Extract/job005/Movies/a.mrcs"]
