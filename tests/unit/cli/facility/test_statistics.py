"""`icestream facility statistics`."""

import json
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.facility.opened import Facility
from simulated_histories import remember_history


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_sessions_are_counted(facility: Facility, capsys: pytest.CaptureFixture[str]) -> None:
    facility_("statistics")
    assert capsys.readouterr().out == "there is no session\n"
    remember_history(facility.registry, "krios1", 4)
    facility_("statistics", "--by", "microscope")
    assert capsys.readouterr().out.splitlines()[1].startswith("krios1\t4\t12060\t96.0\t3.")
    facility_("statistics", "--by", "microscope", "--csv")
    assert capsys.readouterr().out.startswith("group,sessions,measured,exposures,hours")
    facility_("statistics", "--by", "year", "--json")
    assert sum(one["sessions"] for one in json.loads(capsys.readouterr().out)) == 4
    facility_("statistics", "--until", "2020-01-01")
    assert capsys.readouterr().out == "there is no session\n"
