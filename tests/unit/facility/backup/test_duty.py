"""The duties that back sessions up."""

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from copied_facility import begun, do, known
from icestream.facility.backup.duty import Backups, backup_of, target_of, what_of
from icestream.facility.backup.kinds import BackupPlace
from icestream.facility.backup.ledger import BackupLedger
from icestream.facility.backup.target import prepare
from icestream.facility.duties.duty import Outage
from icestream.facility.opened import Facility
from icestream.facility.registry.sessions import change_session
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.session import MovieRoute, write_route
from icestream.store.removed import RemovedFile, note_removed
from silent_disks import Hangs, hangs

__all__ = ["hangs"]


def test_sessions_are_backed_up_with_their_copies(copies: Facility) -> None:
    session = begun(copies)
    with pytest.raises(Outage, match="was never prepared"):
        do(copies, "backup.usb")
    usb = copies.path.parent / "usb"
    prepare("usb", Address(str(usb)))
    for _ in range(2):
        do(copies, "transfer")
    assert do(copies, "backup.usb").startswith("1 sessions: ")
    held = usb / session.name
    assert len(list((held / "movies").glob("*.mrc"))) == 2
    assert (held / "processing" / "align" / "a.mrc").read_bytes() == b"aligned"
    assert (held / "processing" / ".facility" / "transfer.db").exists()


def test_one_that_ended_long_ago_and_is_whole_is_left(copies: Facility) -> None:
    session = begun(copies)
    prepare("usb", Address(str(copies.path.parent / "usb")))
    do(copies, "backup.usb")
    with copies.registry.write() as connection:
        change_session(connection, session.id, ended=time.time() - 30 * 86400.0)
    assert do(copies, "backup.usb").startswith("0 sessions")


def test_what_is_found_rotten_is_said_and_mended(copies: Facility) -> None:
    session = begun(copies)
    usb = copies.path.parent / "usb"
    prepare("usb", Address(str(usb)))
    do(copies, "backup.usb")
    duty = Backups("usb", BackupPlace(to=str(usb), reserve=0, verify_every=0, keep_former=0))
    rotten = usb / session.name / "processing" / "align" / "a.mrc"
    rotten.write_bytes(b"rotten")
    with pytest.raises(Outage, match="p-001: 1 files of its backup are not what they were"):
        duty.act(copies, threading.Event())
    duty.act(copies, threading.Event())
    assert rotten.read_bytes() == b"aligned"


def test_movies_are_where_the_session_s_route_says(copies: Facility) -> None:
    session = begun(copies)
    assert what_of(session).movies == Path(session.place) / "raw"
    (Path(session.folder) / ".facility" / "transfer.json").unlink()
    assert what_of(session).movies == Path(session.place) / "raw"
    (Path(session.place) / "raw").rmdir()
    assert what_of(known(copies)).movies is None


def test_a_section_says_how(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("opensesame\n")
    section = BackupPlace.model_validate(
        {"to": "nas::m", "bandwidth": "10 MB/s", "password": {"file": str(tmp_path / "word")}}
    )
    made = backup_of("nas", section)
    assert (made.limit, made.reserve, made.target.password) == (1e7, 5 * 10**9, "opensesame")
    (tmp_path / "word").unlink()
    with pytest.raises(Outage, match=r"backup\.nas\.password: .*cannot be read"):
        target_of(section, "nas")
    assert BackupLedger(tmp_path / "x.db").sums() == {}


def acted(facility: Facility, **values: object) -> str:
    place = BackupPlace(to=str(facility.path.parent / "usb"), reserve=0, **values)  # type: ignore[arg-type]
    return Backups("usb", place).act(facility, threading.Event())


def test_one_session_s_trouble_keeps_no_other_up(copies: Facility) -> None:
    first, second = begun(copies, "p-001"), begun(copies, "q-001")
    prepare("usb", Address(str(copies.path.parent / "usb")))
    (Path(second.folder) / "icestream.db").write_bytes(b"SQLite format 3\0" + b"broken" * 1000)
    with pytest.raises(Outage, match="q-001: .*cannot be copied"):
        do(copies, "backup.usb")
    held = copies.path.parent / "usb" / first.name
    assert (held / "processing" / "align" / "a.mrc").exists()


def test_one_that_ended_long_ago_is_read_again_too(copies: Facility) -> None:
    session = begun(copies)
    usb = copies.path.parent / "usb"
    prepare("usb", Address(str(usb)))
    do(copies, "backup.usb")
    with copies.registry.write() as connection:
        change_session(connection, session.id, ended=time.time() - 30 * 86400.0)
    rotten = usb / session.name / "processing" / "align" / "a.mrc"
    times = rotten.stat()
    rotten.write_bytes(b"rotten!")
    os.utime(rotten, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a disk does it
    with pytest.raises(Outage, match="p-001: 1 files of its backup are not what they were"):
        acted(copies, verify_every=0)
    assert acted(copies, verify_every=0).startswith("1 sessions")
    assert rotten.read_bytes() == b"aligned"


def test_what_was_removed_because_the_backup_has_it_stays_there(copies: Facility) -> None:
    session = begun(copies)
    folder, usb = Path(session.folder), copies.path.parent / "usb"
    (folder / "align" / "b.mrc").write_bytes(b"deleted by somebody")
    prepare("usb", Address(str(usb)))
    place = BackupPlace(to=str(usb), reserve=0, keep_former=0)
    duty, stop = Backups("usb", place), threading.Event()
    duty.act(copies, stop)
    aligned = folder / "align" / "a.mrc"
    note_removed(folder, [aligned], RemovedFile(1, "micrographs", 1.0))
    aligned.unlink()
    (folder / "align" / "b.mrc").unlink()
    for _ in range(2):
        duty.act(copies, stop)
    held = usb / session.name / "processing" / "align"
    assert [path.name for path in held.iterdir()] == ["a.mrc"]


def test_of_a_folder_that_all_share_only_its_own_movies_are_backed_up(copies: Facility) -> None:
    session, now = begun(copies), time.time()
    nas = copies.path.parent / "krios1"
    write_route(Path(session.folder), MovieRoute(source=str(nas), since=now - 1000.0))
    os.utime(nas / "p-001" / "0_fractions.mrc", (now - 5000.0, now - 5000.0))
    prepare("usb", Address(str(copies.path.parent / "usb")))
    acted(copies)
    held = copies.path.parent / "usb" / session.name / "movies"
    assert [path.name for path in held.rglob("*.mrc")] == ["1_fractions.mrc"]
    assert what_of(replace(session, ended=5.0)).until == 125.0


def test_the_registry_goes_along_but_not_each_time(copies: Facility) -> None:
    usb = copies.path.parent / "usb"
    prepare("usb", Address(str(usb)))
    duty = Backups("usb", BackupPlace(to=str(usb), reserve=0, verify_every=0))
    duty.act(copies, threading.Event())
    held = list((usb / ".registry").iterdir())
    assert len(held) == 2
    for path in held:
        path.write_bytes(b"rotten")
    with pytest.raises(Outage, match="registry day-.* is no registry that icestream packed"):
        duty.act(copies, threading.Event())
    assert acted(copies, what=("movies",)).endswith("(0.00 GB)")
    assert held[0].read_bytes() == b"rotten"
    acted(copies)
    assert held[0].read_bytes() != b"rotten"


def test_what_cannot_go_along_with_the_registry_keeps_no_session_up(copies: Facility) -> None:
    session = begun(copies)
    usb = copies.path.parent / "usb"
    prepare("usb", Address(str(usb)))
    copies.path.write_text("[facility\n")
    with pytest.raises(Outage, match="not valid TOML"):
        acted(copies)
    assert (usb / session.name / "processing" / "align" / "a.mrc").exists()
    (usb / ".registry" / "x").write_text("in the way")
    for path in (usb / ".registry").iterdir():
        path.unlink()
    (usb / ".registry").rmdir()
    (usb / ".registry").write_text("in the way")
    with pytest.raises(Outage, match="registry: .*cannot be written"):
        acted(copies)


def test_a_microscope_whose_disk_hangs_keeps_no_other_session_up(
    copies: Facility, tmp_path: Path, hangs: Hangs
) -> None:
    one, other = begun(copies, "p-001"), begun(copies, "q-001")
    usb, nas = tmp_path / "usb", tmp_path / "glacios"
    prepare("usb", Address(str(usb)))
    write_route(Path(one.folder), MovieRoute(source=str(nas)))  # read in place
    hangs.at(nas)
    with pytest.raises(Outage, match=r"^p-001: the disk of glacios's movies, \S* has not answered"):
        do(copies, "backup.usb")
    assert (usb / other.name / "processing" / "align" / "a.mrc").exists()
    hangs.over()
    hangs.eventually(lambda: copies.disks.silent(nas) is None)
    hangs.at(usb)
    with pytest.raises(OSError, match="the disk of the backup usb"):
        do(copies, "backup.usb")
