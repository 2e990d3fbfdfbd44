"""Reading a backup again."""

import os
import threading
from pathlib import Path

import pytest

from backed_sessions import Backups
from icestream.facility.backup.target import volume_of
from icestream.facility.backup.verifying import prune, verify
from icestream.facility.transfer.address import read_address
from rsync_server import rsync_daemon


def check(backups: Backups) -> dict[str, str]:
    backing = backups.backing
    return verify(backing.ledger, backing.backup.target, backing.folder).wrong


def test_all_that_is_not_what_it_was_is_found_and_mended(tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    backups.round()
    assert check(backups) == {}
    assert backups.backing.ledger.noted("verified")
    movie = backups.held / "movies" / "disc" / "a.mrc"
    movie.write_bytes(b"b" * 1000)
    (backups.held / "processing" / "align" / "a.mrc").unlink()
    assert check(backups) == {
        "movies/disc/a.mrc": "it holds something else than what was backed up",
        "processing/align/a.mrc": "it is not in the backup any more",
    }
    os.utime(movie, (1.0, 1.0))
    backups.again()
    assert backups.round().copied == 2
    assert check(backups) == {}


def test_another_machine_s_files_are_fetched_for_it(tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    text = f"[m]\npath = {tmp_path}/usb\nread only = no\nuse chroot = no\n"
    text += "uid = root\ngid = root\n" if os.getuid() == 0 else ""
    with rsync_daemon(tmp_path / "conf", text) as port:
        local = Backups(tmp_path)
        local.round()
        ledger = local.backing.ledger
        to = read_address(f"rsync://127.0.0.1:{port}/m")
        assert verify(ledger, to, to.below("s")).wrong == {}
        (local.held / "movies" / "disc" / "a.mrc").write_bytes(b"rotten")
        assert list(verify(ledger, to, to.below("s")).wrong) == ["movies/disc/a.mrc"]


def test_what_need_not_be_kept_goes(tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    backups.round()
    (backups.processing / "align" / "a.mrc").write_bytes(b"anew")
    (backups.movies / "disc" / "a.mrc").unlink()
    backups.round()
    ledger, volume = backups.backing.ledger, volume_of("usb", backups.to)
    assert prune(ledger, backups.held, volume, backups.now - 1.0) == 0
    assert prune(ledger, backups.held, volume, backups.now + 1.0) == 1007
    assert not (backups.held / "movies" / "disc" / "a.mrc").exists()
    assert (backups.held / "processing" / "align" / "a.mrc").read_bytes() == b"anew"
    assert ledger.former() == []
    assert "movies" not in ledger.sums()


@pytest.mark.parametrize("moved", [True, False])
def test_disks_that_are_away_are_not_called_verified(tmp_path: Path, moved: bool) -> None:
    backups = Backups(tmp_path)
    backups.round()
    if moved:
        kept = backups.backing.ledger.get("movies/disc/a.mrc")
        assert kept is not None
        from dataclasses import replace

        backups.backing.ledger.keep(replace(kept, volume="other"))
    backing = backups.backing
    assert verify(backing.ledger, backups.to, backing.folder).elsewhere == int(moved)
    assert bool(backing.ledger.noted("verified")) is not moved


def test_what_is_not_read_whole_and_found_right_is_not_verified(tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    backups.round()
    backing, stop = backups.backing, threading.Event()
    stop.set()
    verify(backing.ledger, backups.to, backing.folder, stopped=stop)
    assert not backing.ledger.noted("verified")
    movie = backups.held / "movies" / "disc" / "a.mrc"
    movie.write_bytes(b"b" * 1000)
    assert check(backups)
    assert not backing.ledger.noted("verified")
    assert backing.ledger.noted("read")


def test_what_was_read_since_is_not_read_again(tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    backups.round()
    ledger, folder = backups.backing.ledger, backups.backing.folder
    assert verify(ledger, backups.to, folder, since=backups.now).files == 0
    assert verify(ledger, backups.to, folder, since=backups.now + 1.0).files > 1


def test_a_store_that_is_found_rotten_is_copied_again(tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    backups.round()
    store = backups.held / "processing" / ".facility" / "sink.db"
    whole, times = store.read_bytes(), store.stat()
    store.write_bytes(whole[:-1] + b"x")
    os.utime(store, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert list(check(backups)) == ["processing/.facility/sink.db"]
    backups.again()
    backups.round()
    assert check(backups) == {}
