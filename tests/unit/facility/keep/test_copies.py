"""Verified copies are those that were read back and not found wrong since."""

from icestream.facility.keep.copies import BackupCopies
from icestream.facility.keep.doing import keep_house
from kept_session import KeptPlace


def test_copies_are_found_by_the_paths_in_the_place(kept: KeptPlace) -> None:
    assert BackupCopies().of(kept.layout) == {}
    kept.back_up("raw/a.tiff", "processing/ctf/a.mrc")
    kept.back_up("raw/a.tiff", backup="tape")
    found = BackupCopies().of(kept.layout)
    assert set(found) == {"raw/a.tiff", "processing/ctf/a.mrc"}
    assert [one.backup for one in found["raw/a.tiff"]] == ["tape", "usb"]
    status = (kept.place / "raw/a.tiff").stat()
    assert (found["raw/a.tiff"][0].size, found["raw/a.tiff"][0].modified) == (
        status.st_size, status.st_mtime_ns,
    )  # fmt: skip


def test_one_that_was_found_wrong_or_never_read_is_none(kept: KeptPlace) -> None:
    kept.back_up("raw/a.tiff", "raw/Sq 1/b.tiff")
    kept.spoil("raw/a.tiff")
    assert set(BackupCopies().of(kept.layout)) == {"raw/Sq 1/b.tiff"}


def test_what_a_backup_held_that_the_facility_has_no_more_is_none(kept: KeptPlace) -> None:
    kept.back_up("raw/a.tiff")
    kept.back_up("raw/Sq 1/b.tiff", backup="retired")
    assert set(BackupCopies(["usb"]).of(kept.layout)) == {"raw/a.tiff"}
    kept.facility.file.backup.clear()
    assert keep_house(kept.facility).removed[0].files == 0
    assert (kept.place / "raw/a.tiff").exists()
