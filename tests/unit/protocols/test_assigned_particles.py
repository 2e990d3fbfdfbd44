"""A table of assignments is of particles by where they lie, whatever became of their stack."""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from icestream.formats.parquet import write_columns
from icestream.model import (
    Optics,
    Particles,
    Picks,
    PicksCorrection,
    SelectedParticles,
    column,
)
from icestream.protocol import ItemFailed
from icestream.protocols.assigned_particles import left_out_words, read_assigned

PIXEL = 1.5
X = [100.0, 200.0, 300.0, 400.0, 500.0]
"""Pixels."""
CLASSES = [1, 2, 3, 2, 1]


def of(x: list[float], y: float = 80.0, pixel: float = PIXEL, exposure: str = "e") -> Particles:
    same = column(np.full(len(x), 10_000.0))
    return Particles(
        exposure=exposure, stack=Path("e.mrcs"), box=64, optics=Optics(pixel_size=3.0, voltage=300),
        micrograph=Path("e.mrc"), micrograph_pixel_size=pixel, x=column(x),
        y=column(np.full(len(x), y)), score=same, defocus_u=same, defocus_v=same,
        defocus_angle=same,
    )  # fmt: skip


def write(path: Path, **changed: Any) -> Path:
    """The table of the five, and of three of another exposure at the same places."""
    listed = of([*X, *X[:3]]).places().astype(np.float32)
    columns: Mapping[str, Any] = {
        "exposure": np.array([0] * 5 + [1] * 3, np.int32),
        "index": np.array([*range(5), *range(3)], np.int32),
        "x": np.ascontiguousarray(listed[:, 0]),
        "y": np.ascontiguousarray(listed[:, 1]),
        "class": np.array([*CLASSES, 7, 7, 7], np.int32),
        "shift_y": np.arange(8, dtype=np.float32),
        "shift_x": -np.arange(8, dtype=np.float32),
    }
    columns = {name: values for name, values in (columns | changed).items() if values is not None}
    write_columns(path, columns, {"exposure": ["e", "f"]})
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(tmp_path / "classes.parquet")


def test_particles_that_stayed_have_their_class_and_shift(table: Path) -> None:
    found = read_assigned(table, of(X))
    assert found.classes.tolist() == CLASSES
    assert found.shift.tolist() == [[k, -k] for k in range(5)]
    assert found.gone == 0
    assert found.in_classes().all()
    assert np.flatnonzero(found.in_classes((2, 3))).tolist() == [1, 2, 3]
    assert read_assigned(table, of(X[:3], exposure="f")).classes.tolist() == [7, 7, 7]


def test_classes_have_the_numbers_that_screens_show(tmp_path: Path) -> None:
    """Classes that were split and joined are not counted through."""
    numbered = np.array([1, 2, 7, 2, 1, 8, 8, 8], np.int32)
    found = read_assigned(write(tmp_path / "t.parquet", number=numbered), of(X))
    assert found.classes.tolist() == [1, 2, 7, 2, 1]
    assert np.flatnonzero(found.in_classes((7, 3))).tolist() == [2]


def test_picks_that_were_corrected_since_are_told_by_where_they_lie(table: Path) -> None:
    """One was added, one taken away and one moved: what is behind them has other places."""
    picks = Picks(
        exposure="e", x=column(X), y=column(np.full(5, 80.0)), score=column(np.ones(5)),
        diameter=60.0, pixel_size=PIXEL,
    )  # fmt: skip
    correction = PicksCorrection().edited(
        picks, add=[(250.0, 80.0), (404.0, 88.0)], remove=[(200.0, 80.0), (400.0, 80.0)]
    )
    corrected = correction.apply(picks)
    assert len(corrected) == 5  # as many as before: nothing tells it but the places
    now = replace(of(X), x=corrected.x, y=corrected.y)
    found = read_assigned(table, now)
    known = dict(zip(now.x.tolist(), found.classes.tolist(), strict=True))
    assert known == {100.0: 1, 300.0: 3, 500.0: 1, 250.0: 0, 404.0: 0}
    assert found.shift[found.classes == 0].tolist() == [[0, 0], [0, 0]]
    assert found.gone == 2
    middle = read_assigned(table, of([100.0, 250.0, 300.0, 400.0, 500.0]))
    assert middle.classes.tolist() == [1, 0, 3, 2, 1]


def test_pixels_of_another_size_are_no_other_places(table: Path) -> None:
    binned = of([x * PIXEL / 2.7 for x in reversed(X)], y=80.0 * PIXEL / 2.7, pixel=2.7)
    found = read_assigned(table, binned)
    assert found.classes.tolist() == CLASSES[::-1]
    assert found.shift[:, 0].tolist() == [4, 3, 2, 1, 0]


def test_several_at_one_place(tmp_path: Path) -> None:
    x = np.array([150, 150, 450, 600, 750, 100, 100, 100], np.float32)
    table = write(tmp_path / "twice.parquet", x=x)
    found = read_assigned(table, of([100.0, 100.0, 100.0, 300.0, 400.0]))
    assert found.classes.tolist() == [1, 2, 0, 3, 2]
    assert found.gone == 1
    assert read_assigned(table, of([100.0])).classes.tolist() == [1]


def test_where_there_is_nothing_nothing_is_wrong(table: Path, tmp_path: Path) -> None:
    none = read_assigned(table, of([]))
    assert (none.classes.tolist(), none.shift.shape, none.gone) == ([], (0, 2), 5)
    later = read_assigned(table, of(X, exposure="later"))
    assert (later.classes.tolist(), later.gone, later.in_classes().any()) == ([0] * 5, 0, False)
    only = read_assigned(table, of([200.0]))
    assert (only.classes.tolist(), only.gone) == ([2], 4)


@pytest.mark.parametrize(
    ("particles", "here"),
    [
        (of([110.0, 210.0, 310.0, 410.0, 510.0]), "5 that are here none"),
        (of(X, pixel=PIXEL * 1.02), "5 that are here none"),
        (of([110.0]), "1 that are here none"),
    ],
    ids=["cut around other centers", "another scale", "the only one was moved"],
)
def test_a_table_of_other_particles_is_refused(
    table: Path, particles: Particles, here: str
) -> None:
    with pytest.raises(ItemFailed, match=here) as failed:
        read_assigned(table, particles)
    assert failed.value.code == "other-particles"
    assert "has 5 particles of e" in failed.value.reason


def test_a_table_that_does_not_say_where_they_lie_is_refused(tmp_path: Path) -> None:
    """Also where as many particles are there as it has: which ones cannot be told."""
    old = write(tmp_path / "old.parquet", x=None, y=None)
    for particles in (of(X), of([]), of(X, exposure="later")):
        with pytest.raises(ItemFailed, match="does not say where its particles lie") as failed:
            read_assigned(old, particles)
        assert failed.value.code == "old-assignments"
        assert "classif" in failed.value.advice


def test_what_is_no_table_of_assignments_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("no table")
    write(tmp_path / "classless.parquet", **{"class": None})
    holed = tmp_path / "holed.parquet"
    with duckdb.connect() as connection:
        rows = "SELECT * REPLACE (CASE WHEN index <> 1 THEN class END AS class)"
        whole = write(tmp_path / "whole.parquet")
        connection.sql(f"{rows} FROM '{whole}'").write_parquet(str(holed))
    for path, said in (
        (tmp_path / "gone.parquet", "No files found"),
        (tmp_path / "text.parquet", "cannot be read"),
        (tmp_path / "classless.parquet", "no column class"),
        (holed, "a row of e lacks a value"),
    ):
        with pytest.raises(ItemFailed, match=said) as failed:
            read_assigned(path, of(X))
        assert failed.value.code == "bad-assignments"


def test_what_was_left_out_is_told() -> None:
    values = {field.name: getattr(of(X), field.name) for field in fields(Particles)}
    one = SelectedParticles(**values, found=9, limits=("a", "b"), left_out=(4, 0), gone=2)
    assert left_out_words([one, one]) == (
        "; 8 left out by a; 4 that the table of assignments has are not there any more"
    )
    assert left_out_words([]) == ""
