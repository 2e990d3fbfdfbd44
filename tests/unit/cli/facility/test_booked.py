"""`icestream facility bookings` and `icestream facility projects`."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.facility.opened import open_facility
from icestream.facility.registry.people import keep_person, keep_project

HOUR = 3600.0
SECTIONS = """
[bookings]
kind = "csv"
file = "{folder}/b.csv"

[projects]
kind = "csv"
file = "{folder}/p.csv"
"""


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def at(hours: float) -> str:
    return datetime.fromtimestamp(time.time() + hours * HOUR, UTC).isoformat()


@pytest.fixture
def table(write_facility: Callable[[str], Path], tmp_path: Path) -> Path:
    write_facility(SECTIONS)
    (tmp_path / "p.csv").write_text("code,title,pi,pi_name,confidential\nCEM00123,Ice,rosa,R O,y\n")
    path = tmp_path / "b.csv"
    path.write_text(
        "microscope,begins,ends,title,name\n"
        f"7,{at(-1)},{at(20)},cem00123 apoferritin,Rosa Ortiz\n"
        f"glacios,{at(30)},{at(50)},cycle,\n"
        f"7,{at(300)},{at(320)},later,\n"
    )
    return path


def test_bookings(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert facility_("bookings") == 0
    assert "csv was never read" in capsys.readouterr().out
    assert facility_("bookings", "--refresh") == 0
    told = capsys.readouterr()
    assert told.err == "3 bookings, 3 new\n"
    lines = told.out.splitlines()
    assert lines[0].startswith("microscope\tbegins\tends\twho")
    krios, glacios = (line.split("\t") for line in lines[1:3])
    assert krios[0] == "krios1"
    assert krios[3:8] == ["Rosa Ortiz", "cem00123 apoferritin", "CEM00123", "booked", "csv"]
    assert krios[8].endswith(" s ago")
    assert (glacios[0], glacios[6]) == ("glacios", "maintenance")
    assert lines[3].startswith("csv was read ")
    assert facility_("bookings", "--days", "20", "--microscope", "krios1") == 0
    told_of_one = capsys.readouterr().out
    assert "krios1 now: Rosa Ortiz for CEM00123: cem00123 apoferritin" in told_of_one
    assert "unsure: nothing is known of project CEM00123" in told_of_one
    assert "later" in told_of_one
    assert "glacios" not in told_of_one


def test_an_outage_is_said_with_what_holds(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facility_("bookings", "--refresh")
    table.unlink()
    capsys.readouterr()
    assert facility_("bookings", "--refresh") == 1
    told = capsys.readouterr()
    assert "not read:" in told.err
    assert "Rosa Ortiz" in told.out
    assert "ago; since then: " in told.out
    assert facility_("bookings", "--json") == 0
    whole = json.loads(capsys.readouterr().out)
    assert "cannot be read" in whole["source"]["problem"]
    assert [one["microscope"] for one in whole["bookings"]] == ["krios1", "glacios"]


def test_many_that_vanish_are_cancelled_when_that_is_believed(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text(table.read_text() + f"7,{at(400)},{at(420)},last,\n")
    facility_("bookings", "--refresh")
    table.write_text("microscope,begins,ends\n")
    assert facility_("bookings", "--refresh") == 1
    assert "icestream facility bookings --refresh --believe-empty" in capsys.readouterr().err
    assert facility_("bookings", "--believe-empty", "--cancelled", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["state"] for one in told["bookings"]} == {"cancelled"}


def test_projects(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert facility_("projects", "--refresh") == 1
    assert "confidential is 'y'" in capsys.readouterr().err
    path = table.parent / "p.csv"
    path.write_text(path.read_text().replace(",y\n", ",yes\n"))
    assert facility_("projects", "--refresh") == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line == "CEM00123\topen, confidential\tIce\tR O\t-\tR O\tcsv"
    assert facility_("projects", "--json") == 0
    assert json.loads(capsys.readouterr().out)["projects"][0]["pi"] == "rosa"


def test_a_facility_without_either(
    write_facility: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    write_facility("")
    with open_facility() as facility, facility.registry.write() as connection:
        keep_person(connection, "rosa", title="R O")
        keep_project(connection, "CEM00124", pi="rosa")
    assert facility_("bookings") == 0
    assert "no [bookings] in the facility file" in capsys.readouterr().out
    assert facility_("projects") == 0
    told = capsys.readouterr().out
    assert "CEM00124" in told
    assert "no [projects] in the facility file" in told
    with pytest.raises(LookupError, match="no microscope 'talos'"):
        facility_("bookings", "--microscope", "talos")
