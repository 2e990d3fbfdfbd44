"""The list of sessions, one of them, and its history."""

from fastapi.testclient import TestClient

from icestream.store import queries
from icestream.store.follow import newest_event
from report_session import SampleSession


def here(client: TestClient) -> str:
    (one,) = client.get("/api/sessions").json()
    return f"/api/sessions/{one['id']}"


def test_every_session_is_listed_also_one_that_cannot_be_read(
    client: TestClient, sample: SampleSession
) -> None:
    broken = sample.folder.parent / "broken"
    broken.mkdir()
    (broken / "icestream.db").write_bytes(b"no database")
    listed = {one["folder"]: one for one in client.get("/api/sessions").json()}
    assert listed[str(sample.folder)]["problem"] is None
    assert listed[str(broken)]["problem"]


def test_one_session(client: TestClient, sample: SampleSession) -> None:
    found = client.get(here(client)).json()
    counts = queries.count_exposures(sample.store)
    assert found["name"] == "apoferritin-grid-2"
    assert found["counts"]["found"] == 30
    assert found["counts"]["accepted"] == counts["done"]
    assert [branch["name"] for branch in found["branches"]] == ["main"]
    assert found["last_event"] == newest_event(sample.store)
    assert found["mount"]["free"] > 0
    assert found["runs"] == ""


def test_one_that_is_not_there(client: TestClient) -> None:
    answer = client.get("/api/sessions/nothing")
    assert answer.status_code == 404
    assert "there is no session nothing" in answer.json()["message"]


def test_one_that_cannot_be_read_says_why(client: TestClient, sample: SampleSession) -> None:
    broken = sample.folder.parent / "broken"
    broken.mkdir()
    (broken / "icestream.db").write_bytes(b"no database")
    listed = {one["folder"]: one for one in client.get("/api/sessions").json()}
    answer = client.get(f"/api/sessions/{listed[str(broken)]['id']}")
    assert answer.status_code == 409
    assert answer.json()["message"]


def test_the_history_is_read_on_from_where_it_stopped(
    client: TestClient, sample: SampleSession
) -> None:
    for why in ("torn", "ice", "again"):
        sample.decide("reject", {"exposures": ["a"]}, why=why)
    path = f"{here(client)}/history"
    every = client.get(path).json()
    assert [one["why"] for one in every] == ["torn", "ice", "again"]
    assert every[0]["words"].startswith("reject a")
    rest = client.get(path, params={"after": every[0]["number"], "limit": 1}).json()
    assert [one["why"] for one in rest] == ["ice"]
