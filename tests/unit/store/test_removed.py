"""Files that were removed on purpose are known by the session, wherever its folder goes."""

from pathlib import Path

from icestream.store.removed import (
    REMOVED,
    RemovedFile,
    note_removed,
    note_restored,
    removed_files,
)

ONE, TWO = RemovedFile(1, "raw", 5.0), RemovedFile(2, "micrographs", 6.0)


def test_what_is_removed_and_restored(tmp_path: Path) -> None:
    folder = tmp_path / "place" / "processing"
    folder.mkdir(parents=True)
    assert removed_files(folder) == {}
    raw, inside, far = folder.parent / "raw/a\n.tiff", folder / "align/a.mrc", Path("/far/b")
    note_removed(folder, [raw, far], ONE)
    note_removed(folder, [inside], TWO)
    assert removed_files(folder) == {raw: ONE, far: ONE, inside: TWO}
    note_restored(folder, [raw])
    assert removed_files(folder) == {far: ONE, inside: TWO}


def test_a_place_that_is_moved_takes_it_along(tmp_path: Path) -> None:
    folder = tmp_path / "place" / "processing"
    folder.mkdir(parents=True)
    note_removed(folder, [folder.parent / "raw/a", folder / "b"], ONE)
    (tmp_path / "place").rename(tmp_path / "other")
    assert set(removed_files(tmp_path / "other/processing")) == {
        tmp_path / "other/raw/a", tmp_path / "other/processing/b",
    }  # fmt: skip


def test_a_line_that_was_cut_spoils_no_other(tmp_path: Path) -> None:
    note_removed(tmp_path, [tmp_path / "a"], ONE)
    with (tmp_path / REMOVED).open("a") as file:
        file.write('{"removal": 3, "cl')
    note_removed(tmp_path, [tmp_path / "b"], TWO)
    assert removed_files(tmp_path) == {tmp_path / "a": ONE, tmp_path / "b": TWO}
