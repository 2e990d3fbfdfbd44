"""The files of a snapshot: a row for each particle, in order, with where it came from."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from icestream.formats.mrc import read_mrc_header, read_stack
from icestream.model import Optics, Particles, column
from icestream.processing.classify2d.averages import class_averages
from icestream.processing.classify2d.online import Classification, ClassificationPlan
from icestream.protocols.class_files import (
    Origins,
    read_sample,
    write_assignments,
    write_classes,
    write_sample,
)

PLAN = ClassificationPlan(
    box=32, pixel_size=4.0, diameter=80.0, classes_min=2, classes_max=2, memory=60
)


def particles(exposure: str, count: int, defocus: float) -> Particles:
    same = column(np.full(count, defocus))
    return Particles(
        exposure=exposure,
        stack=Path("unused.mrcs"),
        box=32,
        optics=Optics(pixel_size=4.0, voltage=300.0),
        micrograph=Path("unused.mrc"),
        micrograph_pixel_size=1.5,
        x=column(np.arange(count)),
        y=column(np.full(count, defocus / 100)),
        score=same,
        defocus_u=same,
        defocus_v=column(np.full(count, defocus - 100)),
        defocus_angle=column(np.full(count, 30.0)),
        phase_shift=5.0,
    )


@pytest.fixture(scope="module")
def made() -> tuple[Origins, Classification]:
    """Forty particles of one exposure, thirty of another; sixty images are kept."""
    origins, done = Origins(), Classification(PLAN)
    rng = np.random.default_rng(1)
    for exposure, count, defocus in (("one", 40, 10_000.0), ("two", 30, 20_000.0)):
        origins.add(particles(exposure, count, defocus))
        images = rng.standard_normal((count, 32, 32)).astype(np.float32)
        done.add(images, np.ones((count, PLAN.grid.rings), np.float32))
    return origins, done


@pytest.mark.parametrize("sampled", [False, True])
def test_the_parts_of_a_snapshot_are_written(
    tmp_path: Path, made: tuple[Origins, Classification], sampled: bool
) -> None:
    files = write_classes(tmp_path, 12, *made, sampled=sampled)
    assert np.array_equal(read_stack(files.averages), class_averages(made[1]))
    assert round(read_mrc_header(files.averages).pixel_size, 3) == PLAN.pixel_size
    assert len(duckdb.sql(f"SELECT * FROM '{files.assignments}'").fetchall()) == 70
    names = ["classes_0012.mrcs", "classes_0012.parquet"]
    if sampled:
        assert files.sample is not None
        assert len(read_stack(files.sample)) == 60
        assert len(duckdb.sql(f"SELECT * FROM '{files.sample_table}'").fetchall()) == 60
        names += ["sample_0012.mrcs", "sample_0012.parquet"]
    else:
        assert files.sample is files.sample_table is None
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_every_particle_has_its_row_in_order(
    tmp_path: Path, made: tuple[Origins, Classification]
) -> None:
    path = tmp_path / "assignments.parquet"
    write_assignments(path, *made)
    rows = duckdb.sql(f"SELECT * FROM '{path}'").fetchnumpy()
    assert rows["exposure"].tolist() == ["one"] * 40 + ["two"] * 30
    assert rows["index"].tolist() == [*range(40), *range(30)]
    assert rows["x"].tolist() == [1.5 * k for k in (*range(40), *range(30))]
    assert rows["y"].tolist() == [150.0] * 40 + [300.0] * 30
    assert set(rows["class"].tolist()) <= {1, 2}
    assert (made[1].numbers[rows["class"] - 1] == rows["number"]).all()
    shift = -made[1].poses.shift[:, 0] * PLAN.pixel_size
    assert np.array_equal(rows["shift_y"], shift)


def test_a_sample_has_the_images_and_the_defocus_of_its_rows(
    tmp_path: Path, made: tuple[Origins, Classification]
) -> None:
    stack, table = tmp_path / "sample.mrcs", tmp_path / "sample.parquet"
    write_sample(stack, table, *made)
    rows = duckdb.sql(f"SELECT * FROM '{table}'").fetchnumpy()
    images = read_stack(stack, slice(None))
    assert len(images) == len(rows["index"]) == 60
    assert np.allclose(images.std(axis=(1, 2)), 1.0, atol=0.15)
    of_two = rows["exposure"] == "two"
    assert (rows["x"] == np.float32(1.5) * rows["index"]).all()
    assert set(rows["y"][of_two]) == {300.0}
    assert set(rows["defocus_u"][of_two]) == {20_000.0}
    assert set(rows["defocus_v"][~of_two]) == {9_900.0}
    assert set(rows["defocus_angle"]) == {30.0}
    assert set(rows["phase_shift"]) == {5.0}


def test_a_sample_is_read_as_it_was_written(
    tmp_path: Path, made: tuple[Origins, Classification]
) -> None:
    stack, table = tmp_path / "sample.mrcs", tmp_path / "sample.parquet"
    write_sample(stack, table, *made)
    rows, images = duckdb.sql(f"SELECT * FROM '{table}'").fetchnumpy(), read_stack(stack)
    for chosen in ([True, True], [True, False], [False, False]):
        mine = np.array(chosen)[rows["class"] - 1]
        found = read_sample(stack, table, np.array(chosen), 1000, seed=1)
        assert len(found) == mine.sum()
        assert np.array_equal(found.images, images[mine])
        assert np.array_equal(found.shift, np.stack([rows["shift_y"], rows["shift_x"]], 1)[mine])
        of_two = rows["exposure"][mine] == "two"
        assert found.defocus.tolist() == np.where(of_two, 19_950.0, 9_950.0).tolist()
        assert set(found.phase_shift) <= {5.0}


def test_no_more_of_a_sample_is_read_than_wanted(
    tmp_path: Path, made: tuple[Origins, Classification]
) -> None:
    stack, table = tmp_path / "sample.mrcs", tmp_path / "sample.parquet"
    write_sample(stack, table, *made)
    all_, every = np.ones(2, bool), read_stack(stack)
    one, same, other = (read_sample(stack, table, all_, 20, seed).images for seed in (1, 1, 2))
    assert len(one) == 20
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    places = [int(np.flatnonzero((every == image).all(axis=(1, 2)))[0]) for image in one]
    assert places == sorted(set(places))
