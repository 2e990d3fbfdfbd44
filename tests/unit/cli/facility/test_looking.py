"""`icestream facility example`, `check` and `status`."""

import json
import re
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.facility.duties import standing
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.duties.round import do_once
from icestream.facility.opened import Facility


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_an_example_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    facility_("example")
    assert tomllib.loads(capsys.readouterr().out)["facility"]["time_zone"] == "Europe/Madrid"


def test_all_problems_are_printed_at_once(
    write_facility: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_facility("")
    assert facility_("check") == 0
    assert f"{path}: nothing is wrong" in capsys.readouterr().out
    path.write_text(path.read_text() + '\n[tree]\nplace = "x"\nmode = 1\n')
    assert facility_("check") == 1
    said = capsys.readouterr().out
    assert "wrong  tree.place: name {session}" in said
    assert "wrong  tree.mode: write permissions" in said
    assert f"{path}: 2 are wrong" in said
    assert facility_("check", str(path), "--json") == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["where"] == "tree.place"


def test_duties_are_shown_with_what_fails(
    facility: Facility, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert facility_("status") == 1
    assert "NO process does it, and it was never done: start" in capsys.readouterr().out

    def away(facility: Facility, stop: threading.Event) -> str:
        raise Outage("the NAS is away")

    def well(facility: Facility, stop: threading.Event) -> str:
        return "3 files"

    own = tuple(
        Duty(name=name, what=f"does {name}", every=1.0, act=act)
        for name, act in (("copy", away), ("bookings", well), ("later", well))
    )
    monkeypatch.setattr(standing, "duties_of", lambda _: own)
    do_once(facility, own[0])
    do_once(facility, own[1])
    assert facility_("status") == 1
    said = capsys.readouterr().out
    assert re.search(r"FAILS since \d+ s \(1 time\): the NAS is away", said)
    assert "3 files" in said
    assert "never" in said
    assert facility_("status", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told[0]["problem"] == "the NAS is away"
    assert [one["standing"] for one in told] == ["fails", "well", "undone"]
    assert facility_("status", "--quiet") == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert re.match(r"copy: fails since .*: the NAS is away; later: no process does it", line)
    monkeypatch.setattr(standing, "duties_of", lambda _: own[1:2])
    assert facility_("status", "--quiet") == 0
    assert capsys.readouterr().out == "1 duties go well\n"


def test_a_registry_is_made_anew(facility: Facility, capsys: pytest.CaptureFixture[str]) -> None:
    folder = facility.sessions / "x"
    folder.mkdir()
    (folder / "facility.json").write_text("[]")
    assert facility_("rebuild") == 1
    said = capsys.readouterr().out
    assert "0 sessions are in the registry" in said
    assert f"refused {folder}/facility.json is no card" in said
