"""What is wrong with the section about copying."""

from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.file import load_facility
from icestream.facility.transfer.flaws import transfer_flaws
from icestream.settings import load


def found(path: Path) -> dict[str, str]:
    return {one.where: one.what for one in transfer_flaws(load_facility(path), load().settings)}


def test_a_part_that_is_off_or_well_has_none(write_facility: Callable[[str], Path]) -> None:
    assert found(write_facility("")) == {}
    assert found(write_facility("[transfer]\nreserve = 0\n")) == {}


def test_all_that_is_wrong_is_said(write_facility: Callable[[str], Path]) -> None:
    said = found(
        write_facility(
            '[transfer]\nin_place = ["krois1"]\nreserve = 1e9\npassword = { file = "/none" }\n'
            'clean_source = "after-verified-copy"\nclean_after = "1 h"\n'
            '[transfer.sources]\nkrios1 = "rsync://127.0.0.1:9/m"\n'
        )
    )
    assert "there is no [microscopes.krois1]" in said["transfer.in_place"]
    assert "less than a day" in said["transfer.clean_after"]
    assert "cannot be read" in said["transfer.password"]
    assert "refused" in said["transfer.sources.krios1"]
    assert "are free on the disk" in said["transfer.reserve"]


def test_without_rsync_nothing_can_be_copied(
    write_facility: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_facility("[transfer]\nreserve = 0\n")
    settings = load().settings
    monkeypatch.setenv("PATH", str(tmp_path))
    flaws = list(transfer_flaws(load_facility(path), settings))
    assert "not installed" in flaws[0].what


def test_a_bucket_needs_no_rsync_and_is_asked(
    write_facility: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.facility.transfer.flaws.version", lambda: "")
    sources = 'krios1 = "s3://movies/a"\n'
    said = found(
        write_facility(
            f"[transfer]\nreserve = 0\n[transfer.sources]\n{sources}glacios = 's3://movies/b'\n"
        )
    )
    assert "transfer" not in said
    assert "s3://movies/a: " in said["transfer.sources.krios1"]
    alone = found(write_facility(f"[transfer]\nreserve = 0\n[transfer.sources]\n{sources}"))
    assert "rsync is not installed" in alone["transfer"]
