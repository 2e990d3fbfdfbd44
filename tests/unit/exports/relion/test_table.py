"""A growing table is a STAR file that appears whole."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from icestream.exports.relion.table import Table
from icestream.formats import read_star

OPTICS = [{"rlnOpticsGroup": 1, "rlnVoltage": 300.0}]


def test_rows_of_many_pieces_make_one_table(tmp_path: Path) -> None:
    path = tmp_path / "job" / "particles.star"
    table = Table(path, "particles", OPTICS)
    for start in (0, 3, 6):
        table.extend({"x": np.arange(start, start + 3), "name": ["a b"] * 3}, 3)
    table.add({"x": 9, "name": "last"})
    assert not path.exists()
    table.close()
    blocks = read_star(path)
    assert list(blocks) == ["optics", "particles"]
    assert blocks["particles"].integers("x").tolist() == list(range(10))
    assert blocks["particles"].text("name")[-2:] == ["a b", "last"]
    assert [p.name for p in path.parent.iterdir()] == ["particles.star"]


def test_no_blank_line_stands_between_labels_and_rows(tmp_path: Path) -> None:
    table = Table(tmp_path / "a.star", "micrographs")
    table.add({"x": 1})
    table.close()
    lines = (tmp_path / "a.star").read_text().splitlines()
    assert lines[lines.index("_x #1") + 1].strip() == "1"


def test_a_row_without_a_value_says_none(tmp_path: Path) -> None:
    table = Table(tmp_path / "a.star", "micrographs")
    table.add({"x": 1, "y": "a"})
    table.add({"x": 2, "z": "extra"})
    table.close()
    block = read_star(tmp_path / "a.star")["micrographs"]
    assert block.text("y") == ["a", "None"]
    assert "z" not in block


def test_a_table_that_is_given_up_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "a.star"
    path.write_text("before")
    table = Table(path, "micrographs")
    table.add({"x": 1})
    table.drop()
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.star", "before")]


def test_two_who_write_it_at_once_write_a_whole_one(tmp_path: Path) -> None:
    """Where no lock keeps them apart, the last one counts, and is whole."""
    path = tmp_path / "a.star"
    script = (
        "import sys; from pathlib import Path; from icestream.exports.relion.table import Table\n"
        "table = Table(Path(sys.argv[1]), 'micrographs'); table.add({'x': 1}); input()\n"
        "table.add({'x': 2}); table.close()"
    )
    words = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, text=True) as other:
        until = time.monotonic() + 60
        while not list(tmp_path.glob(".*.tmp")):
            assert time.monotonic() < until
            time.sleep(0.01)
        with Table(path, "micrographs") as table:
            table.add({"x": 3})
        assert read_star(path)["micrographs"].integers("x").tolist() == [3]
        other.communicate("\n", timeout=60)
    assert read_star(path)["micrographs"].integers("x").tolist() == [1, 2]


def test_what_fails_half_way_is_given_up(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="no space"),
        Table(tmp_path / "a.star", "micrographs") as table,
    ):
        table.add({"x": 1})
        raise OSError("no space left on device")
    assert list(tmp_path.iterdir()) == []
    with Table(tmp_path / "a.star", "micrographs") as table:
        table.add({"x": 1})
    assert len(read_star(tmp_path / "a.star")["micrographs"]) == 1


def test_an_empty_table_is_no_file(tmp_path: Path) -> None:
    table = Table(tmp_path / "a.star", "micrographs", OPTICS)
    table.extend({"x": []}, 0)
    table.close()
    assert list(tmp_path.iterdir()) == []
