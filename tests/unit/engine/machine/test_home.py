"""A session's home is noticed to be gone, and never made again."""

import errno
import fcntl
import os
import shutil
from pathlib import Path

import pytest

from icestream.engine.machine.home import Home, NotHere, make_below
from icestream.engine.machine.storage import is_trouble


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "session"
    made.mkdir()
    (made / "icestream.db").touch()
    return made


def test_a_home_that_is_there_may_change_inside(folder: Path) -> None:
    home = Home(folder, [folder / "icestream.db"])
    (folder / "more").touch()
    (folder / "icestream.db").write_text("grows")
    home.check()


@pytest.mark.parametrize("then", ["moved", "deleted", "made again", "link", "store", "other store"])
def test_a_home_that_is_gone_or_another_is_trouble_that_may_pass(folder: Path, then: str) -> None:
    home = Home(folder, [folder / "icestream.db"])
    kept = folder.with_name("kept")
    if then in ("store", "other store"):
        (folder / "icestream.db").rename(kept)
        if then == "other store":
            (folder / "icestream.db").touch()
    else:
        folder.rename(kept)
    if then == "deleted":
        shutil.rmtree(kept)
    elif then == "made again":
        folder.mkdir()
    elif then == "link":
        folder.symlink_to(kept.with_name("nowhere"))
    with pytest.raises(NotHere, match="ring it back|ring that one back") as said:
        home.check()
    assert is_trouble(said.value)
    if then == "moved":
        kept.rename(folder)
        home.check()


def test_what_was_deleted_is_told_from_what_was_moved(folder: Path) -> None:
    store = folder / "icestream.db"
    home, kept = Home(folder, [store]), folder.with_name("kept")
    assert home.deleted() is None
    folder.rename(kept)
    assert home.deleted() is None
    shutil.rmtree(kept)
    assert home.deleted() == folder
    folder.mkdir()
    assert home.deleted() == folder, "another one is in its place"


def test_a_store_that_was_deleted_is_told_from_one_that_was_moved(folder: Path) -> None:
    """As where something is written into a folder while it is deleted, which leaves the folder."""
    store, kept = folder / "icestream.db", folder.with_name("kept")
    home = Home(folder, [store])
    store.rename(kept)
    assert home.deleted() is None
    kept.unlink()
    assert home.deleted() == store
    store.touch()
    assert home.deleted() == store, "another one is in its place"


def test_a_home_takes_no_locks_away_from_its_store(folder: Path) -> None:
    """A process that closes a file which it has open twice loses its locks on it."""
    store = folder / "icestream.db"
    with store.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        home = Home(folder, [store])
        home.check()
        del home
        locks = Path("/proc/locks").read_text()
        assert f":{store.stat().st_ino} " in locks


def test_where_links_of_folders_are_not_counted_nothing_is_taken_to_be_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fstat

    def uncounted(number: int) -> os.stat_result:
        return os.stat_result((*real(number)[:3], 0, *real(number)[4:]))

    monkeypatch.setattr(os, "fstat", uncounted)
    home = Home(folder)
    shutil.rmtree(folder)
    assert home.deleted() is None


def test_folders_are_made_below_a_root_and_the_root_is_not(folder: Path) -> None:
    make_below(folder, folder / "a" / "b" / "c")
    make_below(folder, folder / "a" / "b" / "c")
    assert (folder / "a" / "b" / "c").is_dir()
    (folder / "file").touch()
    with pytest.raises(FileExistsError):
        make_below(folder, folder / "file")
    shutil.rmtree(folder)
    for deep in (folder / "a", folder / "a" / "b", folder / "a" / "b" / "c"):
        with pytest.raises(FileNotFoundError):
            make_below(folder, deep)
    assert not folder.exists()


def test_what_lies_elsewhere_is_not_made_either(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as said:
        make_below(folder, tmp_path / "other" / "deep")
    assert said.value.errno == errno.ENOENT
