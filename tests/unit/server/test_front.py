"""The front end's files, and the page in their place."""

from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.settings import load


@pytest.fixture
def built(tmp_path: Path) -> Path:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<title>the application</title>")
    (static / "assets" / "main-1a2b.js").write_text("run()")
    (static / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("for no eyes")
    (static / "out.txt").symlink_to(tmp_path / "secret.txt")
    return static


@pytest.fixture
def client(built: Path, server: Server) -> TestClient:
    return TestClient(create_app(server, built), base_url="http://localhost")


@pytest.mark.parametrize("path", ["/", "/s/1f/exposures/FoilHole_1.2_a", "/new", "/out.txt"])
def test_every_address_of_the_application_is_its_page(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "the application" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_files_with_a_hash_are_kept_and_others_asked_for_again(client: TestClient) -> None:
    asset = client.get("/assets/main-1a2b.js")
    assert asset.text == "run()"
    assert asset.headers["content-type"].startswith("text/javascript")
    assert "immutable" in asset.headers["cache-control"]
    assert client.get("/icon.svg").headers["cache-control"] == "no-cache"
    assert client.get("/assets/main-0000.js").status_code == 404  # of a version before


@pytest.mark.parametrize(
    "path", ["/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/%2e%2e/secret.txt", "/a%00b"]
)
def test_no_file_outside_is_served(client: TestClient, path: str) -> None:
    assert "for no eyes" not in client.get(path).text


def test_without_the_front_end_a_page_says_how_to_build_it(tmp_path: Path) -> None:
    with closing(Server([tmp_path], load())) as server:
        answer = TestClient(
            create_app(server, tmp_path / "nothing"), base_url="http://localhost"
        ).get("/")
    assert answer.status_code == 200
    assert "make ui" in answer.text


def test_no_address_of_programs_answers_with_the_page(client: TestClient) -> None:
    assert client.get("/api").status_code == 404
    assert client.get("/api/some/thing").json()["message"].endswith("not found")
