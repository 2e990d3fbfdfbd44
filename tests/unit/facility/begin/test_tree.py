"""A session's place: its folders, their permissions and their group."""

import grp
import os
import stat
from pathlib import Path

import pytest

from icestream.facility.begin.kinds import Tree
from icestream.facility.begin.tree import CannotMake, SessionPlace, make_place


def place(root: Path) -> SessionPlace:
    folder = root / "krios1" / "2026" / "p" / "p-001"
    return SessionPlace(folder, folder / "raw", folder / "p-001")


def modes(root: Path) -> dict[str, str]:
    return {
        str(one.relative_to(root)): oct(stat.S_IMODE(one.stat().st_mode)) for one in root.rglob("*")
    }


def test_all_folders_get_the_permissions(tmp_path: Path) -> None:
    old = os.umask(0o077)  # that of the process does not matter
    try:
        make_place(Tree(folders=("handover",)), tmp_path, place(tmp_path), "")
    finally:
        os.umask(old)
    found = modes(tmp_path)
    assert set(found.values()) == {"0o2750"}
    assert {name.rpartition("/")[2] for name in found} == {
        "krios1", "2026", "p", "p-001", "raw", "handover",
    }  # fmt: skip


def test_a_group_is_given_and_handed_on(tmp_path: Path) -> None:
    own = [grp.getgrgid(number).gr_name for number in os.getgroups() or [os.getgid()]]
    make_place(Tree(), tmp_path, place(tmp_path), own[-1])
    made = place(tmp_path)
    (made.raw / "movie").touch()
    assert (made.raw / "movie").group() == own[-1]
    assert made.processing.group() == own[-1]


def test_folders_above_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "krios1").mkdir(mode=0o755)
    (tmp_path / "krios1").chmod(0o755)
    make_place(Tree(), tmp_path, place(tmp_path), "")
    assert modes(tmp_path)["krios1"] == "0o755"


def test_a_place_that_is_there_is_nobody_elses(tmp_path: Path) -> None:
    make_place(Tree(), tmp_path, place(tmp_path), "")
    with pytest.raises(FileExistsError):
        make_place(Tree(), tmp_path, place(tmp_path), "")


def test_a_disk_that_is_not_mounted_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(CannotMake, match="make it, or mount its disk"):
        make_place(Tree(), tmp_path / "none", place(tmp_path / "none"), "")
    assert not (tmp_path / "none").exists()


def test_a_group_that_the_system_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotMake, match="no group 'em-none'"):
        make_place(Tree(), tmp_path, place(tmp_path), "em-none")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "krios1").touch()
    with pytest.raises(CannotMake, match="cannot be made"):
        make_place(Tree(), tmp_path, place(tmp_path), "")
    assert [one.name for one in tmp_path.iterdir()] == ["krios1"]
