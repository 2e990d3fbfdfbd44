"""Which file is of which class; what nobody knows is of none."""

from pathlib import Path

from icestream.facility.keep.known import OTHER, RECORDS, TRASH, Layout, known_files, rows
from icestream.facility.registry.records import KnownSession
from kept_session import KeptPlace


def test_files_are_known_by_the_store_and_the_ledger(kept: KeptPlace) -> None:
    known = known_files(kept.layout)
    assert known.kind("raw/Sq 1/b.xml") == "raw"
    assert known.kind("raw/mine.txt") == OTHER
    assert known.kind("processing/align/a.mrc") == "micrographs"
    assert known.kind("processing/align/a.jpg") == "project"
    assert known.kind("processing/extract/a.mrcs") == "particles"
    assert known.kind("processing/ctf/a.mrc") == "project"
    assert known.kind("processing/icestream.db-wal") == "project"
    assert known.kind("processing/.facility/backup-usb.db") == RECORDS
    assert known.kind("processing/facility.json") == RECORDS
    assert known.kind("processing/logs/icestream.log") == "project"
    assert known.kind("processing/align/b.mrc") == OTHER
    assert known.kind("handover/anything") == "handover"
    assert known.kind(f"{TRASH}/1/manifest.jsonl") == TRASH
    assert known.kind("elsewhere") == OTHER


def test_without_its_store_nothing_of_a_session_is_known(kept: KeptPlace) -> None:
    for path in kept.folder.glob("icestream.db*"):
        path.unlink()
    known = known_files(kept.layout)
    assert known.problem
    assert known.kind("processing/align/a.mrc") == OTHER
    assert known.kind("processing/report/index.html") == OTHER
    assert known.kind("raw/a.tiff") == "raw"


def test_a_session_outside_of_its_place_has_no_layout() -> None:
    one = KnownSession(id=1, name="x", place="/a/b", folder="/c", key="k", began=0.0)
    assert Layout.of(one, "raw") is None
    same = KnownSession(id=1, name="x", place="/a/b", folder="/a/b", key="k", began=0.0)
    layout = Layout.of(same, "raw")
    assert layout is not None
    assert layout.in_session("align/a.mrc") == "align/a.mrc"


def test_a_ledger_that_is_not_there_answers_nothing(tmp_path: Path) -> None:
    assert rows(tmp_path / "none.db", "SELECT 1") == []
