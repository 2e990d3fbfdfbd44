"""What is wrong with the section of the memory is said by `icestream facility check`."""

from collections.abc import Callable
from pathlib import Path

from icestream.facility.check import check_facility
from icestream.settings import load


def flaws(path: Path) -> dict[str, str]:
    return {
        one.where: one.what
        for one in check_facility(path, load().settings)[0]
        if one.where.startswith("memory")
    }


def test_nothing_is_wrong_with_folders_that_can_be_made(
    write_facility: Callable[[str], Path],
) -> None:
    assert flaws(write_facility("")) == {}
    assert flaws(write_facility('[memory]\nfolder = "{folder}/deep/pages"\n')) == {}


def test_all_that_is_wrong_is_said_at_once(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    more = '[memory]\nfolder = "{folder}/file/pages"\n[memory.reports]\nfolder = "{folder}/x"\n'
    found = flaws(write_facility(more))
    assert "is no folder" in found["memory.folder"]
    assert "lead to any report" in found["memory.reports.address"]
    more = '[memory]\npublish = "/tmp/"\n[memory.reports]\nfolder = "/tmp"\naddress = "/x/"\n'
    assert "nothing to publish" in flaws(write_facility(more))["memory.publish"]
    both = '[memory]\nfolder = "{folder}/x"\n[memory.reports]\nfolder = "{folder}/x"\n'
    assert "for staff" in flaws(write_facility(both))["memory.reports.folder"]
