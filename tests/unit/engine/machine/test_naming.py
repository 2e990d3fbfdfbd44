"""A session has one name on a machine, wherever it is moved, and a copy of it has another."""

import getpass
import re
import shutil
from pathlib import Path

import pytest

from icestream.engine.machine.naming import name_here, person_here


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "session").mkdir()
    return tmp_path / "session"


def test_it_is_short_and_plain(folder: Path) -> None:
    assert re.fullmatch("[0-9a-f]{24}", name_here("uid", folder))


def test_a_folder_is_one_place_by_whatever_path(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = name_here("uid", folder)
    (tmp_path / "link").symlink_to(folder)
    assert name_here("uid", tmp_path / "link") == name
    monkeypatch.chdir(tmp_path)
    assert name_here("uid", Path("session")) == name
    long = tmp_path / ("long" * 50) / ("name" * 50)
    long.parent.mkdir()
    folder.rename(long)
    assert name_here("uid", long) == name


def test_a_copy_is_another_session_on_this_machine(folder: Path, tmp_path: Path) -> None:
    """It has the same uid: their coordinators must not end each other's programs."""
    shutil.copytree(folder, tmp_path / "copy")
    assert name_here("uid", tmp_path / "copy") != name_here("uid", folder)


def test_another_session_in_the_place_of_a_deleted_one_has_a_name_of_its_own(folder: Path) -> None:
    assert name_here("this", folder) != name_here("that", folder)


def test_a_person_has_a_name_even_where_the_system_knows_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert person_here() == getpass.getuser()

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert person_here().startswith("uid ")
