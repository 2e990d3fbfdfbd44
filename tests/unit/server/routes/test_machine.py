from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from icestream.protocol import Registry
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.routes import machine
from icestream.settings import load

SETTINGS = 'roots = ["/data", "/nowhere/at/all"]\n'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A server whose settings name folders of movies."""
    file = tmp_path / "settings.toml"
    file.write_text(SETTINGS)
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(file))
    root = tmp_path / "sessions"
    root.mkdir()
    with TestClient(create_app(Server([root], load())), base_url="http://127.0.0.1:8000") as made:
        yield made


def test_roots_have_their_room_and_their_sessions(client: TestClient, server: Server) -> None:
    (root,) = client.get("/api/roots").json()
    assert root["path"] == str(server.roots[0])
    assert root["sessions"] == 1
    assert 0 < root["free"] <= root["total"]


def test_a_root_that_is_gone_is_said_to_be(site: TestClient, tmp_path: Path) -> None:
    (tmp_path / "sessions").rmdir()
    root, *_ = site.get("/api/roots").json()
    assert (root["there"], root["free"]) == (False, None)


def test_folders_of_movies_are_told_from_those_of_sessions(
    site: TestClient, tmp_path: Path
) -> None:
    first, _, nowhere = site.get("/api/roots").json()
    assert (first["origin"], first["sessions"]) == ("start", 0)
    assert nowhere == {
        "path": "/nowhere/at/all", "origin": str(tmp_path / "settings.toml"), "there": False,
        "free": None, "total": None, "sessions": None,
    }  # fmt: skip


def test_a_broken_plugin_comes_first_with_its_traceback(
    site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [
        EntryPoint("ctf.estimate", "icestream.protocols.estimate_ctf:EstimateCtf", "x"),
        EntryPoint("mine.lost", "no_such_module:Mine", "x"),
    ]
    monkeypatch.setattr(machine, "Registry", lambda: Registry(points))
    broken, usable = site.get("/api/plugins").json()
    assert broken["name"] == "mine.lost"
    assert "no_such_module" in broken["reason"]
    assert "ModuleNotFoundError" in broken["traceback"]
    assert (usable["name"], usable["reason"]) == ("ctf.estimate", None)


def test_the_doctor_looks_at_the_machine_and_the_first_root(site: TestClient) -> None:
    found = {one["what"]: one for one in site.get("/api/doctor").json()}
    assert found["icestream"]["mark"] == "ok"
    assert "cores" in found


def test_the_log_is_told_as_far_as_asked(site: TestClient) -> None:
    assert site.get("/api/logs", params={"lines": 10}).status_code == 200
    refused = site.get("/api/logs", params={"lines": 100_000})
    assert refused.status_code == 422
