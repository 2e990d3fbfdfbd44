"""`icestream facility people`, `member` and `project`."""

import json
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.facility.opened import Facility
from icestream.facility.registry.people import UnknownProject


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_a_project_and_its_people(facility: Facility, capsys: pytest.CaptureFixture[str]) -> None:
    facility_("people")
    assert "nobody yet" in capsys.readouterr().out
    facility_("project", "p", "--title", "Ribosome", "--team", "cori", "--pi", "gerty")
    facility_("project", "p", "--confidential")
    said = capsys.readouterr().out
    assert "title         Ribosome" in said
    assert "confidential  True" in said
    assert facility_("member", "p", "lea") == 0
    assert capsys.readouterr().out == "project p: gerty, lea\n"
    facility_("people", "--json")
    assert {one["name"]: one["projects"] for one in json.loads(capsys.readouterr().out)} == {
        "gerty": ["p"], "lea": ["p"],
    }  # fmt: skip
    facility_("people")
    assert "lea" in capsys.readouterr().out
    assert facility_("member", "p", "gerty", "--remove") == 1
    assert "principal investigator" in capsys.readouterr().out
    assert facility_("member", "p", "lea", "--remove") == 0
    assert capsys.readouterr().out == "project p: gerty\n"
    with pytest.raises(UnknownProject, match="no project 'q'"):
        facility_("member", "q", "lea")
    with pytest.raises(UnknownProject):
        facility_("project", "q")
