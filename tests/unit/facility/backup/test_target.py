"""Where a backup is kept."""

import json
from pathlib import Path

import pytest

from icestream.facility.backup.target import (
    MARKER,
    AlreadyPrepared,
    free_bytes,
    prepare,
    volume_of,
)
from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address, read_address


def test_a_place_is_one_backup_s(tmp_path: Path) -> None:
    place = Address(str(tmp_path))
    made = prepare("usb", place)
    assert volume_of("usb", place) == made
    assert json.loads((tmp_path / MARKER).read_text())["name"] == "usb"
    with pytest.raises(AlreadyPrepared, match="is the backup 'usb' already"):
        prepare("other", place)
    with pytest.raises(Outage, match="belongs to the backup 'usb', and not to 'other'"):
        volume_of("other", place)


def test_places_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(Outage, match="was never prepared"):
        volume_of("usb", Address(str(tmp_path)))
    with pytest.raises(Outage, match="make the folder, or mount the disk"):
        prepare("usb", Address(str(tmp_path / "none")))
    (tmp_path / MARKER).write_text("{")
    with pytest.raises(Outage, match="cannot be read"):
        volume_of("usb", Address(str(tmp_path)))


def test_room_is_known_only_here(tmp_path: Path) -> None:
    assert (free_bytes(Address(str(tmp_path))) or 0) > 0
    assert free_bytes(read_address("host:/x")) is None
