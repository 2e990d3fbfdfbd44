"""From a backup to a session in another folder."""

import contextlib
import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from backed_sessions import Backups, words_of
from icestream.facility.backup import restoring
from icestream.facility.backup.ledger import BackupLedger
from icestream.facility.backup.restoring import (
    NotRestored,
    Restored,
    _batches,
    backed_up,
    restore,
)
from icestream.facility.backup.sealing import LEDGER
from icestream.facility.backup.target import prepare, volume_of
from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address


@pytest.fixture
def backups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backups:
    # What is rewritten in a session's store is tried with a real one.
    monkeypatch.setattr(restoring, "relocate", lambda folder, moved: len(moved))
    made = Backups(tmp_path)
    (made.processing / "link").symlink_to("align/a.mrc")
    (made.processing / "align" / "new\nline").write_text("x")
    made.round()
    return made


def test_all_comes_back_as_it_was(backups: Backups, tmp_path: Path) -> None:
    known = backed_up(backups.to, "s")
    assert (known.session, known.processing, known.files) == ("s", backups.processing, 5)
    before = (backups.movies / "disc" / "a.mrc").stat().st_mtime_ns
    shutil.rmtree(backups.place)
    seen: list[tuple[int, int]] = []
    done = restore(
        backups.to, "s", tmp_path / "new", told=lambda now, total: seen.append((now, total))
    )
    assert (done.files, done.wrong, done.elsewhere) == (4, {}, {})
    assert seen[-1][0] == seen[-1][1] == done.bytes
    assert done.processing == tmp_path / "new" / "processing"
    movie = done.raw / "disc" / "a.mrc"
    assert (movie.read_bytes(), movie.stat().st_mtime_ns) == (b"a" * 1000, before)
    assert os.readlink(done.processing / "link") == "align/a.mrc"  # noqa: PTH115 - as it is
    assert words_of(done.processing / ".facility" / "sink.db") == ["one"]
    # The backup goes on with what it holds.
    ledger = BackupLedger(done.processing / ".facility" / "backup-usb.db", readonly=True)
    assert len(ledger.names("")) == 5
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["processing", "raw"]


@pytest.mark.parametrize("name", ["processing/../../../sent", "processing/link/sent"])
def test_a_strangers_backup_writes_nothing_outside(
    backups: Backups, tmp_path: Path, name: str
) -> None:
    folder = backups.to.below("s").folder
    assert folder is not None
    (tmp_path / "elsewhere").mkdir()
    with contextlib.closing(sqlite3.connect(folder / LEDGER)) as ledger, ledger:
        link = os.fsencode(tmp_path / "elsewhere")
        ledger.execute("UPDATE kept SET link = ? WHERE name = ?", [link, b"processing/link"])
        made = ledger.execute(
            "UPDATE kept SET name = ? WHERE name = ?",
            [name.encode(), b"processing/align/a.mrc"],
        )
        assert made.rowcount == 1
    with pytest.raises(NotRestored, match="leads out of the session"):
        restore(backups.to, "s", tmp_path / "new")
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not (tmp_path / "new" / "raw").exists()


def test_nothing_is_written_through_a_link_of_an_earlier_try(
    backups: Backups, tmp_path: Path
) -> None:
    folder = backups.to.below("s").folder
    assert folder is not None
    place, elsewhere = tmp_path / "new", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (place / "processing").mkdir(parents=True)
    (place / "processing" / "align").symlink_to(elsewhere)
    done = Restored(place=place, processing=place / "processing", raw=place / "raw")
    wanted = list(BackupLedger(folder / LEDGER, readonly=True).every("processing/align/"))
    assert wanted
    with pytest.raises(NotRestored, match="leads out of the session"):
        list(_batches(wanted, volume_of(None, backups.to), done))


def test_nothing_is_written_over(backups: Backups, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(NotRestored, match="not empty"):
        restore(backups.to, "s", tmp_path / "full")
    with pytest.raises(NotRestored, match="the backup has no"):
        restore(backups.to, "t", tmp_path / "t")


def test_what_is_rotten_is_named_and_it_may_be_tried_again(
    backups: Backups, tmp_path: Path
) -> None:
    held = backups.held / "processing" / "align" / "a.mrc"
    whole = held.read_bytes()
    held.write_bytes(b"rotten!")
    done = restore(backups.to, "s", tmp_path / "new")
    assert list(done.wrong) == ["processing/align/a.mrc"]
    held.write_bytes(whole)
    again = restore(backups.to, "s", tmp_path / "new")
    assert (again.wrong, again.files) == ({}, 4)


def test_what_is_on_another_disk_is_said_and_brought_from_there(
    backups: Backups, tmp_path: Path
) -> None:
    first = backups.disk.rename(tmp_path / "first")
    backups.disk.mkdir()
    prepare("usb", backups.to)
    (backups.movies / "b.mrc").write_bytes(b"b")
    backups.round()
    done = restore(backups.to, "s", tmp_path / "new")
    assert (list(done.elsewhere.values()), done.rewritten) == ([1], 0)
    assert not (done.raw / "disc" / "a.mrc").exists()
    last = restore(Address(str(first)), "s", tmp_path / "new")
    assert (last.elsewhere, last.files, last.rewritten) == ({}, 1, 3)
    assert (last.raw / "disc" / "a.mrc").read_bytes() == b"a" * 1000


def test_a_backup_that_is_away(backups: Backups, tmp_path: Path) -> None:
    backups.disk.rename(tmp_path / "unplugged")
    with pytest.raises(Outage, match="is not there|was never prepared"):
        restore(backups.to, "s", tmp_path / "new")


def test_movies_that_the_backup_does_not_hold_are_where_they_were(
    backups: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[Path] = []
    monkeypatch.setattr(
        restoring, "relocate", lambda _, pairs: moved.extend(old for old, _ in pairs)
    )
    ledger = backups.backing.ledger
    ledger.forget("movies/disc/a.mrc")
    (backups.processing / "new").touch()
    backups.backing.backup = replace(backups.backing.backup, what=("processing",))
    backups.backing.look_anew()
    backups.round()
    restore(backups.to, "s", tmp_path / "again")
    assert backups.movies not in moved
    assert backups.processing in moved
