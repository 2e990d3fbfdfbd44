"""A session as a whole: map, timeline, limits, agreement."""

import pytest
from fastapi.testclient import TestClient

from report_session import SampleSession
from toy_session import wait_for


def test_the_map(reader: TestClient, there: str) -> None:
    said = reader.get(f"{there}/squares").json()
    assert said["quality"] == "ctf.resolution"
    assert "motion.total" in said["qualities"]
    assert said["total"] == said["shown"] == 30
    (square,) = said["squares"]
    assert square["count"] == 30
    assert square["left"] < square["right"]
    assert len(said["places"]["state"]) == len(said["places"]["x"]) == 30
    assert said["range"][0] < square["median"] < said["range"][1]
    other = reader.get(
        f"{there}/squares", params={"quality": "motion.total", "square": square["name"]}
    ).json()
    assert other["squares"][0]["median"] != square["median"]
    for query, words in (({"quality": "x"}, "ctf.defocus"), ({"square": "9"}, "square '9'")):
        refused = reader.get(f"{there}/squares", params=query)
        assert (refused.status_code, words in refused.json()["message"]) == (404, True)


def test_what_happened_when(reader: TestClient, there: str) -> None:
    said = reader.get(f"{there}/timeline").json()
    assert {bar["level"] for bar in said["alerts"]} == {"warning", "notice"}
    assert sum(said["tempo"]["taken"]) == 30


def test_limits_of_its_own(reader: TestClient, there: str) -> None:
    said = reader.get(f"{there}/control").json()
    assert said["ctf.defocus"]["low"] is None  # no defocus can be so low
    assert said["ctf.defocus"]["center"] < said["ctf.defocus"]["high"]
    assert said["ctf.defocus"]["center"] < 10  # µm, as screens show it
    assert said["ctf.defocus"]["rule"].startswith("median ± 3")


def test_what_steps_tell_and_how_they_agree(
    asked: TestClient, base: str, full: SampleSession
) -> None:
    assert asked.get(f"{base}/agreement").json() == []
    told = {one["name"]: one for one in asked.get(f"{base}/told").json()}
    assert told["keep"]["sentence"].startswith("15 of 24 2D classes were selected")
    assert asked.get(f"{base}/told").json() == list(told.values())
    full.agree(8)
    said = {one["step"]: one for one in asked.get(f"{base}/agreement").json()}
    assert said["ctf_agree"]["exposures"] == 8
    assert said["pick_agree"]["pickers"]["steps"] == ["pick", "pick_other", "pick_third"]


def test_new_exposures_are_on_the_map(asked: TestClient, base: str, full: SampleSession) -> None:
    def total() -> int:
        return int(asked.get(f"{base}/squares").json()["total"])

    assert total() == 30
    full.grow(2)
    assert wait_for(lambda: total() == 32)  # what costs much is told a little later
    full.change("ctf")
    assert total() == 32


@pytest.mark.parametrize("path", ["squares", "timeline", "control", "agreement", "told"])
def test_of_an_empty_session(asked: TestClient, base: str, full: SampleSession, path: str) -> None:
    empty = SampleSession(full.folder.parent / "empty", start=1.79e9)
    asked.app.state.server.catalogue.entries(fresh=True)  # type: ignore[attr-defined]
    listed = {one["folder"]: one["id"] for one in asked.get("/api/sessions").json()}
    assert asked.get(f"/api/sessions/{listed[str(empty.folder)]}/{path}").status_code == 200
    assert base


def test_a_branch_has_a_map_and_limits_of_its_own(tried: tuple[TestClient, str]) -> None:
    client, base = tried
    (main,) = client.get(f"{base}/squares").json()["squares"]
    (five,) = client.get(f"{base}/squares?branch=five").json()["squares"]
    assert (main["accepted"], main["failed"]) == (8, 0)
    assert (five["accepted"], five["failed"]) == (7, 1)
    assert five["median"] == pytest.approx(main["median"] + 4, abs=1)
    for path in ("control", "agreement", "told", "trends", "groups", "seen"):
        assert client.get(f"{base}/{path}?branch=five").status_code == 200


def test_a_branch_has_a_timeline_of_its_own(tried: tuple[TestClient, str]) -> None:
    client, base = tried
    whole = client.get(f"{base}/timeline").json()
    five = client.get(f"{base}/timeline?branch=five").json()
    assert sum(whole["tempo"]["taken"]) == sum(five["tempo"]["taken"]) == 8
    assert sum(five["tempo"]["settled"]) == 8
    assert client.get(f"{base}/timeline?branch=main").json()["marks"] == whole["marks"]
