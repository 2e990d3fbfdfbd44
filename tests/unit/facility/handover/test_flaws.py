"""What is wrong with the section about handing over."""

from collections.abc import Callable
from pathlib import Path

from icestream.facility.file import load_facility
from icestream.facility.handover.flaws import handover_flaws
from icestream.settings import load


def found(path: Path) -> dict[str, str]:
    return {one.where: one.what for one in handover_flaws(load_facility(path), load().settings)}


def test_the_area_is_looked_at(write_facility: Callable[[str], Path], tmp_path: Path) -> None:
    assert found(write_facility("")) == {}
    area = '[handover]\nfolder = "{folder}/area"\nuser = "nobody-of-that-name"\n'
    assert "is not there" in found(write_facility(area))["handover.folder"]
    (tmp_path / "area").mkdir()
    tmp_path.chmod(0o777)
    said = found(write_facility(area))
    assert "belongs to root" in said["handover.folder"]
    assert "no user 'nobody-of-that-name'" in said["handover.user"]
    assert "write the name" in said["handover.host"]
    among = '[handover]\nfolder = "{folder}/sessions/area"\n'
    assert "is among the sessions" in found(write_facility(among))["handover.folder"]


def test_sessions_beside_the_area_can_be_seen_by_sftp(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "area").mkdir()
    path = write_facility('[handover]\nfolder = "{folder}/area"\n')
    flaws = [one for one in handover_flaws(load_facility(path), load().settings) if one.stops]
    assert "who logs in by SFTP sees all of" in flaws[0].what
    (tmp_path / "chroot" / "area").mkdir(parents=True)
    path = write_facility('[handover]\nfolder = "{folder}/chroot/area"\n')
    assert not [one for one in handover_flaws(load_facility(path), load().settings) if one.stops]
