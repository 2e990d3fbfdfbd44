"""Where a session stands: the report's own numbers, with types, and the newest exposure."""

import pytest
from fastapi.testclient import TestClient

from icestream.report.follow import Follower
from icestream.report.live import live_document
from icestream.server import remembered
from icestream.server.live_view import LiveView
from icestream.store import queries
from icestream.store.follow import newest_event
from report_session import SampleSession


def here(client: TestClient) -> str:
    (one,) = client.get("/api/sessions").json()
    return f"/api/sessions/{one['id']}"


def test_it_has_every_key_of_the_report(sample: SampleSession) -> None:
    follower = Follower(sample.store)
    follower.read()
    document = live_document(follower, {})
    assert document.keys() | {"last_event", "newest"} == LiveView.model_fields.keys()


def test_it_says_what_the_report_says(client: TestClient, sample: SampleSession) -> None:
    sample.measure(5)
    sample.warn("warning", "Astigmatism is above 600 Å", "")
    found = client.get(f"{here(client)}/live").json()
    follower = Follower(sample.store)
    follower.read()
    document = live_document(follower, {})
    assert found["counts"] == document["counts"]
    assert [one["word"] for one in found["verdicts"]] == [
        one["word"] for one in document["verdicts"]
    ]
    assert [one["message"] for one in found["alerts"]] == ["Astigmatism is above 600 Å"]
    assert found["machine"]
    assert found["last_event"] == newest_event(sample.store)
    titles = {step["name"]: step["title"] for step in found["steps"]}
    assert titles["ctf"] == "CTF estimation"


def test_the_newest_exposure_is_the_last_that_was_processed(
    client: TestClient, sample: SampleSession
) -> None:
    sample.grow(3, settle=False)
    newest = client.get(f"{here(client)}/live").json()["newest"]
    settled = [one for one in queries.exposures(sample.store, newest=True) if one.state != "going"]
    assert (newest["name"], newest["number"]) == (settled[0].name, settled[0].number)


def test_its_pictures_can_be_asked_for(whole: TestClient, whole_here: str) -> None:
    newest = whole.get(f"{whole_here}/live").json()["newest"]
    assert newest["pictures"]
    for link in newest["pictures"]:
        if link["role"] != "image":
            assert whole.get(link["url"]).status_code == 200


def test_what_is_new_is_in_the_next_answer(
    client: TestClient, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "_FRESH", 0.0)
    monkeypatch.setattr(remembered, "_SHARE", 0.0)
    path = f"{here(client)}/live"
    first = client.get(path).json()
    sample.grow(5)
    second = client.get(path).json()
    assert second["counts"]["found"] == first["counts"]["found"] + 5
    assert second["last_event"] > first["last_event"]


def test_a_branch_that_is_not_adopted_is_told_by_what_it_made(
    tried: tuple[TestClient, str],
) -> None:
    client, base = tried
    main = client.get(f"{base}/live").json()
    assert client.get(f"{base}/live?branch=main").json()["counts"] == main["counts"]
    five = client.get(f"{base}/live?branch=five").json()
    assert (main["counts"]["accepted"], main["counts"]["failed"]) == (8, 0)
    assert (five["counts"]["accepted"], five["counts"]["failed"]) == (7, 1)
    assert five["session"]["workflow"] == "toy, branch five"
    assert (main["session"]["beside"], five["session"]["beside"]) == ("", "five")
    assert main["counts"]["of_session"] == five["counts"]["of_session"] == 8
    assert [one["done"] for one in five["steps"] if one["name"] == "a"] == [7]
    assert five["newest"]["qualities"]["toy.value"] == main["newest"]["qualities"]["toy.value"] + 4
    assert five["verdicts"][0]["word"] == main["verdicts"][0]["word"]


def test_what_is_not_known_of_a_branch_is_told_as_unknown(tried: tuple[TestClient, str]) -> None:
    client, base = tried
    rates = client.get(f"{base}/live?branch=five").json()["rates"]
    assert (rates["settled"], rates["latency"], rates["forecast"]) == (None, None, None)
    assert client.get(f"{base}/live").json()["rates"]["forecast"] is not None
    assert client.get(f"{base}/live?branch=none").status_code == 404
