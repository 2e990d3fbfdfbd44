"""`icestream facility people`, `member` and `project`."""

import json
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.facility.begin.begin import WantedSession, begin_session
from icestream.facility.begin.card import read_card
from icestream.facility.opened import Facility
from icestream.facility.registry.people import UnknownProject, projects
from icestream.protocol import Registry


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


def test_a_project_is_confidential_whatever_its_capitals(facility: Facility) -> None:
    facility_("project", "cem1", "--title", "Ribosome")
    wanted = WantedSession(microscope="krios1", project="CEM1", workflow="quick-look", start=False)
    card = begin_session(facility, Registry(), wanted).card
    assert card.project == "cem1"
    facility_("project", "CEM1", "--confidential")
    facility_("member", "Cem1", "lea")
    with facility.registry.read() as connection:
        (one,) = projects(connection)
    assert (one.code, one.confidential, one.people) == ("cem1", True, ("lea",))
    marked = read_card(Path(card.folder))
    assert marked is not None
    assert marked.confidential
