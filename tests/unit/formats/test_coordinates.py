"""Coordinates of particles, as RELION and others write them."""

from pathlib import Path

import pytest

from icestream.formats.coordinates import read_coordinates
from icestream.formats.errors import FormatError
from icestream.formats.star import Block, write_star


def write(path: Path, **columns: object) -> Path:
    block = Block("particles", {f"rln{name}": values for name, values in columns.items()})
    write_star(path, [block])
    return path


def test_x_and_y_of_one_micrograph(tmp_path: Path) -> None:
    path = write(tmp_path / "a.star", CoordinateX=[1.5, 20], CoordinateY=[3, 4.25])
    assert read_coordinates(path) == ((1.5, 3.0), (20.0, 4.25))
    assert read_coordinates(path, "whatever") == ((1.5, 3.0), (20.0, 4.25))


def test_of_many_micrographs_those_of_the_exposure(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.star",
        CoordinateX=[1, 2, 3],
        CoordinateY=[1, 2, 3],
        MicrographName=["MotionCorr/e1.mrc", "MotionCorr/e2.mrc", "MotionCorr/e1.mrc"],
    )
    assert read_coordinates(path, "e1") == ((1.0, 1.0), (3.0, 3.0))
    with pytest.raises(FormatError, match=r"rows of the micrograph e3, found those of 2 others"):
        read_coordinates(path, "e3")


def test_a_file_without_coordinates_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.star", VoltageX=[1])
    with pytest.raises(FormatError, match="a table with _rlnCoordinateX and _rlnCoordinateY"):
        read_coordinates(path)


@pytest.mark.parametrize("value", ["nan", "inf", "north"])
def test_what_is_no_place_is_refused(tmp_path: Path, value: str) -> None:
    path = write(tmp_path / "a.star", CoordinateX=["1", value], CoordinateY=["1", "2"])
    with pytest.raises(FormatError, match="numbers"):
        read_coordinates(path)
