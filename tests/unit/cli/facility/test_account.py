"""`icestream facility account` and `forecast`."""

import csv
import json
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.facility.opened import Facility
from icestream.facility.registry.sessions import UnknownPlace
from kept_session import KeptPlace


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_every_byte_is_shown(facility: Facility, capsys: pytest.CaptureFixture[str]) -> None:
    kept = KeptPlace(facility)
    kept.back_up("raw/a.tiff")
    (facility.sessions / "stray").write_text("x")
    assert facility_("account") == 0
    said = capsys.readouterr().out
    assert "usb: 1 of 1 verified" in said
    assert "p-1: nobody knows" in said
    assert "p-1: at the microscope: 3 files verified, 18 B" in said
    assert "in no session's place:" in said
    assert "(stray)" in said
    facility_("account", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["sessions"][0]["here"]["tallies"]["raw"]["files"] == 3
    assert found["unclaimed"]["names"] == ["stray"]
    facility_("account", "--csv", "--fresh")
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert {row["class"] for row in rows} >= {"raw", "report", "unclaimed"}
    assert next(row for row in rows if row["class"] == "raw")["bytes"] == "22"


def test_some_sessions_are_asked_for(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    KeptPlace(facility)
    assert facility_("account", "--project", "other") == 0
    assert "p-1" not in capsys.readouterr().out
    facility_("account", "--session", "p-1")
    said = capsys.readouterr().out
    assert "p-1" in said
    assert "in no session's place" not in said
    with pytest.raises(UnknownPlace, match="no session 'x'"):
        facility_("account", "--session", "x")


def test_the_forecast_says_how_it_was_made(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    assert facility_("forecast") == 0
    assert "no forecast: 0 days of history are too few" in capsys.readouterr().out
    KeptPlace(facility, ended=40.0)
    facility_("account")
    capsys.readouterr()
    facility_("forecast")
    said = capsys.readouterr().out
    assert "the disk of the sessions will be full: not within two years" in said
    assert "method: 400 futures" in said
    facility_("forecast", "--json")
    assert json.loads(capsys.readouterr().out)["past"] == 41
