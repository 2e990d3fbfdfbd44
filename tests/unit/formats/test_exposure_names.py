"""Every movie has a name of its own, as people know it."""

import os
from pathlib import Path

import pytest

from icestream.formats.exposure_names import ExposureNames, exposure_name, in_order_of_age


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FoilHole_1_Data_2_3_4_5_fractions.tiff", "FoilHole_1_Data_2_3_4_5"),
        ("FoilHole_1_Data_2_3_4_5_Fractions.mrc", "FoilHole_1_Data_2_3_4_5"),
        ("FoilHole_1_Data_2_3_4_5_EER.eer", "FoilHole_1_Data_2_3_4_5"),
        ("14sep05c_00024sq_00003hl.frames.tif", "14sep05c_00024sq_00003hl"),
        ("my movie (1).tif", "my movie (1)"),
        ("é日.tif", "é日"),
        (os.fsdecode(b"caf\xe9.tif"), "caf\\xe9"),
        ("_fractions.tiff", "movie"),
    ],
)
def test_names_of_exposures(name: str, expected: str) -> None:
    assert exposure_name(Path("/a") / name) == expected


def test_movies_of_one_name_in_several_folders_stay_apart() -> None:
    names = ExposureNames()
    paths = [Path(f"/s/{folder}/Data/mov_001.tif") for folder in ("a", "b", "c")]
    paths += [Path("/t/a/Data/mov_001.tif"), Path("/s/a/Data/mov_002.tif")]
    given = [names.take(path) for path in paths]
    assert given[:3] == ["mov_001", "mov_001 (b)", "mov_001 (c)"]
    assert given[3] == "mov_001 (t)"
    assert given[4] == "mov_002"
    assert [names.of(path) for path in paths] == given
    again = ExposureNames(names.document())
    assert [again.take(path) for path in reversed(paths)] == given[::-1]


def test_names_stay_apart_where_folders_are_called_alike() -> None:
    names = ExposureNames()
    paths = [Path("/s/x/m.tif"), Path("/s/y/x/m.tif"), Path("/s/m (y).tif"), Path("/y/m.tif")]
    given = [names.take(path) for path in paths]
    assert len(set(given)) == 4


def test_two_files_of_one_exposure_in_one_folder() -> None:
    names = ExposureNames()
    names.take(Path("/s/a.eer"))
    assert names.beside(Path("/s/a.tif")) == Path("/s/a.eer")
    assert names.beside(Path("/s/a.eer")) is None
    assert names.beside(Path("/t/a.tif")) is None


def test_of_one_name_the_older_comes_first(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a/m.tif", "b/m.tif", "b/n.tif", "c/m.tif")]
    for path, age in zip(paths, (3, 1, 9, 2), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, (1000 - age, 1000 - age))
    ordered = in_order_of_age([*paths, tmp_path / "gone" / "x.tif"])
    assert [path.relative_to(tmp_path).as_posix() for path in ordered] == [
        "a/m.tif", "c/m.tif", "b/n.tif", "b/m.tif", "gone/x.tif",
    ]  # fmt: skip
