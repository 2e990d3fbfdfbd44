"""Nothing is reached over a link, and nothing is overwritten."""

import os
from pathlib import Path

import pytest

from icestream.facility.keep import inside as module
from icestream.facility.keep.inside import Inside, is_ordinary


def handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_link_on_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("x")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    with Inside(tmp_path / "in") as inside:
        with pytest.raises(NotADirectoryError):
            inside.remove("link/a")
        assert not inside.exists("link/a")
        assert not is_ordinary(inside.status("link"))
        for bad in ("", "..", "a/.."):
            with pytest.raises(FileNotFoundError):
                inside.status(bad)
    assert (tmp_path / "out" / "a").exists()


def test_files_are_moved_and_put_back_without_replacing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("1")
    with Inside(tmp_path) as inside:
        inside.move("a/x", "t/a/x")
        assert (tmp_path / "t").stat().st_mode & 0o777 == 0o700
        assert list(inside.files("t")) == ["t/a/x"]
        (tmp_path / "a" / "x").write_text("2")
        with pytest.raises(FileExistsError):
            inside.put_back("t/a/x", "a/x")
        inside.remove("a/x")
        inside.put_back("t/a/x", "a/x")
        assert (tmp_path / "a" / "x").read_text() == "1"
        inside.prune("t")
        assert not (tmp_path / "t").exists()
        assert list(inside.files("t")) == []


def test_where_there_are_no_hard_links_it_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "x").write_text("1")
    (tmp_path / "z").write_text("2")
    with Inside(tmp_path) as inside:
        inside.put_back("x", "y")
        assert (tmp_path / "y").read_text() == "1"
        with pytest.raises(FileExistsError):
            inside.put_back("y", "z")


def test_many_folders_do_not_use_up_what_may_be_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_OPEN", 3)
    for number in range(12):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "x").write_text(str(number))
    before = handles()
    with Inside(tmp_path) as inside:
        for number in range(12):
            inside.move(f"{number}/x", f"t/u/{number}/x")
        assert handles() <= before + 8
        for number in range(12):
            inside.put_back(f"t/u/{number}/x", f"{number}/x")
    assert handles() == before
    assert all((tmp_path / f"{n}" / "x").read_text() == str(n) for n in range(12))
