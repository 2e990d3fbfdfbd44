"""What is wrong with the sections about backups."""

from collections.abc import Callable
from pathlib import Path

from icestream.facility.backup.flaws import backup_flaws
from icestream.facility.backup.target import prepare
from icestream.facility.file import load_facility
from icestream.facility.transfer.address import Address
from icestream.settings import load


def found(path: Path) -> dict[str, tuple[str, bool]]:
    flaws = backup_flaws(load_facility(path), load().settings)
    return {one.where: (one.what, one.stops) for one in flaws}


def test_places_are_looked_at(write_facility: Callable[[str], Path], tmp_path: Path) -> None:
    path = write_facility(
        '[backup.usb]\nto = "{folder}/usb"\n[backup.in]\nto = "{folder}/sessions/b"\n'
        '[backup.away]\nto = "rsync://127.0.0.1:9/m"\n'
    )
    (tmp_path / "usb").mkdir()
    (tmp_path / "sessions" / "b").mkdir()
    said = found(path)
    assert "never prepared" in said["backup.usb.to"][0]
    assert "refused" in said["backup.away.to"][0]
    prepare("usb", Address(str(tmp_path / "usb")))
    prepare("in", Address(str(tmp_path / "sessions" / "b")))
    said = found(path)
    assert said["backup.usb.to"] == (
        f"{tmp_path}/usb is on the same file system as the sessions: one disk holds both", False,
    )  # fmt: skip
    assert "is among the sessions" in said["backup.in.to"][0]
    assert found(write_facility("")) == {}
