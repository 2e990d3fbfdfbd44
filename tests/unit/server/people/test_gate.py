"""The gate: who gets through to a route, and what every answer says to the browser."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from structlog.testing import capture_logs

from icestream.server.context import Server
from icestream.server.people.doors import Doors
from icestream.server.people.gate import LARGEST_BODY, NOT_LOGGED_IN, Gate, visitors_of
from icestream.settings import load
from people_of_tests import add_people

BASE = "http://localhost:8000"


def app_of(server: Server) -> FastAPI:
    app = FastAPI()
    app.state.server = server

    @app.api_route("/api/thing", methods=["GET", "POST"])
    async def thing() -> str:
        return "through"

    @app.post("/api/sessions/x/limits/preview")
    async def preview() -> str:
        return "told"

    @app.get("/page")
    def page() -> str:
        return "page"

    @app.websocket("/api/ws")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("through")

    app.add_middleware(Gate, server=server)
    return app


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with closing(Server([tmp_path], load(state=tmp_path / "state"), doors=Doors(login=True))) as it:
        add_people(visitors_of(it))
        yield it


@pytest.fixture
def client(server: Server) -> TestClient:
    return TestClient(app_of(server), base_url=BASE)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[TestClient]:
    """A server of this machine alone, where nobody logs in."""
    with closing(Server([tmp_path], load(state=tmp_path / "state"))) as server:
        yield TestClient(app_of(server), base_url=BASE)


def cookie_of(server: Server, name: str) -> dict[str, str]:
    return {"icestream_session": visitors_of(server).logins.open(name, address="", agent="")}


def test_below_api_nobody_gets_through_unknown_and_pages_are_for_all(client: TestClient) -> None:
    assert client.get("/page").status_code == 200
    assert client.get("/api/thing").status_code == 401
    assert client.post("/api/thing").status_code == 401
    assert client.get("/api/no-such-route").status_code == 401
    with client.websocket_connect("/api/ws") as socket:
        assert "logged in" in socket.receive_json()["error"]
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
        assert closed.value.code == NOT_LOGGED_IN


@pytest.mark.parametrize("path", ["/API/thing", "//api/thing", "/%61pi/thing", "/%2561pi/thing",
                                  "/page/../api/thing", "/page/%2e%2e/api/thing"])  # fmt: skip
def test_other_ways_to_write_a_path_do_not_lead_past_it(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (401, 404)


def test_a_write_needs_what_other_sites_cannot_know(server: Server, client: TestClient) -> None:
    client.cookies.update(cookie_of(server, "ada"))
    assert client.get("/api/thing").status_code == 200
    for said in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": "ü"}):
        headers = {name: value.encode() for name, value in said.items()}
        assert client.post("/api/thing", headers=headers).status_code == 403
    from icestream.server.people.secret_words import csrf_of

    good = csrf_of(client.cookies["icestream_session"])
    assert client.post("/api/thing", headers={"X-CSRF-Token": good}).status_code == 200
    other = csrf_of(cookie_of(server, "ada")["icestream_session"])  # of another login
    assert client.post("/api/thing", headers={"X-CSRF-Token": other}).status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1:8000", ""])
def test_a_name_that_was_made_to_lead_here_gets_nothing(here: TestClient, host: str) -> None:
    assert here.get("/api/thing", headers={"host": host}).status_code == 400
    assert here.get("/page", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing(here: TestClient, headers: dict[str, str]) -> None:
    """Even where nobody has to log in: any page in the browser of whoever runs it could try."""
    assert here.post("/api/thing", headers=headers).status_code == 403
    with pytest.raises(WebSocketDisconnect), here.websocket_connect("/api/ws", headers=headers):
        pass


def test_on_this_machine_scripts_write_and_pages_say_the_token(here: TestClient) -> None:
    assert here.post("/api/thing").status_code == 200
    assert here.post("/api/thing", headers={"origin": BASE}).status_code == 403
    ours = {"origin": BASE, "host": "localhost:8000"}
    with here.websocket_connect("/api/ws", headers=ours) as socket:
        assert socket.receive_text() == "through"


def test_pictures_are_not_shown_in_pages_of_other_sites(here: TestClient) -> None:
    embedded = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert here.get("/api/thing", headers=embedded).status_code == 403
    assert here.get("/api/thing", headers=followed).status_code == 200


def test_every_answer_has_the_headers(client: TestClient) -> None:
    for path in ("/page", "/api/thing", "/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "strict-transport-security" not in headers
        assert "server" not in headers
    assert client.get("/api/thing").headers["cache-control"] == "no-store"


def test_by_https_browsers_are_told_to_stay_with_it(tmp_path: Path) -> None:
    with closing(Server([tmp_path], load(state=tmp_path), doors=Doors(secure=True))) as server:
        client = TestClient(app_of(server), base_url="https://localhost")
        assert "max-age=31536000" in client.get("/page").headers["strict-transport-security"]


def test_what_is_written_is_in_the_audit_log(server: Server, client: TestClient) -> None:
    _, secret = visitors_of(server).tokens.make(
        "oli", visitors_of(server).accounts.get("oli").role, title="t", scopes=["viewer"], days=1
    )
    bearer = {"authorization": f"Bearer {secret}"}
    client.post("/api/thing", headers=bearer, json={"password": "not for the log"})
    client.post("/api/nothing", headers=bearer)
    entries = visitors_of(server).audit.entries()
    assert [(one.who, one.what, one.outcome) for one in entries] == [
        ("oli", "POST /api/nothing", "refused (404)"),
        ("oli", "POST /api/thing", "done"),
    ]
    assert entries[0].details == {"by": "token"}
    assert "not for the log" not in repr(entries)
    assert secret not in repr(entries)


def test_too_much_is_refused_before_it_is_read(here: TestClient) -> None:
    assert here.post("/api/thing", content=b"x" * (LARGEST_BODY + 1)).status_code == 413
    assert here.post("/api/thing", headers={"content-length": "-1"}).status_code == 413


@pytest.mark.parametrize(
    ("path", "logged"), [("/share/abc", "/share"), ("/api/sessions/x", "/api/sessions")]
)
def test_a_secret_in_an_address_is_not_logged(here: TestClient, path: str, logged: str) -> None:
    with capture_logs() as lines:
        assert here.get(path, headers={"host": "elsewhere.example"}).status_code == 400
    assert [line["path"] for line in lines] == [logged]


@pytest.mark.usefixtures("clock_stands")
def test_floods_are_slowed_down(here: TestClient) -> None:
    said = [here.post("/api/thing").status_code for _ in range(90)]
    assert said[0] == 200
    assert 429 in said


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/metrics", 404),  # through the gate; there is no such route here
        ("/api/thing", 403),
        ("/api/me", 403),
        ("/openapi.json", 403),
    ],
)
def test_a_token_for_figures_reads_figures_alone(
    server: Server, client: TestClient, path: str, status: int
) -> None:
    visitors = visitors_of(server)
    role = visitors.accounts.get("ada").role
    _, secret = visitors.tokens.make("ada", role, title="t", scopes=["metrics"], days=1)
    answer = client.get(path, headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("method", "path", "through"),
    [
        ("GET", "/api/sessions/aa/live", True),
        ("GET", "/api/sessions", True),
        ("GET", "/api/me", True),
        ("GET", "/api/protocols", True),
        ("GET", "/api/sessions/aa/files", False),
        ("GET", "/api/sessions/aa/files/download", False),
        ("GET", "/api/sessions/aa/exports/relion", False),
        ("GET", "/api/sessions/aa/people", False),
        ("GET", "/api/sessions/aa/shares", False),
        ("POST", "/api/sessions/aa/requests", False),
        ("POST", "/api/sessions", False),
        ("GET", "/api/folders", False),
        ("GET", "/api/settings", False),
        ("GET", "/api/logs", False),
        ("GET", "/api/users", False),
        ("GET", "/api/tokens", False),
        ("GET", "/metrics", False),
    ],
)
def test_a_shared_link_opens_a_session_and_nothing_else(
    server: Server, client: TestClient, method: str, path: str, through: bool
) -> None:
    _, secret = visitors_of(server).shares.make("aa", who="oli", title="t", days=1)
    client.cookies["icestream_share"] = secret
    assert client.request(method, path).status_code == (404 if through else 403)


def test_what_a_slider_asks_is_no_change(here: TestClient) -> None:
    asked = [here.post("/api/sessions/x/limits/preview").status_code for _ in range(100)]
    assert set(asked) == {200}
    assert here.post("/api/thing").status_code == 200, "they do not count as changes"
    server: Server = here.app.state.server  # type: ignore[attr-defined]
    told = [entry.what for entry in visitors_of(server).audit.entries()]
    assert told == ["POST /api/thing"]
