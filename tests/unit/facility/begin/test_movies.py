"""Folders of a microscope, the newest first."""

import os
from pathlib import Path

from icestream.facility.begin.begin import WantedSession, begin_session
from icestream.facility.begin.movies import newest_folders, taken_folders
from icestream.facility.opened import Facility
from icestream.protocol import Registry


def test_the_newest_is_first_by_what_is_put_into_it(tmp_path: Path) -> None:
    for age, name in ((30, "old"), (20, "new"), (10, ".hidden")):
        (tmp_path / name / "Images-Disc1").mkdir(parents=True)
        for one in (tmp_path / name, tmp_path / name / "Images-Disc1"):
            os.utime(one, (1000 - age, 1000 - age))
    (tmp_path / "a file").touch()
    assert [one.path.name for one in newest_folders(tmp_path)] == ["new", "old"]
    os.utime(tmp_path / "old" / "Images-Disc1", (2000, 2000))
    found = newest_folders(tmp_path)
    assert [(one.path.name, one.changed) for one in found] == [("old", 2000.0), ("new", 980.0)]
    assert len(newest_folders(tmp_path, most=1)) == 1


def test_folders_of_other_things_come_last(tmp_path: Path) -> None:
    for number, (name, file) in enumerate(
        (("old", "a_Fractions.tiff"), ("epu", "EpuSession.dm"), ("fresh", ""), ("notes", "x.txt"))
    ):
        (tmp_path / name).mkdir()
        if file:
            (tmp_path / name / file).touch()
        os.utime(tmp_path / name, (1000 + number, 1000 + number))
    found = [one.path.name for one in newest_folders(tmp_path)]
    assert found == ["fresh", "epu", "old", "notes"]


def test_the_truth_of_a_simulation_is_no_movies(tmp_path: Path) -> None:
    for name in ("sim", "sim_truth", "other_truth"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.mrc").touch()
    assert {one.path.name for one in newest_folders(tmp_path)} == {"sim", "other_truth"}


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert newest_folders(tmp_path / "none") == ()


def test_those_that_another_session_takes_come_behind(facility: Facility) -> None:
    krios1 = facility.path.parent / "krios1"
    for number, name in enumerate(("mine", "theirs")):
        (krios1 / name).mkdir()
        os.utime(krios1 / name, (1000 + number, 1000 + number))
    wanted = WantedSession(microscope="krios1", movies=str(krios1 / "theirs"), start=False)
    begin_session(facility, Registry(), wanted)
    taken = taken_folders(facility, "krios1")
    found = newest_folders(krios1, taken=taken)
    assert [(one.path.name, one.taken) for one in found] == [("mine", False), ("theirs", True)]
    assert taken_folders(facility, "glacios") == frozenset()
