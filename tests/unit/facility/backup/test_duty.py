"""The duties that back sessions up."""

import time
from pathlib import Path

import pytest

from copied_facility import begun, do, known
from icestream.facility.backup.duty import backup_of, target_of, what_of
from icestream.facility.backup.kinds import BackupPlace
from icestream.facility.backup.ledger import BackupLedger
from icestream.facility.backup.target import prepare
from icestream.facility.duties.duty import Outage
from icestream.facility.opened import Facility
from icestream.facility.registry.sessions import change_session
from icestream.facility.transfer.address import Address


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
    import threading

    from icestream.facility.backup.duty import Backups

    duty = Backups("usb", BackupPlace(to=str(usb), reserve=0, verify_every=0, keep_former=0))
    rotten = usb / session.name / "processing" / "align" / "a.mrc"
    rotten.write_bytes(b"rotten")
    with pytest.raises(Outage, match="1 files of the backup of p-001 are not what they were"):
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
