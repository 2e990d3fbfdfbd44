"""Lists of picks in the formats of the field."""

from pathlib import Path

import numpy as np
import pytest

from icestream.formats.errors import FormatError
from icestream.formats.picked import ListedPicks, read_picks, write_picks
from icestream.formats.star import Block, write_star

PICKS = ListedPicks(
    x=np.array([100.0, 812.0]), y=np.array([50.0, 401.0]), score=np.array([0.5, np.nan]), box=65.0
)


@pytest.mark.parametrize("ending", [".star", ".box", ".coord"])
def test_what_is_written_is_read(tmp_path: Path, ending: str) -> None:
    write_picks(tmp_path / f"a{ending}", PICKS)
    ((name, found),) = read_picks(tmp_path / f"a{ending}").items()
    assert name == "a"
    np.testing.assert_array_equal(found.x, PICKS.x)
    np.testing.assert_array_equal(found.y, PICKS.y)
    if ending == ".box":
        assert found.box == 65
        assert (tmp_path / "a.box").read_text().splitlines()[0] == "68\t18\t65\t65\t0.5"
    if ending == ".star":
        np.testing.assert_array_equal(found.score, PICKS.score)


def test_boxes_of_three_pickers(shared_data: Path) -> None:
    for path in sorted((shared_data / "coordinates").rglob("*.box")):
        ((name, found),) = read_picks(path).items()
        assert name == path.stem
        assert found.box == 180
        assert len(found) == len(path.read_text().split("\n")) - 1
        assert np.all((found.x >= 0) & (found.x < 4096 + 90))
        assert not np.isnan(found.score).any()


def test_a_table_of_many_micrographs(tmp_path: Path) -> None:
    columns = {
        "rlnMicrographName": ["M/b.mrc", "M/a.mrc", "M/b.mrc"],
        "rlnCoordinateX": [1.0, 2.0, 3.0],
        "rlnCoordinateY": [4.0, 5.0, 6.0],
        "rlnAutopickFigureOfMerit": [0.1, 0.2, -999.0],
    }
    optics = Block("optics", {"rlnOpticsGroup": [1]})
    write_star(tmp_path / "p.star", [optics, Block("particles", columns)])
    found = read_picks(tmp_path / "p.star")
    assert {name: one.x.tolist() for name, one in found.items()} == {
        "M/a.mrc": [2.0], "M/b.mrc": [1.0, 3.0],
    }  # fmt: skip
    assert found["M/b.mrc"].y.tolist() == [4.0, 6.0]
    assert np.isnan(found["M/b.mrc"].score).tolist() == [False, True]


def test_a_list_of_lists_of_relion(tmp_path: Path) -> None:
    job = tmp_path / "AutoPick/job004"
    write_picks(job / "Movies/a_autopick.star", PICKS)
    columns = {
        "rlnMicrographName": ["MotionCorr/job002/Movies/a.mrc"],
        "rlnMicrographCoordinates": ["AutoPick/job004/Movies/a_autopick.star"],
    }
    write_star(job / "autopick.star", [Block("coordinate_files", columns)])
    ((name, found),) = read_picks(job / "autopick.star").items()
    assert name == "MotionCorr/job002/Movies/a.mrc"
    assert len(found) == 2
    (job / "Movies/a_autopick.star").unlink()
    with pytest.raises(FormatError, match="a_autopick.star, found no such file in the project"):
        read_picks(job / "autopick.star")


LOCATION = np.dtype(
    [
        ("uid", "<u8"), ("location/micrograph_path", "S20"), ("location/center_x_frac", "<f4"),
        ("location/center_y_frac", "<f4"), ("location/micrograph_shape", "<u4", (2,)),
    ]
)  # fmt: skip


def save(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array)


def test_fractions_of_cryosparc(tmp_path: Path) -> None:
    rows = np.zeros(3, LOCATION)
    rows["location/micrograph_path"] = [b">S1/a.mrc", b">S1/b.mrc", b">S1/a.mrc"]
    rows["location/micrograph_shape"] = (400, 600)
    rows["location/center_x_frac"] = [0.5, 0.1, 0.25]
    rows["location/center_y_frac"] = [0.5, 0.2, 0.75]
    save(tmp_path / "picks.cs", rows)
    group = "results:\n  location:\n    metafile: '>picks.cs'\n    num_items: 3\n"
    (tmp_path / "picks.csg").write_text(group)
    for name in ("picks.cs", "picks.csg"):
        found = read_picks(tmp_path / name)
        assert set(found) == {"S1/a.mrc", "S1/b.mrc"}
        assert found["S1/a.mrc"].x.tolist() == [300.0, 150.0]
        assert found["S1/a.mrc"].y.tolist() == [200.0, 300.0]
        assert found["S1/a.mrc"].shape == (400, 600)
    (tmp_path / "picks.csg").write_text("results:\n")
    with pytest.raises(FormatError, match="a group that has location, found none"):
        read_picks(tmp_path / "picks.csg")
    save(tmp_path / "other.cs", rows[["uid", "location/micrograph_path"]])
    with pytest.raises(FormatError, match="micrograph_shape, location/center_x_frac"):
        read_picks(tmp_path / "other.cs")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.box", "1 2 3\n", "4 numbers in line 1"),
        ("a.box", "1 2 30 30\n5 6 seven 8\n", "4 numbers in line 2"),
        ("a.coord", "1 nan\n", "2 numbers in line 1"),
        ("a.star", "data_\nloop_\n_rlnCoordinateX\n1\n", "_rlnCoordinateX and _rlnCoordinateY"),
        ("a.star", "data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 inf\n", "finite"),
        ("a.pdf", "", "a file that ends in .pdf"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(FormatError, match=said):
        read_picks(tmp_path / name)


def test_a_heading_and_commas_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x,y,score\n10,20,0.5\n\n# more\n30,40\n")
    found = read_picks(tmp_path / "a.txt")["a"]
    assert found.x.tolist() == [10.0, 30.0]
    assert found.score[0] == 0.5
    assert np.isnan(found.score[1])


def test_a_list_of_another_kind_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        write_picks(tmp_path / "a.cs", PICKS)


def test_tables_without_rows_have_no_picks(tmp_path: Path) -> None:
    """As a job writes them that found nothing."""
    save(tmp_path / "picks.cs", np.zeros(0, LOCATION))
    assert read_picks(tmp_path / "picks.cs") == {}
    none: list[str] = []
    columns = {"rlnMicrographName": none, "rlnCoordinateX": none, "rlnCoordinateY": none}
    write_star(tmp_path / "a_autopick.star", [Block("", columns)])
    assert read_picks(tmp_path / "a_autopick.star") == {}
    listed = {"rlnMicrographName": ["M/a.mrc"], "rlnMicrographCoordinates": ["a_autopick.star"]}
    write_star(tmp_path / "autopick.star", [Block("coordinate_files", listed)])
    assert read_picks(tmp_path / "autopick.star") == {}


def test_a_list_of_one_micrograph_that_is_of_two(tmp_path: Path) -> None:
    columns = {
        "rlnMicrographName": ["M/a.mrc", "M/b.mrc"],
        "rlnCoordinateX": [1.0, 2.0],
        "rlnCoordinateY": [1.0, 2.0],
    }
    write_star(tmp_path / "both.star", [Block("", columns)])
    listed = {"rlnMicrographName": ["M/a.mrc"], "rlnMicrographCoordinates": ["both.star"]}
    write_star(tmp_path / "autopick.star", [Block("coordinate_files", listed)])
    with pytest.raises(FormatError, match="coordinates of M/a.mrc, .* found those of 2 microg"):
        read_picks(tmp_path / "autopick.star")


def test_a_score_that_is_not_known_is_written_as_none(tmp_path: Path) -> None:
    picks = ListedPicks(
        x=np.array([100.0, 200.0, 300.0]),
        y=np.array([50.0, 50.0, 50.0]),
        score=np.array([0.5, np.nan, np.inf]),
        box=60.0,
    )
    write_picks(tmp_path / "a.box", picks)
    lines = (tmp_path / "a.box").read_text().splitlines()
    assert [len(line.split()) for line in lines] == [5, 4, 4]
    write_picks(tmp_path / "a.star", picks)
    for name in ("a.box", "a.star"):
        read = read_picks(tmp_path / name)["a"]
        np.testing.assert_array_equal(read.score, [0.5, np.nan, np.nan])
