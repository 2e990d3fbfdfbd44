"""STAR files: real ones, and what is written is read back."""

import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growth import grows_as_its_input
from icestream.formats.errors import FormatError
from icestream.formats.star import Block, read_pieces, read_star, write_star


def _table(rows: int = 3) -> Block:
    return Block(
        "particles",
        {
            "rlnImageName": [f"{n + 1:06d}@a b/c.mrcs" for n in range(rows)],
            "rlnCoordinateX": np.arange(rows, dtype=np.float64) * 1.5,
            "rlnOpticsGroup": np.ones(rows, dtype=np.int64),
        },
    )


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    optics = Block("optics", {"rlnVoltage": [300.0], "rlnNothing": [""]}, single=True)
    write_star(tmp_path / "a.star", [optics, _table()], comment="version 30001")
    found = read_star(tmp_path / "a.star")
    assert list(found) == ["optics", "particles"]
    assert found["optics"].single
    assert found["optics"].value("rlnVoltage") == "300.000000"
    assert found["optics"].value("rlnNothing") == ""
    particles = found["particles"]
    assert len(particles) == 3
    assert particles.text("rlnImageName")[1] == "000002@a b/c.mrcs"
    np.testing.assert_allclose(particles.floats("rlnCoordinateX"), [0.0, 1.5, 3.0])
    np.testing.assert_array_equal(particles.integers("rlnOpticsGroup"), [1, 1, 1])
    assert "rlnImageName" in particles
    assert "# version 30001" in (tmp_path / "a.star").read_text()


TEXT = """# a comment
data_

loop_
_rlnA #1
_rlnB #2 # what it is
1 'two words'   # said at the end
3 "a 'b' c"

# between
5 it's

data_general
_rlnOne\t1
_rlnName   "with space"

data_empty

loop_
_rlnA
_rlnB
data_last
loop_
_rlnA
 7
"""


def test_the_odd_ways_of_writing(tmp_path: Path) -> None:
    (tmp_path / "a.star").write_text(TEXT)
    found = read_star(tmp_path / "a.star")
    assert found[""].columns == {"rlnA": ["1", "3", "5"], "rlnB": ["two words", "a 'b' c", "it's"]}
    assert found["general"].value("rlnName") == "with space"
    assert found["general"].integers("rlnOne").tolist() == [1]
    assert found["empty"].columns == {"rlnA": [], "rlnB": []}
    assert found["last"].text("rlnA") == ["7"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("data_a\nloop_\n_x\n_y\n1 2\n3\n", "line 6"),
        ("1 2 3\n", "line 1"),
        ("data_a\n_x 1 2\n", "line 2"),
        ("data_a\nnonsense\n", "line 2"),
        ("", "no block"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "a.star").write_text(text)
    with pytest.raises(FormatError, match=line):
        read_star(tmp_path / "a.star")


def test_values_are_checked() -> None:
    block = Block("a", {"rlnX": ["1.5", "word"]})
    with pytest.raises(KeyError, match="it has rlnX"):
        block.floats("rlnY")
    with pytest.raises(ValueError, match="not a number"):
        block.floats("rlnX")
    with pytest.raises(ValueError, match="not whole"):
        Block("a", {"rlnX": ["1.5"]}).integers("rlnX")


def test_columns_of_two_lengths_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="different lengths"):
        write_star(tmp_path / "a.star", [Block("a", {"x": [1], "y": [1, 2]})])
    with pytest.raises(ValueError, match="line break"):
        write_star(tmp_path / "a.star", [Block("a", {"x": ["1\n2"]})])
    assert not list(tmp_path.iterdir())


_WORDS = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="'\""), min_size=1, max_size=8
).filter(lambda word: not word.startswith(("data_", "loop_", "_", "#")))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_WORDS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=6))
def test_any_text_is_kept(values: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.star"
        write_star(path, [Block("a", {"x": values, "y": [1.0] * len(values)})])
        assert read_star(path)["a"].text("x") == values


@pytest.mark.parametrize("value", [0.0, 1e-9, -0.0005, 12.5, 123456.789, 3.25e12, -7e-4])
def test_numbers_keep_six_digits(tmp_path: Path, value: float) -> None:
    write_star(tmp_path / "a.star", [Block("a", {"x": np.array([value]), "y": [value]})])
    found = read_star(tmp_path / "a.star")["a"]
    assert found.floats("x")[0] == pytest.approx(value, rel=1e-5)
    assert found.floats("y")[0] == pytest.approx(value, rel=1e-5)


def test_real_motion_files(shared_data: Path) -> None:
    path = shared_data / "relion_tutorial" / "20170629_00021_frameImage.star"
    found = read_star(path)
    assert found["general"].integers("rlnImageSizeZ")[0] == 24
    assert len(found["global_shift"]) == 24
    assert found["local_motion_model"].floats("rlnMotionModelCoeff").shape == (36,)


def test_large_tables_are_quick(shared_data: Path, tmp_path: Path) -> None:
    start = time.process_time()
    rows = len(read_star(shared_data / "star" / "one_loop.star")[""])
    assert rows == 1365
    assert time.process_time() - start < 0.1
    write_star(tmp_path / "a.star", [_table(100_000)])
    start = time.process_time()
    assert len(read_star(tmp_path / "a.star")["particles"]) == 100_000
    assert time.process_time() - start < 3.0


@pytest.mark.skipif(
    not shutil.which("relion_star_printtable"), reason="relion_star_printtable is not installed"
)
def test_relion_reads_it(tmp_path: Path) -> None:
    table = _table()
    table.columns["rlnImageName"] = ["1@a.mrcs", "2@a.mrcs", "3@a.mrcs"]
    optics = Block("optics", {"rlnVoltage": [300.0], "rlnOpticsGroup": [1]})
    write_star(tmp_path / "a.star", [optics, table], comment="version 30001")
    printed = subprocess.run(
        ["relion_star_printtable", "a.star", "data_particles", "rlnImageName", "rlnCoordinateX"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert printed == ["1@a.mrcs", "0.000000", "2@a.mrcs", "1.500000", "3@a.mrcs", "3.000000"]


@pytest.mark.parametrize("said", ["inf", "nan", "1e400", "1.5", "-inf", "1e18"])
def test_what_is_no_whole_number_is_told_with_file_and_row(tmp_path: Path, said: str) -> None:
    path = tmp_path / "a.star"
    path.write_text(f"data_a\nloop_\n_rlnClass #1\n1\n{said}\n")
    block = read_star(path)["a"]
    with pytest.raises(FormatError, match=rf"a.star.*_rlnClass in row 2 of data_a.*'{said}'"):
        block.integers("rlnClass")


def test_what_is_no_number_is_told_with_file_and_row(tmp_path: Path) -> None:
    path = tmp_path / "a.star"
    path.write_text("data_a\nloop_\n_rlnX #1\n1\ninf\n1,5\n")
    with pytest.raises(FormatError, match=r"a.star.*_rlnX in row 3 of data_a.*'1,5'"):
        read_star(path)["a"].floats("rlnX")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.star"
    path.write_bytes("data_a\r\n\r\n_rlnName 'Zelle ü\x85'".encode(encoding, "replace"))
    assert read_star(path)["a"].value("rlnName").startswith("Zelle ü")


@pytest.mark.parametrize(
    "line", ["data_a", "{blanks}", "_a {blanks}'b'", "_a '{blanks}", "_a '{quotes}", "#{blanks}"]
)
def test_the_cost_grows_as_the_file(tmp_path: Path, line: str) -> None:
    def prepare(size: int) -> Any:
        path = tmp_path / f"{size}.star"
        text = line.format(blanks=" " * 200, quotes="'a \"b " * 30)
        path.write_text(f"data_x\n\n{text}\n" * size)

        def read() -> None:
            with suppress(FormatError):
                read_star(path)

        return read

    assert grows_as_its_input(prepare, 4000)


@pytest.mark.parametrize("middle", [" ", "'a ", "'a \"b ", "# "])
def test_a_long_line(tmp_path: Path, middle: str) -> None:
    def prepare(size: int) -> Any:
        path = tmp_path / f"{size}.star"
        path.write_text(f"data_x\n\n_a 1{middle * size}\n")

        def read() -> None:
            with suppress(FormatError):
                read_star(path)

        return read

    assert grows_as_its_input(prepare, 30_000)


def test_a_label_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "a.star").write_text("data_a\nloop_\n_a #1\n_\n1 2\n")
    with pytest.raises(FormatError, match="a label behind _ in line 4"):
        read_star(tmp_path / "a.star")


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_pieces_make_the_whole(tmp_path: Path, most: int) -> None:
    path = tmp_path / "a.star"
    one = Block("optics", {"_x": ["1", "2"]})
    table = Block("particles", {"name": ["a b", "c", "#", "d", "e"], "n": np.arange(5)})
    write_star(path, [one, table, Block("empty", {"x": []}), Block("one", {"y": ["3"]}, True)])
    whole = read_star(path)
    joined: dict[str, dict[str, list[str]]] = {}
    for piece in read_pieces(path, most):
        assert len(piece) <= most
        columns = joined.setdefault(piece.name, {label: [] for label in piece.columns})
        for label, values in piece.columns.items():
            assert len(columns[label]) == piece.first
            columns[label] += values
    assert joined == {name: block.columns for name, block in whole.items()}
    assert whole["one"].single


def test_a_row_of_a_piece_is_told_by_its_place_in_the_table(tmp_path: Path) -> None:
    path = tmp_path / "a.star"
    write_star(path, [Block("p", {"n": ["1", "2", "3", "x"]})])
    *_, last = read_pieces(path, 3)
    with pytest.raises(FormatError, match="_n in row 4 of data_p"):
        last.floats("n")
    path.write_text("data_p\n\nloop_\n_a\n_b\n1 2\n1 2\n1\n")
    with pytest.raises(FormatError, match="2 values, one for each label in line 8"):
        list(read_pieces(path, 1))
