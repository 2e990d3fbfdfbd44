"""`icestream facility occasion`."""

import json
import time
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.facility.opened import Facility


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_occasions_are_written_down_and_listed(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    facility_("occasion")
    assert capsys.readouterr().out == "nothing was written down\n"
    facility_(
        "occasion", "krios1", "service", "gun change", "--at", "2026-11-02 09:00",
        "--until", "2026-11-03",
    )  # fmt: skip
    assert "krios1: service on 2026-11-02 09:00; its charts learn anew" in capsys.readouterr().out
    facility_("occasion", "glacios", "note", "loud pump")
    assert "learn" not in capsys.readouterr().out
    facility_("occasion", "krios1")
    out = capsys.readouterr().out
    assert "2026-11-02 09:00\t2026-11-03 00:00\tkrios1\tservice\tgun change" in out
    assert "pump" not in out
    facility_("occasion", "--json")
    assert len(json.loads(capsys.readouterr().out)) == 2


def test_an_occasion_gets_its_end_when_it_is_over(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    facility_("occasion", "krios1", "failure", "vacuum", "--at", "2026-11-02 09:00")
    with pytest.raises(ValueError, match="occasion 1 would end before it begins"):
        facility_("occasion", "--end", "1", "--until", "2026-11-02 08:59")
    with pytest.raises(LookupError, match="there is no occasion 2"):
        facility_("occasion", "--end", "2")
    with pytest.raises(ValueError, match="by its number and --until alone"):
        facility_("occasion", "krios1", "--end", "1")
    capsys.readouterr()
    facility_("occasion", "--end", "1", "--until", "2026-11-02 17:00")
    said = "krios1: failure of 2026-11-02 09:00 lasted until 2026-11-02 17:00"
    assert capsys.readouterr().out == f"{said}\n"
    facility_("occasion", "--end", "1", "--until", "2026-11-02 18:30")
    assert "until 2026-11-02 18:30, before that 2026-11-02 17:00" in capsys.readouterr().out
    facility_("occasion")
    assert "1\t2026-11-02 09:00\t2026-11-02 18:30\tkrios1" in capsys.readouterr().out
    facility_("occasion", "--end", "1")
    facility_("occasion", "--json")
    (one,) = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert abs(one["until"] - time.time()) < 600


def test_what_cannot_be_is_refused(facility: Facility) -> None:
    with pytest.raises(ValueError, match="did you mean service"):
        facility_("occasion", "krios1", "servise")
    with pytest.raises(ValueError, match="write a time as 2026-11-30"):
        facility_("occasion", "krios1", "service", "x", "--at", "yesterday")
    with pytest.raises(ValueError, match="before it begins"):
        facility_("occasion", "krios1", "note", "x", "--at", "2026-11-02", "--until", "2026-11-01")
    with pytest.raises(LookupError, match="it has glacios, krios1"):
        facility_("occasion", "krios9", "note", "x")
