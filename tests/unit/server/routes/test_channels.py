"""Ways by which alerts reach people, over HTTP."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.settings import load
from report_session import SampleSession

SETTINGS = """
[channels.log]
kind = "log"
path = "{0}/alerts.log"
quiet = "22:00-07:00"

[channels.chat]
kind = "slack"
url = "http://127.0.0.1:9/services/SECRET"
"""


@pytest.fixture
def client(
    tmp_path: Path, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    file = tmp_path / "settings.toml"
    file.write_text(SETTINGS.format(tmp_path))
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(file))
    with (
        closing(Server([sample.folder.parent], load())) as server,
        TestClient(create_app(server), base_url="http://127.0.0.1:8000") as made,
    ):
        yield made


def test_they_are_listed_without_what_is_secret(client: TestClient, tmp_path: Path) -> None:
    said = client.get("/api/channels")
    log, chat = said.json()
    assert (log["kind"], log["quiet"], log["place"]) == (
        "log", "22:00-07:00", f"{tmp_path}/alerts.log",
    )  # fmt: skip
    assert chat["place"] == "127.0.0.1:9"
    assert chat["origin"] == str(tmp_path / "settings.toml")
    assert "SECRET" not in said.text


def test_one_is_tried(client: TestClient, tmp_path: Path) -> None:
    found = client.post("/api/channels/log/test").json()
    assert found["delivered"], found["words"]
    (line,) = (tmp_path / "alerts.log").read_text().splitlines()
    assert "trial" in json.loads(line)["subject"]
    found = client.post("/api/channels/chat/test")
    assert (found.json()["delivered"], "SECRET" in found.text) == (False, False)
    said = client.post("/api/channels/lg/test")
    assert (said.status_code, "did you mean log?" in said.json()["message"]) == (404, True)


def test_what_became_of_an_alert_is_told(client: TestClient) -> None:
    (session,) = client.get("/api/sessions").json()
    said = client.get(f"/api/sessions/{session['id']}/alerts/1/deliveries")
    assert said.json() == []
