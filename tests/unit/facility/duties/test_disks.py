"""Disks of microscopes that do not answer are said, by their names."""

import threading
from pathlib import Path

import pytest

from icestream.facility.duties.disks import disk_duties
from icestream.facility.duties.duty import Outage
from icestream.facility.opened import Facility
from silent_disks import Hangs, hangs

__all__ = ["hangs"]


def test_a_disk_that_hangs_is_told_of(facility: Facility, tmp_path: Path, hangs: Hangs) -> None:
    (duty,) = disk_duties(facility.file)
    assert facility.disks.roots[tmp_path / "glacios"] == "glacios's movies"
    hangs.at(tmp_path / "krios1")
    with pytest.raises(Outage, match=r"^the disk of krios1's movies, \S*/krios1 has not answered"):
        duty.act(facility, threading.Event())
    hangs.over()
    hangs.eventually(lambda: not facility.disks.silent_roots())
    assert duty.act(facility, threading.Event()) == "3 answer"
