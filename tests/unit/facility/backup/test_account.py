"""What is where of a session."""

from pathlib import Path

from backed_sessions import Backups
from copied_facility import begun, do
from icestream.facility.backup.account import (
    account,
    backup_ledgers,
    copies_of,
    safe_to_delete,
)
from icestream.facility.backup.target import prepare
from icestream.facility.opened import Facility
from icestream.facility.transfer.address import Address


def test_every_byte_is_somewhere(copies: Facility) -> None:
    session = begun(copies)
    folder = Path(session.folder)
    before = account(folder)
    assert before.movies is not None
    assert (before.movies.found_files, before.backups) == (0, ())
    prepare("usb", Address(str(copies.path.parent / "usb")))
    for _ in range(2):
        do(copies, "transfer")
    do(copies, "backup.usb")
    found = account(folder)
    assert found.movies is not None
    size = sum(path.stat().st_size for path in (Path(session.place) / "raw").glob("*.mrc"))
    assert (found.movies.found_files, found.movies.found_bytes) == (2, size)
    assert (found.movies.copied_bytes, found.movies.failed_files) == (size, 0)
    movies = {each.part: each for each in found.backups}["movies"]
    assert (movies.backup, movies.files, movies.bytes, movies.wrong) == ("usb", 2, size, 0)
    assert movies.whole > 0
    assert movies.verified == 0.0


def test_only_what_backups_hold_as_it_is_may_be_deleted(tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    (backups.movies / "b.mrc").write_bytes(b"b")
    (backups.movies / "c.mrc").write_bytes(b"c")
    backups.round()
    (backups.movies / "b.mrc").write_bytes(b"changed")
    (backups.movies / "d.mrc").write_bytes(b"new")
    ledger = backups.backing.ledger
    ledger.checked("movies/c.mrc", 1.0, "rotten")
    assert list(backup_ledgers(backups.processing)) == ["usb"]
    names = {each.name: each.backups for each in copies_of(backups.processing, "movies")}
    assert names == {"disc/a.mrc": ("usb",), "b.mrc": ("usb",)}
    safe = list(safe_to_delete(backups.processing, "movies", backups.movies))
    assert safe == [backups.movies / "disc" / "a.mrc"]
    assert not list(safe_to_delete(backups.processing, "movies", backups.movies, copies=2))
