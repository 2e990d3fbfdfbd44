"""`icestream facility backup` and `restore`."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from copied_facility import begun, sections
from icestream.cli.facility.app import app
from icestream.engine.graph.workflow import Step, Workflow
from icestream.facility.backup import restoring
from icestream.facility.backup.account import backup_ledgers
from icestream.facility.backup.ledger import BackupLedger
from icestream.facility.opened import Facility, open_facility
from icestream.protocol import Registry
from icestream.starting.begin import enter


@pytest.fixture
def copies(write_facility: Callable[[str], Path], tmp_path: Path) -> Iterator[Facility]:
    with open_facility(write_facility(sections(tmp_path))) as opened:
        yield opened


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_prepared_backed_up_verified_and_restored(
    copies: Facility,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    begun(copies)
    assert facility_("backup", "--once") == 1
    assert "was never prepared" in capsys.readouterr().out
    assert facility_("backup", "--prepare", "usb") == 0
    assert facility_("transfer", "--once") == 0
    assert facility_("backup", "--once", "--verify") == 0
    capsys.readouterr()
    assert facility_("backup", "--json") == 0
    found = {each["part"]: each for each in json.loads(capsys.readouterr().out)}
    assert (found["movies"]["files"], found["movies"]["wrong"]) == (2, 0)
    assert found["movies"]["verified"] > 0
    # The folder is not that of a session that has a store.
    monkeypatch.setattr(restoring, "relocate", lambda folder, moved: 0)
    new = tmp_path / "new"
    assert facility_("restore", "p-001", str(new), "--from", "usb") == 0
    assert len(list((new / "raw").glob("*.mrc"))) == 2
    # By its address no facility is asked.
    address = str(tmp_path / "usb")
    assert facility_("restore", "p-001", str(tmp_path / "n3"), "--from", address) == 0
    assert len(list((tmp_path / "n3" / "raw").glob("*.mrc"))) == 2
    held = tmp_path / "usb" / "p-001" / "processing" / "align" / "a.mrc"
    held.write_bytes(b"rotten!")
    assert facility_("backup", "--verify", "--to", "usb") == 1
    assert "it holds something else" in capsys.readouterr().out
    assert facility_("restore", "p-001", str(tmp_path / "n2"), "--from", "usb") == 1
    assert "wrong  processing/align/a.mrc" in capsys.readouterr().out


def test_a_restored_session_goes_on_with_the_command_that_is_said(
    copies: Facility, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    session = begun(copies)
    folder, raw = Path(session.folder), Path(session.place) / "raw"
    given = {"pattern": str(raw), "watch": True}
    step = Step(name="import", protocol="movies.import", parameters=given)
    enter(folder, Workflow(name="w", steps=(step,)), Registry())
    facility_("backup", "--prepare", "usb")
    facility_("transfer", "--once")
    assert facility_("backup", "--once") == 0
    capsys.readouterr()
    new = tmp_path / "new"
    assert facility_("restore", "p-001", str(new), "--from", "usb") == 0
    said = f"go on with: icestream process {new}/raw --out {new}/processing --watch\n"
    assert capsys.readouterr().out.endswith(said)


@pytest.mark.usefixtures("copies")
def test_a_backup_that_there_is_not() -> None:
    with pytest.raises(LookupError, match=r"no \[backup\.ubs\]; did you mean usb"):
        facility_("backup", "--to", "ubs")


def test_what_was_on_a_disk_that_is_lost_is_backed_up_again(
    copies: Facility, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    session = begun(copies)
    facility_("backup", "--prepare", "usb")
    facility_("transfer", "--once")
    facility_("backup", "--once")
    (path,) = backup_ledgers(Path(session.folder)).values()
    with closing(BackupLedger(path)) as ledger:
        ledger.lost(["processing/align/a.mrc"], 1.0)
    shutil.rmtree(tmp_path / "usb")
    (tmp_path / "usb").mkdir()
    capsys.readouterr()
    facility_("backup", "--json")
    (lost,) = json.loads(capsys.readouterr().out)[0]["volumes"]
    assert facility_("lost-disk", lost) == 0
    said = capsys.readouterr().out
    assert "1 of them are gone from their sessions, and lost" in said
    assert facility_("lost-disk", lost) == 1
    facility_("backup", "--prepare", "usb")
    assert facility_("backup", "--once") == 0
    assert len(list((tmp_path / "usb" / "p-001" / "movies").glob("*.mrc"))) == 2
