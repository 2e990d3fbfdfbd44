"""Folders of the server's machine, of those that may be shown."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.people.gate import visitors_of
from icestream.settings import load
from microscope_folder import MOVIES, movies_in


@pytest.fixture
def place(tmp_path: Path) -> Iterator[TestClient]:
    """A server of sessions in one folder, and movies in another."""
    for name in ("sessions", "data", "secret"):
        (tmp_path / name).mkdir()
    (tmp_path / "data" / "link").symlink_to(tmp_path / "secret")
    loaded = load(roots=(tmp_path / "data",), state=tmp_path / "state")
    with (
        closing(Server([tmp_path / "sessions"], loaded)) as server,
        TestClient(create_app(server), base_url="http://127.0.0.1:8000") as client,
    ):
        yield client


def test_one_begins_at_the_roots_and_goes_down(place: TestClient, tmp_path: Path) -> None:
    microscope = movies_in(tmp_path / "data")
    top = place.get("/api/folders").json()
    assert [one["path"] for one in top["entries"]] == [
        str(tmp_path / "sessions"), str(tmp_path / "data"),
    ]  # fmt: skip
    data = place.get("/api/folders", params={"path": str(tmp_path / "data")}).json()
    assert [one["name"] for one in data["entries"]] == ["microscope"], "the link leads out"
    assert data["parent"] is None
    deep = next(microscope.rglob("*.tiff")).parent
    found = place.get("/api/folders", params={"path": str(deep)}).json()
    assert (found["movies"], found["parent"]) == (MOVIES, str(deep.parent))
    kinds = {one["kind"] for one in found["entries"]}
    assert kinds == {"file"}


@pytest.mark.parametrize("path", ["/etc", "{0}/data/link", "{0}/data/../secret", "{0}/secret"])
def test_nothing_outside_is_shown(place: TestClient, tmp_path: Path, path: str) -> None:
    asked = path.format(tmp_path)
    assert place.get("/api/folders", params={"path": asked}).status_code == 403
    for pattern in (asked, f"{asked}/*.tiff"):
        said = place.post("/api/folders/look", json={"pattern": pattern})
        assert said.status_code == 403
        assert "not below a folder" in said.json()["message"]


def test_movies_are_looked_at_with_what_the_person_gives(place: TestClient, tmp_path: Path) -> None:
    microscope = movies_in(tmp_path / "data")

    def look(status: int = 200, **parameters: Any) -> Any:
        asked = {"pattern": str(microscope), "parameters": parameters}
        said = place.post("/api/folders/look", json=asked)
        assert said.status_code == status, said.text
        return said.json()

    found = look(voltage=200)
    assert found["movies"] == MOVIES
    values = {value["name"]: value for value in found["values"]}
    assert values["voltage"]["others"][0]["value"] == 300.0
    assert look(422, voltage=-3)["problems"]
    secret = look(403, gain=str(tmp_path / "secret" / "gain.mrc"))
    assert secret["problems"][0]["where"] == "gain"
    assert place.post("/api/folders/look", json={"pattern": "movies"}).status_code == 422
    nothing = place.post("/api/folders/look", json={"pattern": f"{tmp_path}/data/none"})
    assert nothing.json()["there"] is False


def test_a_look_is_asked_again_and_again_and_is_not_in_the_audit_log(
    place: TestClient, tmp_path: Path
) -> None:
    microscope = movies_in(tmp_path / "data")
    pattern = f"{next(microscope.rglob('*.tiff')).parent}/*.tiff"
    asked = [place.post("/api/folders/look", json={"pattern": pattern}) for _ in range(3)]
    assert [one.status_code for one in asked] == [200] * 3
    server: Server = place.app.state.server  # type: ignore[attr-defined]
    assert visitors_of(server).audit.entries() == []
