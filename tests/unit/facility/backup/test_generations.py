"""The registry at places of backups."""

import os
from pathlib import Path

import pytest

from icestream.facility.backup import generations as of_place
from icestream.facility.backup.archive import read_archive
from icestream.facility.backup.generations import (
    fetched,
    find_generation,
    generations,
    keep_generation,
    wrong_generations,
)
from icestream.facility.duties.duty import Outage
from icestream.facility.opened import Facility
from icestream.facility.registry.contents import NotTheSame
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.rsync import RsyncRun
from object_server import ObjectServer, objects
from rsync_server import rsync_daemon

__all__ = ["objects"]

DAY = 86400.0
NOON = 1_790_000_000.0  # 21 September 2026, 16:13 in Madrid


def test_one_for_each_hour_and_day(facility: Facility, tmp_path: Path) -> None:
    target = Address(str(tmp_path / "usb"))
    (tmp_path / "usb").mkdir()
    assert generations(target) == []
    for at in (NOON, NOON + 60, NOON + 3600, NOON + DAY):
        assert keep_generation(facility, target, at) == []
    found = generations(target)
    assert [(one.name, one.at) for one in found] == [
        ("day-22", NOON + DAY), ("hour-16", NOON + DAY),
        ("day-21", NOON + 3600), ("hour-17", NOON + 3600),
    ]  # fmt: skip
    assert find_generation(target).name == "day-22"
    older = fetched(target, find_generation(target, "day-21"), tmp_path)
    assert read_archive(older).at == NOON + 3600
    assert all(one.bytes == fetched(target, one, tmp_path).stat().st_size for one in found)
    assert (tmp_path / "usb" / ".registry").stat().st_mode & 0o777 == 0o700
    with pytest.raises(LookupError, match="no registry 'day-1'; there are day-22, hour-16"):
        find_generation(target, "day-1")


def test_another_machine_keeps_it_too(facility: Facility, tmp_path: Path) -> None:
    (tmp_path / "module").mkdir()
    module = (
        f"[em]\npath = {tmp_path}/module\nread only = no\nuse chroot = no\n"
        f"uid = {os.getuid()}\ngid = {os.getgid()}\n"
    )
    with rsync_daemon(tmp_path / "rsyncd.conf", module) as port:
        target = Address(f"rsync://127.0.0.1:{port}/em/backup")
        keep_generation(facility, target, NOON)
        found = find_generation(target, "hour-16")
        assert (found.at, len(generations(target))) == (NOON, 2)
        (tmp_path / "here").mkdir()
        brought = fetched(target, found, tmp_path / "here")
        assert brought.parent == tmp_path / "here"
        assert read_archive(brought).facility == "Ice & Co"
        assert list(wrong_generations(target)) == []


def test_what_rots_is_found(facility: Facility, tmp_path: Path) -> None:
    target = Address(str(tmp_path))
    keep_generation(facility, target, NOON)
    rotten = tmp_path / ".registry" / "day-21.zip"
    rotten.write_bytes(b"rotten")
    (said,) = wrong_generations(target)
    assert said.startswith(f"registry day-21: {rotten} is no registry")
    keep_generation(facility, target, NOON + 60)
    assert list(wrong_generations(target)) == []


def test_a_bucket_has_them_as_well(
    facility: Facility, objects: ObjectServer, tmp_path: Path
) -> None:
    target = Address("s3://results/backup")
    assert generations(target) == []
    keep_generation(facility, target, NOON)
    assert {one.name for one in generations(target)} == {"day-21", "hour-16"}
    path = fetched(target, find_generation(target, "hour-16"), tmp_path)
    assert read_archive(path).facility == "Ice & Co"
    assert list(wrong_generations(target)) == []
    objects.put("results", **{"backup/.registry/day-21.zip": b"rotten"})
    assert [said.partition(":")[0] for said in wrong_generations(target)] == ["registry day-21"]


def test_what_cannot_go_along_is_said(facility: Facility, tmp_path: Path) -> None:
    facility.path.write_text("[facility\n")
    (said,) = keep_generation(facility, Address(str(tmp_path)), NOON)
    assert "not valid TOML" in said


def test_what_did_not_arrive_as_it_is_fails(
    facility: Facility, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Address(str(tmp_path / "away"))
    with pytest.raises(Outage, match=r"away/\.registry cannot be written: No such file"):
        keep_generation(facility, target, NOON)
    (tmp_path / "away").mkdir()
    with pytest.raises(LookupError, match="it was never backed up there"):
        find_generation(target)
    monkeypatch.setattr(of_place, "carry", lambda *_: RsyncRun())
    with pytest.raises(Outage, match=r"hour-16\.zip: it did not arrive"):
        keep_generation(facility, target, NOON)

    def differs(*_: object) -> None:
        raise NotTheSame("what was read is not what was written")

    monkeypatch.setattr(of_place, "pack", differs)
    with pytest.raises(Outage, match="is not what was written"):
        keep_generation(facility, target, NOON)
