"""Backing a session up while it runs."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from backed_sessions import Backups, words_of
from icestream.facility.backup.target import MARKER, prepare
from icestream.facility.transfer.address import Address, read_address
from rsync_server import rsync_daemon


@pytest.fixture
def backups(tmp_path: Path) -> Backups:
    return Backups(tmp_path)


def test_what_is_there_is_copied_once_and_listed(backups: Backups) -> None:
    done = backups.round()
    assert (done.copied, done.failed, done.outage) == (3, {}, "")
    found = {
        str(path.relative_to(backups.held)) for path in backups.held.rglob("*") if path.is_file()
    }
    assert found == {
        "backup.db", "backup.json", "manifest.b2", "movies/disc/a.mrc", "processing/align/a.mrc",
        "processing/.facility/sink.db",
    }  # fmt: skip
    subprocess.run(["b2sum", "--quiet", "--check", "manifest.b2"], cwd=backups.held, check=True)
    assert backups.round().copied == 0
    backups.again()
    assert backups.round().copied == 0


def test_a_store_is_copied_as_it_is_at_one_moment(backups: Backups) -> None:
    with contextlib.closing(sqlite3.connect(backups.processing / ".facility" / "sink.db")) as open_:
        open_.execute("BEGIN IMMEDIATE")
        open_.execute("INSERT INTO said VALUES ('half')")
        backups.round()
        copy = backups.held / "processing" / ".facility" / "sink.db"
        assert words_of(copy) == ["one"]
        open_.commit()
    backups.round()
    assert words_of(copy) == ["one", "half"]
    assert not list(copy.parent.glob("*-wal"))


def test_what_changes_is_copied_and_what_it_was_is_kept(backups: Backups) -> None:
    backups.round()
    (backups.processing / "align" / "a.mrc").write_bytes(b"aligned anew")
    backups.round()
    assert (backups.held / "processing" / "align" / "a.mrc").read_bytes() == b"aligned anew"
    ((name, place, size, _),) = backups.backing.ledger.former()
    assert (name, size) == ("processing/align/a.mrc", 7)
    assert (backups.held / place).read_bytes() == b"aligned"


def test_what_is_gone_is_kept_and_said(backups: Backups) -> None:
    backups.round()
    (backups.movies / "disc" / "a.mrc").unlink()
    assert backups.round().gone == 1
    assert (backups.held / "movies" / "disc" / "a.mrc").exists()
    sums = backups.backing.ledger.sums()["movies"]
    assert (sums.files, sums.gone_files, sums.gone_bytes) == (1, 1, 1000)


def test_a_folder_that_is_away_is_no_reason_to_take_its_files_for_gone(backups: Backups) -> None:
    backups.round()
    backups.movies.rename(backups.folder / "away")
    assert "is not there" in backups.round().failed["movies"]
    assert backups.backing.ledger.sums()["movies"].gone_files == 0


def test_a_disk_that_is_not_mounted_is_never_written_to(backups: Backups) -> None:
    disk = backups.disk.rename(backups.folder / "unplugged")
    backups.disk.mkdir()
    assert "the disk is not mounted" in backups.round().outage
    assert not list(backups.disk.iterdir())
    backups.disk.rmdir()
    disk.rename(backups.disk)
    assert backups.round().outage == ""


def test_another_disk_gets_what_no_disk_has_and_the_whole_session(backups: Backups) -> None:
    backups.round()
    first = backups.disk.rename(backups.folder / "first")
    backups.disk.mkdir()
    prepare("usb", Address(str(backups.disk)))
    (backups.movies / "disc" / "b.mrc").write_bytes(b"b")
    backups.round()
    # A session goes on from one disk; each movie is on one of them.
    assert [each.name for each in (backups.held / "movies" / "disc").iterdir()] == ["b.mrc"]
    assert backups.round().copied == 0
    (backups.processing / "align" / "a.mrc").write_bytes(b"newer")
    backups.again()
    backups.round()
    assert (backups.held / "processing" / "align" / "a.mrc").read_bytes() == b"newer"
    assert (first / "s" / "movies" / "disc" / "a.mrc").exists()
    assert len(backups.backing.ledger.volumes()) == 2


def test_a_full_disk_says_what_to_do(backups: Backups) -> None:
    from dataclasses import replace

    backups.backing.backup = replace(backups.backing.backup, reserve=10**18)
    said = backups.round().outage
    assert "is full" in said
    assert "--prepare usb" in said


def test_links_and_odd_names(backups: Backups) -> None:
    (backups.processing / "align" / "new\nline").write_text("x")
    (backups.processing / "align" / os.fsdecode(b"\xff")).write_text("y")
    (backups.processing / "link").symlink_to("align/a.mrc")
    os.mkfifo(backups.processing / "pipe")
    assert backups.round().failed == {}
    assert (backups.held / "processing" / "align" / "new\nline").read_text() == "x"
    kept = backups.backing.ledger.get("processing/link")
    assert kept is not None
    assert kept.link == "align/a.mrc"
    subprocess.run(["b2sum", "--quiet", "--check", "manifest.b2"], cwd=backups.held, check=True)


def test_it_ends_when_told_to_and_goes_on(backups: Backups) -> None:
    stopped = threading.Event()
    stopped.set()
    backups.backing.round(backups.now, stopped)
    assert not backups.backing.ledger.noted("whole")
    assert backups.round().copied == 3
    assert backups.backing.ledger.noted("whole")


def test_what_is_altered_on_the_disk_is_made_again(backups: Backups) -> None:
    backups.round()
    held = backups.held / "movies" / "disc" / "a.mrc"
    held.write_bytes(b"rotten")
    backups.backing.ledger.checked("movies/disc/a.mrc", backups.now, "it is rotten")
    backups.again()
    assert backups.round().copied == 1
    assert held.read_bytes() == b"a" * 1000


def test_to_another_machine(tmp_path: Path) -> None:
    disk = tmp_path / "usb"
    disk.mkdir()
    text = f"[m]\npath = {disk}\nread only = no\nuse chroot = no\n"
    text += "uid = root\ngid = root\n" if os.getuid() == 0 else ""
    with rsync_daemon(tmp_path / "conf", text) as port:
        to = read_address(f"rsync://127.0.0.1:{port}/m")
        backups = Backups(tmp_path, target=to)
        assert "has no .icestream-backup.json" in backups.round().outage
        prepare("usb", to)
        assert (disk / MARKER).exists()
        done = backups.round()
        assert (done.copied, done.failed, done.outage) == (3, {}, "")
        subprocess.run(["b2sum", "--quiet", "--check", "manifest.b2"], cwd=backups.held, check=True)
        (backups.processing / "align" / "a.mrc").write_bytes(b"aligned anew")
        assert backups.round().copied == 1
        ((_, place, _, _),) = backups.backing.ledger.former()
        assert (backups.held / place).read_bytes() == b"aligned"
    assert "refused" in backups.round().outage
    shutil.rmtree(disk)
