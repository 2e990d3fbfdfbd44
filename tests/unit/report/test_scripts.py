"""The data files beside the page."""

import json
from pathlib import Path
from typing import Any

import pytest

from icestream.protocol import Registry
from icestream.report.follow import Follower
from icestream.report.scripts import Scripts
from report_session import SampleSession


def data(folder: Path, name: str) -> Any:
    text = (folder / f"{name}.js").read_text(encoding="utf-8")
    return json.loads(text[text.index("(") + 1 : text.rindex(")")])


@pytest.fixture
def written(grown: SampleSession, tmp_path: Path) -> tuple[Path, Scripts, Follower]:
    follower = Follower(grown.store)
    follower.read()
    scripts = Scripts(tmp_path / "report", Registry())
    scripts.write(follower, {}, {}, at_once=True)
    return tmp_path / "report", scripts, follower


def test_squares_and_groups_have_their_places(
    written: tuple[Path, Scripts, Follower], grown: SampleSession
) -> None:
    folder, scripts, _ = written
    where = data(folder, "where")
    assert where["version"] == scripts.versions["where"]
    assert sum(square["count"] for square in where["squares"]) == 30
    assert len(where["groups"]) == 9
    assert where["shift_scale"] > 0
    low, high = where["ranges"]["ctf.defocus"]
    assert 0.5 < low < high < 4
    assert len(where["shifts"]["order"]) == 30
    chunk = data(folder, "exposures-0001")
    assert len(chunk["stage"][0]) == len(chunk["shift"][1]) == len(chunk["group"]) == 30
    assert {chunk["texts"][index] for index in chunk["square"]} == {"8999138"}


def test_each_file_is_written_when_it_has_news(
    written: tuple[Path, Scripts, Follower], grown: SampleSession
) -> None:
    folder, scripts, follower = written
    before = scripts.versions
    assert before["log"] > 0
    assert before["agreement"] == 0
    follower.read()
    scripts.write(follower, {}, {}, at_once=True)
    assert scripts.versions == before
    grown.decide("reject", {"step": "select", "exposures": ["e1"]}, why="ice")
    follower.read()
    scripts.write(follower, {}, {}, at_once=True)
    now = scripts.versions
    assert {name for name in now if now[name] != before[name]} == {"log", "timeline"}
    assert data(folder, "log")["groups"][0]["entries"][0]["why"] == "ice"
    assert len(data(folder, "timeline")["marks"]) == 1


def test_trends_have_control_limits(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    session.grow(300)
    follower = Follower(session.store)
    follower.read()
    Scripts(tmp_path / "report", Registry()).write(follower, {}, {}, at_once=True)
    trends = {each["name"]: each for each in data(tmp_path / "report", "trends")["qualities"]}
    control = trends["ctf.astigmatism"]["control"]
    assert control["low"] is None
    assert 200 < control["high"] < 700
    assert 5 <= control["outside"] <= 40
    assert control["count"] == trends["ctf.astigmatism"]["count"]


def test_a_session_without_places_says_so(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False, places=False)
    session.grow(10)
    follower = Follower(session.store)
    follower.read()
    Scripts(tmp_path / "report", Registry()).write(follower, {}, {}, at_once=True)
    where = data(tmp_path / "report", "where")
    assert where["squares"] == []
    assert where["shift_scale"] is None
    assert where["shifts"]["order"] == []
    assert data(tmp_path / "report", "exposures-0001")["stage"] is None
