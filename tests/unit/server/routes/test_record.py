"""What is read of a session afterwards."""

import json
import time

import pytest
from fastapi.testclient import TestClient

from icestream.server.routes.record import _spread
from icestream.store.published import RECORD
from report_session import SampleSession
from toy_session import wait_for


def test_trends_in_the_units_of_screens(reader: TestClient, there: str) -> None:
    said = reader.get(f"{there}/trends").json()
    assert (said["width"], said["first"][:3]) == (1, [0, 1, 2])
    defocus = next(one for one in said["qualities"] if one["name"] == "ctf.defocus")
    assert defocus["unit"] == "µm"
    assert 0 < defocus["median"] < 10
    assert len(defocus["mid"]) == len(said["time"]) == 30
    # Limits that lie near are on the axis.
    limits = next(
        one for one in reader.get(f"{there}/qualities").json() if one["name"] == "ctf.resolution"
    )["limits"]
    assert limits
    assert "ctf.angle" not in {one["name"] for one in said["qualities"]}


def test_exposure_groups(reader: TestClient, there: str) -> None:
    said = reader.get(f"{there}/groups").json()
    assert sum(one["count"] for one in said["groups"]) == 30
    assert len(said["shifts"]["x"]) == len(said["shifts"]["order"])
    assert 0 < said["groups"][0]["medians"]["ctf.defocus"] < 10


def test_decisions_the_newest_first(asked: TestClient, base: str, full: SampleSession) -> None:
    assert asked.get(f"{base}/decisions").json() == {"groups": [], "counts": {}, "total": 0}
    full.decide("pause", {"step": "pick"}, why="lunch")
    full.decide("resume", {"step": "pick"})
    wait_for(lambda: asked.get(f"{base}/decisions").json()["total"] == 2)
    said = asked.get(f"{base}/decisions").json()
    assert [group["verb"] for group in said["groups"]] == ["resume", "pause"]
    assert said["groups"][1]["entries"][0]["why"] == "lunch"


def test_what_no_other_screen_shows(asked: TestClient, base: str, full: SampleSession) -> None:
    full.estimate_gain()
    (gain,) = asked.get(f"{base}/seen").json()
    assert (gain["step"], gain["part"]) == ("gain", "gains")
    assert dict(gain["facts"])["Reference"] == "gain.mrc"
    (picture,) = gain["pictures"]
    shown = asked.get(picture["url"], params={"size": 64})
    assert shown.headers["content-type"] == "image/png"


def test_how_the_movies_were_taken(reader: TestClient, there: str) -> None:
    said = {one["label"]: one for one in reader.get(f"{there}/acquisition").json()}
    assert said["Voltage"]["value"] == "300 kV"
    assert said["Frames"]["note"] is None
    groups = reader.get(f"{there}/groups").json()["groups"]
    assert said["Exposure groups"]["value"] == str(len(groups))


@pytest.mark.parametrize("total", [0, 1, 64, 65, 1_000, 100_000])
def test_a_longer_session_asks_those_again_that_were_asked(total: int) -> None:
    asked = _spread(total)
    assert len(asked) <= 65
    assert asked <= set(range(total))
    assert total - 1 in asked or not total
    assert {order for order in _spread(2 * total) if order < total - 1} <= asked


def test_whether_it_is_published(asked: TestClient, base: str, full: SampleSession) -> None:
    assert asked.get(f"{base}/published").json() is None
    (full.folder / RECORD).parent.mkdir(exist_ok=True)
    state = {"target": "web:/live/", "last": None, "failing": time.time(), "tries": 2, "why": "no"}
    (full.folder / RECORD).write_text(json.dumps(state))
    said = asked.get(f"{base}/published").json()
    assert said["failing"] is True
    assert "not published to web:/live/" in said["words"]
