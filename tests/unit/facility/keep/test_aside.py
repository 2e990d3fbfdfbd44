"""Files are put aside whole, or stay and are named; whoever is killed leaves nothing in doubt."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from icestream.engine.machine.lock import hold
from icestream.facility.keep import aside
from icestream.facility.keep.aside import Busy, folder_of, put_aside, settle
from icestream.facility.keep.inside import Inside
from icestream.facility.keep.later import bring_back
from icestream.facility.keep.manifest import read_head, read_lines
from icestream.facility.registry import holds as hold_rows
from icestream.store.removed import removed_files
from kept_session import FILES, RAW, KeptPlace, plan, the_removal, there


def test_what_is_copied_and_due_is_put_aside_with_a_manifest(kept: KeptPlace) -> None:
    kept.back_up(*RAW)
    outcome = put_aside(kept.facility, plan(kept), "ada")
    assert outcome is not None
    assert (outcome.files, outcome.left) == (3, [])
    assert there(kept) == set(FILES) - set(RAW)
    manifest = kept.place / folder_of(outcome.number) / "manifest.jsonl"
    head, lines = read_head(manifest), list(read_lines(manifest))
    assert (head.session, head.kind, head.who) == ("p-1", "raw", "ada")
    assert head.rule == "keep.raw: after 21 d, needs verified-copy"
    assert {line.path for line in lines} == set(RAW)
    assert all(line.copies == ("usb (disk disk1)",) and line.digest for line in lines)
    removal = the_removal(kept)
    assert (removal.state, removal.files) == ("removed", 3)
    assert removal.until - removal.at == 14 * 86400.0
    assert set(removed_files(kept.folder)) == {kept.place / path for path in RAW}


def test_without_a_copy_or_changed_since_it_stays(kept: KeptPlace) -> None:
    kept.back_up(*RAW)
    kept.spoil("raw/a.tiff")
    (kept.place / "raw/Sq 1/b.tiff").write_text("movie B")
    found = plan(kept)
    assert [line.path for line in found.lines] == ["raw/Sq 1/b.xml"]
    assert dict(found.left) == {
        "raw/a.tiff": "no backup has a verified copy of it",
        "raw/Sq 1/b.tiff": "it has changed since its copy was verified",
    }


def test_a_change_that_hides_behind_its_times_is_found(kept: KeptPlace) -> None:
    kept.back_up(*RAW)
    ledger = kept.folder / ".facility" / "backup-usb.db"
    with sqlite3.connect(ledger) as connection:
        connection.execute("UPDATE kept SET at = 5.0")  # every inode has changed since
    connection.close()
    file = kept.place / "raw/a.tiff"
    times = file.stat().st_mtime_ns
    file.write_text("Movie a")
    os.utime(file, ns=(times, times))
    found = plan(kept)
    assert dict(found.left) == {"raw/a.tiff": "it holds something else than its verified copy"}
    assert len(found.lines) == 2


def test_a_file_that_changes_after_it_was_planned_stays(kept: KeptPlace) -> None:
    kept.back_up(*RAW)
    planned = plan(kept)
    (kept.place / "raw/a.tiff").write_text("another")
    (kept.place / "raw/Sq 1/b.xml").unlink()
    (kept.place / "raw/new.tiff").write_text("it came meanwhile")
    outcome = put_aside(kept.facility, planned, "ada")
    assert outcome is not None
    assert dict(outcome.left) == {
        "raw/a.tiff": "it has changed since it was looked at",
        "raw/Sq 1/b.xml": "it is not there any more",
    }
    assert (kept.place / "raw/a.tiff").read_text() == "another"
    assert (kept.place / "raw/new.tiff").exists()
    assert set(removed_files(kept.folder)) >= {kept.place / "raw/Sq 1/b.tiff"}
    assert kept.place / "raw/a.tiff" not in removed_files(kept.folder)


def test_links_are_not_followed(kept: KeptPlace, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.tiff").write_text("somebody else's")
    kept.back_up(*RAW)
    planned = plan(kept)
    (kept.place / "raw/Sq 1").rename(kept.place / "raw/was")
    (kept.place / "raw/Sq 1").symlink_to(outside)
    (kept.place / "raw/a.tiff").unlink()
    (kept.place / "raw/a.tiff").symlink_to(outside / "b.tiff")
    assert put_aside(kept.facility, planned, "ada") is not None
    assert (outside / "b.tiff").read_text() == "somebody else's"
    assert (kept.place / "raw/a.tiff").is_symlink()
    assert the_removal(kept).state == "undone"
    assert plan(kept).lines == []


def test_another_name_of_a_file_stays(kept: KeptPlace) -> None:
    kept.back_up(*RAW)
    os.link(kept.place / "raw/a.tiff", kept.place / "handover/a.tiff")
    kept.back_up(*RAW)
    planned = plan(kept)
    put_aside(kept.facility, planned, "ada")
    assert (kept.place / "handover/a.tiff").read_text() == "movie a"
    assert next(line.links for line in planned.lines if line.path == "raw/a.tiff") == 2


def test_a_hold_that_comes_meanwhile_ends_it(
    kept: KeptPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.back_up(*RAW)
    planned = plan(kept)
    monkeypatch.setattr(aside, "_LOOK", 1)
    move = aside._move

    def moved(inside: Inside, line: aside.ManifestLine, number: int) -> str:
        with kept.facility.registry.write() as connection:
            hold_rows.add_hold(connection, kept.session.id, why="a paper", who="lea")
        return move(inside, line, number)

    monkeypatch.setattr(aside, "_move", moved)
    outcome = put_aside(kept.facility, planned, "ada")
    assert outcome is not None
    assert outcome.files == 1
    assert {why for _, why in outcome.left} == {"held by lea: a paper"}


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (18, "on another file system than its place"),
        (13, "cannot be moved: Permission denied"),
        (28, "cannot be moved: No space left on device"),
    ],
)
def test_what_cannot_be_moved_is_named(
    kept: KeptPlace, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    kept.back_up(*RAW)
    move = Inside.move

    def refuse(self: Inside, path: str, to: str) -> None:
        if path == "raw/a.tiff":
            raise OSError(number, os.strerror(number))
        move(self, path, to)

    monkeypatch.setattr(Inside, "move", refuse)
    outcome = put_aside(kept.facility, plan(kept), "ada")
    assert outcome is not None
    assert outcome.files == 2
    ((path, why),) = outcome.left
    assert path == "raw/a.tiff"
    assert says in why
    assert (kept.place / "raw/a.tiff").exists()


def test_where_no_manifest_can_be_written_nothing_is_moved(
    kept: KeptPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.back_up(*RAW)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(aside, "write_manifest", full)
    with pytest.raises(OSError, match="No space left"):
        put_aside(kept.facility, plan(kept), "ada")
    assert there(kept) == set(FILES)
    assert the_removal(kept).state == "undone"


def test_a_session_that_runs_is_left_alone(kept: KeptPlace) -> None:
    kept.back_up(*RAW)
    planned = plan(kept)
    with hold(kept.folder), pytest.raises(Busy, match="already being processed"):
        put_aside(kept.facility, planned, "ada")
    assert there(kept) == set(FILES)


KILLED = """
import os, signal, sys
from pathlib import Path
from icestream.facility.keep.inside import Inside
from icestream.facility.keep import aside
from icestream.facility.opened import open_facility
sys.path.insert(0, sys.argv[2])
from kept_session import KeptPlace, plan
last = int(sys.argv[1])
count = 0

def counted(name):
    whole = getattr(Inside, name)
    def act(self, *arguments):
        global count
        count += 1
        if count > last:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(self, *arguments)
    setattr(Inside, name, act)

for name in ("make", "move", "sync"):
    counted(name)
with open_facility() as facility:
    kept = KeptPlace.__new__(KeptPlace)
    kept.facility, kept.name = facility, 'p-1'
    kept.place = facility.sessions / "p-1"
    kept.folder = kept.place / "processing"
    aside.put_aside(facility, plan(kept), "ada")
"""


def test_one_that_is_killed_anywhere_is_settled_and_undone(
    kept: KeptPlace, request: pytest.FixtureRequest
) -> None:
    kept.back_up(*RAW)
    before = kept.state()
    here = str(Path(__file__).parents[3])
    for last in (0, 3):  # before the manifest; after the first file
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(last), here], check=False, capture_output=True
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
        assert the_removal(kept).state == "moving"
        settle(kept.facility, kept.session, kept.layout)
        removal = the_removal(kept)
        gone = set(FILES) - there(kept)
        assert (removal.state, removal.files) == ("removed" if gone else "undone", len(gone))
        assert len(gone) == (1 if last else 0)
        assert set(removed_files(kept.folder)) == {kept.place / path for path in gone}
        if gone:
            bring_back(kept.facility, kept.session, kept.layout, removal, "ada")
        assert kept.state() == before
    assert settle(kept.facility, kept.session, kept.layout) == []
