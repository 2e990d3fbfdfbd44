"""Telling trouble with a disk or a store from other errors."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from icestream.engine.machine.storage import (
    describe,
    is_full,
    is_trouble,
    mended,
    unread,
    what_is_away,
)


def of_store(said: str) -> OperationalError:
    return OperationalError("INSERT", {}, sqlite3.OperationalError(said))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "full"), True),
        (OSError(errno.EROFS, "read-only"), True),
        (OSError(errno.ESTALE, "stale file handle"), True),
        (OSError("1048576 requested and 77568 written"), True),  # numpy's tofile on a full disk
        (OSError("cannot identify image file"), False),
        (OSError(errno.ENOTDIR, "not a directory"), True),
        (OSError(errno.ENOENT, "no such file"), False),
        (of_store("database or disk is full"), True),
        (of_store("attempt to write a readonly database"), True),
        (of_store("no such table: task"), False),
        (OperationalError("INSERT", {}, Exception("the connection is closed")), True),
        (IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed")), False),
        (ValueError("something else"), False),
    ],
)
def test_what_counts_as_trouble(error: BaseException, expected: bool) -> None:
    assert is_trouble(error) is expected


def test_trouble_says_what_where_and_how_much_is_free(tmp_path: Path) -> None:
    said = describe(tmp_path, OSError(errno.ENOSPC, "No space left on device"))
    assert str(tmp_path) in said
    assert "No space left on device" in said
    assert "MiB free" in said


def test_a_folder_that_can_be_written_is_mended_and_left_clean(tmp_path: Path) -> None:
    assert mended(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not mended(tmp_path / "gone")


@pytest.mark.parametrize("number", [errno.EDQUOT, errno.EIO, errno.EACCES, errno.EPERM])
def test_a_quota_a_broken_disk_and_missing_rights_are_trouble(number: int) -> None:
    assert is_trouble(OSError(number, os.strerror(number)))


def test_a_lost_connection_to_postgresql_is_trouble() -> None:
    gone = OperationalError("SELECT", {}, Exception("server closed"), connection_invalidated=True)
    assert is_trouble(gone)


def test_what_the_store_said_is_told_without_its_sql(tmp_path: Path) -> None:
    said = describe(tmp_path, of_store("database or disk is full"))
    assert "(database or disk is full; " in said
    assert "INSERT" not in said


def test_of_a_folder_that_is_gone_is_told_that_it_cannot_be_reached(tmp_path: Path) -> None:
    said = describe(tmp_path / "gone", "the network is down")
    assert f"cannot write in {tmp_path / 'gone'} (the network is down; it cannot be reached" in said


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ENOENT])
def test_one_file_that_cannot_be_read_holds_nobody(tmp_path: Path, number: int) -> None:
    """Its folder can be read, so nothing would ever be mended."""
    session, nas = tmp_path / "session", tmp_path / "nas"
    session.mkdir()
    nas.mkdir()
    (nas / "other.mrc").touch()
    error = OSError(number, os.strerror(number), str(nas / "movie.mrc"))
    assert what_is_away(session, [nas / "movie.mrc"], error) is None
    gone = tmp_path / "gone" / "gain.mrc"
    away = what_is_away(session, [gone], OSError(number, os.strerror(number), str(gone)))
    assert away is not None
    assert away.folder == tmp_path / "gone"


def test_a_folder_that_an_error_names_holds_when_it_cannot_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has never been there does not: nobody would mount it."""
    never = tmp_path / "never" / "gain.mrc"
    error = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(never))
    assert what_is_away(tmp_path, [], error) is None

    def stale(folder: object) -> object:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(os, "scandir", stale)
    away = what_is_away(tmp_path, [], error)
    assert away is not None
    assert (away.folder, "Stale" in away.reason) == (never.parent, True)


def test_a_full_disk_is_not_mended_and_the_probe_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert not mended(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_is_told_from_one_that_cannot_be_written(tmp_path: Path) -> None:
    movie, gain = tmp_path / "movie.mrc", tmp_path / "gain.mrc"
    stale, full = (OSError(n, os.strerror(n)) for n in (errno.ESTALE, errno.ENOSPC))
    assert not is_full(stale)
    assert unread([movie, gain], stale) == movie
    assert unread([movie, gain], full) is None
    assert unread([], stale) is None
    of = [FileNotFoundError(errno.ENOENT, "gone", str(path)) for path in (gain, tmp_path / "own")]
    assert [unread([movie, gain], error) for error in of] == [gain, None]
