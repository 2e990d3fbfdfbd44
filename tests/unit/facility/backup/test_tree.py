"""What a folder holds, asked again and again."""

import os
import sqlite3
from pathlib import Path

from icestream.facility.backup.tree import FolderTree


def names(tree: FolderTree) -> list[str]:
    return sorted(found.name for found in tree.changes())


def test_only_folders_that_changed_are_asked(tmp_path: Path) -> None:
    for number in range(60):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        for each in "abc":
            (folder / each).touch()
        os.utime(folder, (number, number))
    tree = FolderTree(tmp_path, lambda name: name == "7")
    assert len(names(tree)) == 59 * 3
    names(tree)
    assert tree.looked < 20
    (tmp_path / "30" / "d").touch()
    assert "30/d" in names(tree)
    assert tree.looked < 30


def test_what_is_written_in_place_is_found_in_the_end(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "log").write_text("")
    tree = FolderTree(tmp_path)
    names(tree)
    (tmp_path / "3" / "log").write_text("more")
    sizes = [found.size for _ in range(20) for found in tree.changes() if found.name == "3/log"]
    assert 4 in sizes


def test_what_is_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "d" / "e").mkdir(parents=True)
    for name in ("a", "d/b", "d/e/c"):
        (tmp_path / name).touch()
    tree = FolderTree(tmp_path)
    names(tree)
    (tmp_path / "a").unlink()
    for name in ("d/e/c", "d/b"):
        (tmp_path / name).unlink()
    (tmp_path / "d" / "e").rmdir()
    (tmp_path / "d").rmdir()
    names(tree)
    assert sorted(tree.gone) == ["a", "d/b", "d/e/c"]


def test_kinds_of_files(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "empty.db").close()
    with sqlite3.connect(tmp_path / "s.db") as made:
        made.execute("CREATE TABLE t (x)")
    made.close()
    (tmp_path / "text.db").write_text("a text that is called like a store")
    (tmp_path / "link").symlink_to("text.db")
    os.mkfifo(tmp_path / "pipe")
    found = {each.name: (each.store, each.link) for each in FolderTree(tmp_path).changes()}
    assert found == {
        "empty.db": (False, ""), "s.db": (True, ""), "text.db": (False, ""),
        "link": (False, "text.db"),
    }  # fmt: skip
