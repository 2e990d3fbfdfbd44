"""Copying a session's files, whatever happens to them."""

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from icestream.facility.transfer.address import read_address
from icestream.facility.transfer.copying import Rules
from icestream.facility.transfer.digest import digest
from icestream.facility.transfer.share import BandwidthShare
from microscope_copies import Copied, write_movie
from rsync_server import rsync_daemon


@pytest.fixture
def copied(tmp_path: Path) -> Copied:
    return Copied(tmp_path)


def test_movies_come_whole_with_what_tells_about_them(copied: Copied) -> None:
    copied.rules = Rules(settle=5.0, file_mode=0o640, folder_mode=0o2750)
    copied.again()
    movie = write_movie(copied.nas / "Disc1" / "a_fractions.mrc")
    (copied.nas / "Disc1" / "a.xml").write_text("<a/>")
    assert copied.rounds(1).found == 2
    assert set(copied.states().values()) == {"settling"}
    assert not list(copied.raw.iterdir())
    done = copied.rounds(1)
    assert (done.copied, done.bytes, done.failed) == (2, movie.stat().st_size + 4, {})
    copy = copied.raw / "Disc1" / "a_fractions.mrc"
    assert copy.read_bytes() == movie.read_bytes()
    assert copy.stat().st_mtime_ns == movie.stat().st_mtime_ns
    assert (copy.stat().st_mode & 0o7777, copy.parent.stat().st_mode & 0o7777) == (0o640, 0o2750)
    entry = copied.copying.ledger.get("Disc1/a_fractions.mrc")
    assert entry is not None
    assert (entry.state, entry.digest) == ("verified", digest(movie))
    assert sorted(path.name for path in copied.raw.iterdir()) == ["Disc1"]
    assert copied.rounds(1).copied == 0


def test_a_gain_reference_is_there_before_the_movies(
    copied: Copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Disc1/a_fractions.mrc", "X_GainReference.mrc", "Disc1/b_fractions.mrc"):
        write_movie(copied.nas / name)
    (copied.nas / "Disc1" / "a.xml").write_text("<a/>")
    runs: list[list[str]] = []
    source = copied.copying._source
    bring = source.bring

    def noted(staging: Path, names: list[str], **given: Any) -> Any:
        runs.append(sorted(names))
        return bring(staging, names, **given)

    monkeypatch.setattr(source, "bring", noted)
    assert copied.rounds().copied == 4
    movies = ["Disc1/a_fractions.mrc", "Disc1/b_fractions.mrc"]
    assert runs == [["Disc1/a.xml"], ["X_GainReference.mrc"], movies]


def test_names_of_any_kind(copied: Copied) -> None:
    names = [b"-rf", b"#x.xml", b"new\nline", b"bad\xff", "ünï".encode(), b" x ", b"a\\#012b"]
    for name in names:
        (copied.nas / os.fsdecode(name)).write_bytes(name)
    assert copied.rounds().copied == len(names)
    assert sorted(os.fsencode(each.name) for each in copied.raw.iterdir()) == sorted(names)


def test_what_is_no_file_is_named_and_the_rest_goes_on(copied: Copied) -> None:
    os.mkfifo(copied.nas / "pipe")
    (copied.nas / "dangling").symlink_to("nowhere")
    (copied.nas / "out").symlink_to("/etc/passwd")
    (copied.nas / "folder").symlink_to("/etc")
    write_movie(copied.nas / "real" / "a.mrc")
    (copied.nas / "in.mrc").symlink_to("real/a.mrc")
    assert copied.rounds().copied == 2
    assert "pipe" in copied.why("pipe")
    assert copied.why("dangling") == "it is a link to nowhere, which is not there"
    assert copied.why("out") == "it is a link that leads out of the folder"
    assert not (copied.raw / "in.mrc").is_symlink()
    assert not (copied.raw / "folder").exists()


def test_a_movie_that_is_written_is_waited_for(copied: Copied) -> None:
    whole = write_movie(copied.folder / "whole.mrc").read_bytes()
    movie = copied.nas / "a.mrc"
    movie.write_bytes(whole[:3000])
    copied.rounds(3)
    assert copied.states() == {"a.mrc": "settling"}
    assert "not whole yet" in copied.why("a.mrc")
    movie.write_bytes(whole)
    copied.rounds(1)
    assert copied.states() == {"a.mrc": "settling"}
    assert copied.rounds(1).copied == 1
    assert (copied.raw / "a.mrc").read_bytes() == whole


def test_a_movie_that_stays_cut_is_copied_in_the_end_and_never_removed(copied: Copied) -> None:
    copied.rules = Rules(settle=5.0, patience=60.0, clean_after=100.0)
    copied.again()
    (copied.nas / "a.mrc").write_bytes(write_movie(copied.folder / "whole.mrc").read_bytes()[:3000])
    copied.rounds(13)
    assert copied.states() == {"a.mrc": "verified"}
    assert "not whole at the source" in copied.why("a.mrc")
    copied.rounds(3, step=1000.0)
    assert (copied.nas / "a.mrc").exists()


def test_what_changes_after_it_was_copied(copied: Copied) -> None:
    mdoc, movie = copied.nas / "a.mrc.mdoc", write_movie(copied.nas / "a.mrc")
    mdoc.write_text("one")
    copied.rounds()
    mdoc.write_text("one and two")
    before = movie.read_bytes()
    movie.write_bytes(before[:2000])
    copied.rounds(3)
    assert (copied.raw / "a.mrc.mdoc").read_text() == "one and two"
    assert (copied.raw / "a.mrc").read_bytes() == before
    assert "the copy is kept as it is" in copied.why("a.mrc")
    write_movie(movie, frames=8)
    copied.rounds(3)
    assert (copied.raw / "a.mrc").read_bytes() == movie.read_bytes()


def test_another_file_of_that_name_is_kept(copied: Copied) -> None:
    write_movie(copied.nas / "a.mrc", seed=1)
    write_movie(copied.raw / "a.mrc", seed=2)
    same = write_movie(copied.nas / "b.mrc", seed=3)
    shutil.copy2(same, copied.raw / "b.mrc")
    (copied.raw / "c").mkdir()
    (copied.nas / "c").write_text("x")
    before = (copied.raw / "a.mrc").read_bytes()
    copied.rounds()
    assert copied.states() == {"a.mrc": "failed", "b.mrc": "verified", "c": "failed"}
    assert "another file of that name is in the copy" in copied.why("a.mrc")
    assert (copied.raw / "a.mrc").read_bytes() == before


def test_a_file_that_goes_away_and_comes_back(copied: Copied) -> None:
    movie = write_movie(copied.nas / "a.mrc")
    copied.rounds(1)
    movie.unlink()
    copied.rounds(1)
    assert copied.states() == {"a.mrc": "gone"}
    write_movie(movie)
    copied.rounds(3)
    assert copied.states() == {"a.mrc": "verified"}


def test_files_of_before_the_session_are_left(tmp_path: Path) -> None:
    copied = Copied(tmp_path, since=time.time() - 100.0)
    old = write_movie(copied.nas / "old.mrc")
    os.utime(old, (time.time() - 1000.0,) * 2)
    write_movie(copied.nas / "new.mrc")
    copied.rounds()
    assert copied.states() == {"new.mrc": "verified", "old.mrc": "older"}


def test_a_source_that_is_away_is_named_and_caught_up(copied: Copied) -> None:
    write_movie(copied.nas / "a.mrc")
    copied.rounds()
    away = copied.nas.rename(copied.folder / "away")
    assert (
        copied.rounds(1).outage
        == f"{copied.nas} is not there: is the microscope's storage mounted?"
    )
    assert copied.copying.ledger.noted("outage")
    assert copied.states() == {"a.mrc": "verified"}
    write_movie(away / "b.mrc")
    away.rename(copied.nas)
    copied.rounds(3)
    assert copied.states() == {"a.mrc": "verified", "b.mrc": "verified"}
    assert not copied.copying.ledger.noted("outage")


def test_a_target_that_is_away_or_full_is_named(copied: Copied) -> None:
    write_movie(copied.nas / "a.mrc")
    copied.raw.rmdir()
    assert "is not there" in copied.rounds(1).outage
    copied.raw.mkdir()
    copied.rules = replace(copied.rules, reserve=10**18)
    copied.again()
    assert "is full" in copied.rounds(2).outage
    copied.rules = replace(copied.rules, reserve=0)
    copied.again()
    assert copied.rounds(1).copied == 1


def test_a_disk_that_fills_while_copying(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("needs a disk of its own")
    disk = tmp_path / "raw"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], check=False)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        copied = Copied(tmp_path)
        # What is free is asked before: the file grows after that.
        (copied.nas / "a").write_bytes(os.urandom(100_000))
        (copied.nas / "b").write_bytes(os.urandom(250_000))
        copied.rounds(2)
        assert "is full" in copied.copying.ledger.noted("outage")
        (copied.nas / "b").write_bytes(os.urandom(100_000))
        copied.rounds(4)
        assert copied.states() == {"a": "verified", "b": "verified"}
        copied.copying.close()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_copy_that_is_altered_on_its_way_is_made_again(
    copied: Copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    from icestream.facility.transfer import arriving

    write_movie(copied.nas / "a.mrc")
    whole = arriving.from_disk

    def broken(path: Path, stopped: threading.Event | None = None) -> object:
        with path.open("r+b") as file:
            file.write(b"\xff")
        return whole(path, stopped)

    monkeypatch.setattr(arriving, "from_disk", broken)
    copied.rounds()
    assert copied.states() == {"a.mrc": "failed"}
    assert "holds something else than was sent" in copied.why("a.mrc")
    assert not (copied.raw / "a.mrc").exists()
    monkeypatch.undo()
    copied.rounds(1, step=60.0)
    copied.rounds(1)
    assert copied.states() == {"a.mrc": "verified"}


KILLED = """
import os, sys, threading, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from microscope_copies import Copied
from icestream.facility.transfer.copying import Rules
from icestream.facility.transfer.share import BandwidthShare
copied = Copied(Path(sys.argv[1]), rules=Rules(settle=0.0), share=BandwidthShare(1, 4e6))
threading.Thread(target=lambda: (time.sleep(float(sys.argv[3])), os.kill(os.getpid(), 9))).start()
print("go", flush=True)
while True:
    copied.copying.round()
"""


def test_who_is_killed_at_any_moment_goes_on_from_there(copied: Copied) -> None:
    for number in range(12):
        write_movie(copied.nas / f"{number}.mrc", frames=100, seed=number)
    tests = str(Path(__file__).parents[3])
    for delay in (0.1, 0.3):
        words = [sys.executable, "-c", KILLED, str(copied.folder), tests, str(delay)]
        process = subprocess.run(words, capture_output=True, text=True, check=False)
        assert process.returncode == -9, process.stderr
        for path in copied.raw.glob("*.mrc"):
            assert path.read_bytes() == (copied.nas / path.name).read_bytes()
    copied.now = time.time()  # a busy machine takes long over it
    copied.again()
    copied.rounds(4)
    assert set(copied.states().values()) == {"verified"}
    for path in copied.nas.iterdir():
        assert (copied.raw / path.name).read_bytes() == path.read_bytes()
    there = sorted(str(path.relative_to(copied.raw)) for path in copied.raw.rglob("*"))
    assert there == sorted(f"{number}.mrc" for number in range(12))


def test_it_ends_when_it_is_told_to(copied: Copied) -> None:
    copied.share = BandwidthShare(1, 1e6)
    copied.again()
    write_movie(copied.nas / "a.mrc", frames=2000)
    copied.rounds(1)
    stopped = threading.Event()
    threading.Timer(0.5, stopped.set).start()
    began = time.monotonic()
    copied.copying.round(copied.now + 6.0, stopped)
    assert time.monotonic() - began < 3.0
    assert copied.states() == {"a.mrc": "ready"}


def test_from_a_daemon_of_another_machine(tmp_path: Path) -> None:
    module = f"[m]\npath = {tmp_path}/nas\nread only = no\nlist = no\nuse chroot = no\n"
    module += "uid = root\ngid = root\n" if os.getuid() == 0 else ""
    (tmp_path / "nas").mkdir()
    with rsync_daemon(tmp_path / "conf", module) as port:
        rules = Rules(settle=5.0, patience=1000.0, clean_after=100.0, exclude=("*.tmp",))
        copied = Copied(tmp_path, rules, read_address(f"rsync://127.0.0.1:{port}/m"))
        movie = write_movie(copied.nas / "d" / "a.mrc")
        (copied.nas / "d" / "new\nline").write_text("x")
        (copied.nas / "d" / "x.tmp").write_text("x")
        cut = copied.nas / "cut.mrc"
        cut.write_bytes(movie.read_bytes()[:3000])
        copied.rounds(3)
        assert copied.states() == {
            "d/a.mrc": "verified", "d/new\nline": "verified", "cut.mrc": "settling",
        }  # fmt: skip
        assert "not whole yet" in copied.why("cut.mrc")
        assert (copied.raw / "d" / "a.mrc").read_bytes() == movie.read_bytes()
        assert not (copied.raw / "cut.mrc").exists()
        cut.write_bytes(movie.read_bytes())
        copied.rounds(4)
        assert copied.states()["cut.mrc"] == "verified"
        # Removed only as long as the copy is what it was.
        (copied.raw / "cut.mrc").chmod(0o600)
        (copied.raw / "cut.mrc").write_bytes(b"lost")
        copied.rounds(1, step=2000.0)
        assert copied.states() == {
            "d/a.mrc": "cleaned", "d/new\nline": "cleaned", "cut.mrc": "verified",
        }  # fmt: skip
        assert sorted(path.name for path in copied.nas.rglob("*")) == ["cut.mrc", "d", "x.tmp"]
    assert "refused" in copied.rounds(1, step=2000.0).outage
