"""What a backup says of itself."""

import json
import sqlite3
from pathlib import Path

from backed_sessions import Backups
from icestream.facility.backup.parts import What
from icestream.facility.backup.sealing import manifest_lines, read_manifest, room_for_copies

ODD = [("a\nb", "1" * 32), ("c\\d", "2" * 32), ("e\rf", "3" * 32), ("\udcff", "4" * 32)]


def test_manifests_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"".join(manifest_lines(ODD)))
    assert list(read_manifest(tmp_path / "m")) == ODD


def test_whose_it_is_and_what_it_should_hold(tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    backups.round()
    card = json.loads((backups.held / "backup.json").read_text())
    assert (card["session"], card["backup"]) == ("s", "usb")
    assert card["processing"] == str(backups.processing)
    assert card["files"] == {"movies": 1, "processing": 2}
    digests = dict(read_manifest(backups.held / "manifest.b2"))
    with sqlite3.connect(backups.held / "backup.db") as ledger:
        rows = ledger.execute("SELECT CAST(name AS TEXT), digest FROM kept").fetchall()
    ledger.close()
    assert dict(rows) == digests


def test_a_room_for_copies_is_gone_afterwards(tmp_path: Path) -> None:
    what = What(session="s", processing=tmp_path)
    left = tmp_path / ".facility" / "backup-usb" / "left"
    left.mkdir(parents=True)
    with room_for_copies(what, "usb") as room:
        assert list(room.iterdir()) == []
    assert list((tmp_path / ".facility").iterdir()) == []
