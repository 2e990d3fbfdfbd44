"""`icestream facility sinks`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.facility.opened import open_facility
from sink_sessions import DeliveredSession, register

SECTIONS = '[sinks.lines]\nkind = "file"\nfolder = "{folder}/lines"\n'


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


@pytest.fixture
def session(write_facility: Callable[[str], Path], tmp_path: Path) -> DeliveredSession:
    with open_facility(write_facility(SECTIONS)) as facility:
        made = DeliveredSession(facility.sessions / "one", "u1")
        made.grow(2)
        register(facility, made, began=9e9)
    return made


def test_results_are_delivered_by_hand(
    session: DeliveredSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert facility_("sinks", "--once") == 1  # the folder is not there
    assert "lines: " in (said := capsys.readouterr().out) and "No such file" in said
    assert "AWAY" in said and "2 exposures" in said
    (tmp_path / "lines").mkdir()
    assert facility_("sinks", "--once") == 0
    said = capsys.readouterr().out
    assert "lines: 11 delivered of 1 session" in said and "last delivered" in said
    assert facility_("sinks", "one", "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one["delivered"]["movie"] == 2 and one["behind"] == 0
    assert facility_("sinks", "--again", "--retry") == 0
    said = capsys.readouterr().out
    assert "0 that were set aside will be tried" in said and "told again of 1" in said
    with pytest.raises(LookupError, match="no such sink of the kind ispyb"):
        facility_("sinks", "one", "--visit", "cm1-1")
    with pytest.raises(ValueError, match="name the one session"):
        facility_("sinks", "--visit", "cm1-1")
