"""Lists found by the names of micrographs; with picks in them, in test_import_picks."""

from pathlib import Path

import pytest

from icestream.formats.text import read_lines
from icestream.formats.within import read_within
from icestream.protocol import ItemFailed
from icestream.protocols.other_lists import (
    lacking_list,
    list_of,
    read_lists,
    unmatched_words,
)


def lengths(path: Path) -> dict[str, int]:
    return {path.stem: len(path.read_text())}


def test_lists_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "A_DW.txt").write_text("123")
    (tmp_path / "b_picks.txt").write_text("1")
    (tmp_path / "c.other").touch()
    lists = read_lists("picks", tmp_path, (".txt",), lengths)
    assert list_of(lists, "A", tmp_path) == 3
    assert list_of(lists, "c", tmp_path) is None
    assert unmatched_words(lists, ["A", "b"]) == ""
    assert unmatched_words(lists, ["A", "d", "e"]) == (
        "; 2 are in no list, such as d, e; 1 lists are of no micrograph that has come, such as "
        "b_picks"
    )


def test_dots_are_of_the_names_of_micrographs(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"Grid.0{number}.txt").write_text("x" * number)
    lists = read_lists("picks", tmp_path, (".txt",), lengths)
    assert list_of(lists, "Grid.02", tmp_path) == 2
    assert list_of(lists, "Grid", tmp_path) is None


def test_what_others_may_read_is_not_kept_for_who_may_not(tmp_path: Path) -> None:
    def lines(path: Path) -> dict[str, int]:
        return {path.stem: len(read_lines(path)[0])}

    (tmp_path / "a.txt").write_text("123")
    lists = read_lists("picks", tmp_path, (".txt",), lines)
    assert list_of(lists, "a", tmp_path) == 3
    with read_within([tmp_path / "own"]), pytest.raises(ItemFailed, match="outside of them"):
        read_lists("picks", tmp_path, (".txt",), lines)
    assert read_lists("picks", tmp_path, (".txt",), lines) == lists


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    assert lacking_list("picks", tmp_path) == []
    assert "picks: /no is not there" in lacking_list("picks", Path("/no"))[0]
    assert "set the parameter picks" in lacking_list("picks", None)[0]
    with pytest.raises(ItemFailed, match="the picks cannot be read: .* found none in the folder"):
        read_lists("picks", tmp_path, (".txt",), lengths)
    with pytest.raises(ItemFailed, match="no picks were given"):
        read_lists("picks", None, (".txt",), lengths)
