"""The whole server as an attacker meets it: every route that there is, those of tomorrow too."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.people.doors import Doors
from icestream.server.people.gate import PUBLIC, SAFE, visitors_of
from icestream.server.people.secret_words import csrf_of
from icestream.settings import load
from people_of_tests import add_people
from report_session import SampleSession

BASE = "http://localhost:8000"
FOR_ALL = {"/share/{secret}", "/{path:path}"}
"""Beside the routes for those who want to log in: a shared link, and the front end's files."""
OF_ONESELF = {
    ("POST", "/api/logout"),
    ("DELETE", "/api/me/logins"),
    ("PUT", "/api/me/password"),
    ("POST", "/api/tokens"),
    ("DELETE", "/api/tokens/{number}"),
}
"""What a viewer changes: about themselves."""
ONLY_LOOKS = {
    ("POST", "/api/workflows/check"),
    ("POST", "/api/workflows/import"),
    ("POST", "/api/sessions/{id}/workflow/check"),
    ("POST", "/api/sessions/{id}/workflow/preview"),
    ("POST", "/api/sessions/{id}/limits/preview"),
    ("POST", "/api/sessions/{id}/branches/preview"),
}
"""What is posted because it is long: nothing changes."""
ASKED_BY_OPERATORS = {("POST", "/api/folders/look")}
"""Questions of the same kind that a viewer may not ask."""


class Place:
    """A server over two sessions, where people log in; vic and oli are people of the first."""

    def __init__(self, server: Server, ids: list[str]) -> None:
        self.server = server
        self.app = create_app(server)
        self.visitors = visitors_of(server)
        self.theirs, self.hidden = ids
        for name in ("vic", "oli"):
            self.visitors.members.add(self.theirs, name, "ada")

    def of(self, name: str, *, csrf: bool = True) -> TestClient:
        cookie = self.visitors.logins.open(name, address="", agent="")
        headers = {"X-CSRF-Token": csrf_of(cookie)} if csrf else {}
        return TestClient(
            self.app, base_url=BASE, cookies={"icestream_session": cookie}, headers=headers
        )

    def nobody(self) -> TestClient:
        return TestClient(self.app, base_url=BASE)

    def routes(self) -> list[tuple[str, str]]:
        """Method and path of every route, of WebSockets as GET."""
        found = [
            (method, str(route.path))
            for route in iter_route_contexts(self.app.routes)
            for method in sorted(route.methods or {"GET"})
            if method != "HEAD"
        ]
        assert len(found) > 60
        return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("attacked")
    (folder / "outside").mkdir()
    (folder / "outside" / "secret.txt").write_text("of somebody else")
    ids = []
    for name in ("theirs", "hidden"):
        made = SampleSession(folder / "roots" / name, start=1_790_000_000.0, documents=False)
        made.grow(3)
        made.store.close()
        (made.folder / "link").symlink_to(folder / "outside")
        (made.folder / "report").mkdir(exist_ok=True)
        (made.folder / "report" / "link.txt").symlink_to(folder / "outside" / "secret.txt")
    loaded = load(state=folder / "state")
    with closing(Server([folder / "roots"], loaded, doors=Doors(login=True))) as server:
        add_people(visitors_of(server))
        entries = {entry.folder.name: entry.id for entry in server.catalogue.entries()}
        ids = [entries["theirs"], entries["hidden"]]
        yield Place(server, ids)


@pytest.fixture(autouse=True)
def _no_brakes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many requests are sent here; that they are slowed down is tested elsewhere."""
    monkeypatch.setattr(place.visitors.writes, "take", lambda key: None)
    monkeypatch.setattr(place.visitors.strangers, "take", lambda key: None)


def address(path: str, session: str) -> str:
    """A path with something in the place of each of its parameters."""
    filled = path.replace("{id}", session)
    filled = re.sub(r"\{(number|result|alert|class_number|index|level)\}", "1", filled)
    return re.sub(r"\{(\w+)(:path)?\}", "x", filled)


def test_without_login_nothing_is_told_and_nothing_done(place: Place) -> None:
    nobody = place.nobody()
    for method, path in place.routes():
        if path in FOR_ALL or path in PUBLIC:
            continue
        for session in (place.theirs, "nosuchsession"):
            answer = nobody.request(method, address(path, session))
            if path == "/api/ws":  # no route for GET; as a WebSocket it is tested with the gate
                assert answer.status_code in (401, 404)
                continue
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
            assert answer.json()["advice"] == "log in first"


def test_all_that_changes_something_is_in_the_audit_log(place: Place) -> None:
    for method, path in place.routes():
        if method in SAFE or path in FOR_ALL | PUBLIC:
            continue
        asked = address(path, place.theirs)
        place.of("oli").request(method, asked, json={})  # a login for each: some end it
        newest = place.visitors.audit.entries(limit=1, what=f"{method} {asked}")
        looks = (method, path) in ONLY_LOOKS | ASKED_BY_OPERATORS
        assert bool(newest) != looks, f"{method} {path}"
        # A name of one's own at the end could be one that is not written down.
        assert method != "POST" or not path.endswith("}"), path


def test_a_number_that_no_store_has_is_answered(place: Place) -> None:
    ada, huge = place.of("ada"), 10**30
    asked = 0
    for path, methods in place.app.openapi()["paths"].items():
        for method, told in methods.items():
            if method.upper() not in {*SAFE, "DELETE"}:
                continue
            for one in told.get("parameters", []):
                if '"integer"' not in json.dumps(one["schema"]):
                    continue
                name, inside = one["name"], one["in"] == "path"
                where = path.replace(f"{{{name}}}", str(huge)) if inside else path
                query = {} if inside else {name: huge}
                answer = ada.request(method, address(where, place.theirs), params=query)
                assert answer.status_code < 500, f"{method} {where} {query}: {answer.text}"
                asked += 1
    assert asked > 20
    for request in ({"verb": "acknowledge", "alert": huge}, {"verb": "rearm", "alert": huge},
                    {"verb": "adopt", "alert": -huge}):  # fmt: skip
        answer = ada.post(f"/api/sessions/{place.theirs}/requests", json=request)
        assert answer.status_code == 422
        assert answer.json()["problems"]


def test_a_page_of_another_site_changes_nothing(place: Place) -> None:
    without = place.of("ada", csrf=False)
    for method, path in place.routes():
        if method in SAFE or path in FOR_ALL or path in PUBLIC:
            continue
        answer = without.request(method, address(path, place.theirs), json={})
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
        assert "X-CSRF-Token" in answer.json()["message"]


def test_a_viewer_changes_nothing_but_themselves(place: Place) -> None:
    vic = place.of("vic")
    for method, path in place.routes():
        if method in SAFE or path in FOR_ALL | PUBLIC:
            continue
        if (method, path) in OF_ONESELF | ONLY_LOOKS:
            continue
        answer = vic.request(method, address(path, place.theirs), json={})
        # FastAPI looks at the body and at who asks at once: what is not valid is refused, too.
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code} {answer.text}"


def test_a_session_of_others_is_as_one_that_is_not_there(place: Place) -> None:
    for name in ("vic", "oli"):
        browser = place.of(name)
        listed = [one["id"] for one in browser.get("/api/sessions").json()]
        assert listed == [place.theirs]
        for method, path in place.routes():
            if "{id}" not in path:
                continue
            hidden = browser.request(method, address(path, place.hidden), json={})
            missing = browser.request(method, address(path, "nosuchsession"), json={})
            where = f"{name}: {method} {path}: {hidden.status_code} {hidden.text[:200]}"
            assert hidden.status_code == missing.status_code, where
            assert hidden.status_code in (403, 404, 422), where
            said = [one.text.replace(place.hidden, "nosuchsession") for one in (hidden, missing)]
            assert said[0] == said[1], where


ESCAPES = [
    "../../outside/secret.txt",
    "..%2f..%2foutside%2fsecret.txt",
    "%2e%2e/%2e%2e/outside/secret.txt",
    "..%252f..%252foutside%252fsecret.txt",
    "..\\..\\outside\\secret.txt",
    "link/secret.txt",
    "link.txt",
    "./link/../link/secret.txt",
    "/etc/passwd",
    "//etc/passwd",
    "file:///etc/passwd",
    "\x00/etc/passwd",
    "~root/.bashrc",
    "x" * 5000,
]


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda one: repr(one)[:40])
@pytest.mark.parametrize(
    "at",
    [
        "/api/sessions/{id}/files?under={escape}",
        "/api/sessions/{id}/files/download?path={escape}",
        "/api/sessions/{id}/exposures/{escape}",
        "/api/workflows/{escape}",
        "/api/protocols/{escape}",
        "/api/trials/{escape}",
        "/{escape}",
        "/assets/{escape}",
    ],
)
def test_no_path_leads_out(place: Place, at: str, escape: str) -> None:
    """With the escape as a browser would send it, and coded once more."""
    sam = place.of("sam")
    for coded in (quote(escape, safe="%/"), quote(escape, safe="")):
        answer = sam.get(at.replace("{id}", place.theirs).replace("{escape}", coded))
        assert answer.status_code < 500, answer.text
        assert "of somebody else" not in answer.text
        assert "root:" not in answer.text


@pytest.mark.parametrize(
    "escape", ["/etc", "/", "{outside}", "{link}", "{root}/../outside", "\x00"]
)
def test_no_folder_outside_is_listed_and_no_session_made_there(place: Place, escape: str) -> None:
    (root,) = place.server.roots
    link = root / "theirs" / "link"
    path = escape.format(outside=root.parent / "outside", link=link, root=root)
    oli = place.of("oli")
    assert oli.get("/api/folders", params={"path": path}).status_code in (403, 422)
    look = oli.post("/api/folders/look", json={"pattern": f"{path}/*"})
    assert look.status_code in (403, 422)
    asked = {"pattern": f"{root}/*.tiff", "folder": f"{path}/new"}
    assert oli.post("/api/sessions", json=asked).status_code in (403, 422)
    before = sorted((root.parent / "outside").iterdir())
    assert [one.name for one in before] == ["secret.txt"]


@pytest.mark.parametrize(
    "asked",
    [
        {"verb": "set", "step": "x; touch /tmp/x", "changes": {}},
        {"verb": "set", "step": "$(id)", "changes": {}},
        {"verb": "accept", "exposures": ["`id`"], "reason": "x"},
        {"verb": "shell", "command": "id"},
        {"verb": "pause", "who": "ada"},
    ],
)
def test_what_people_ask_is_no_command_and_in_nobody_elses_name(
    place: Place, asked: dict[str, Any]
) -> None:
    answer = place.of("oli").post(f"/api/sessions/{place.theirs}/requests", json=asked)
    assert answer.status_code in (404, 422), answer.text


def test_secrets_are_in_no_answer(place: Place) -> None:
    """Whatever an administrator reads, no password, cookie or digest is in it."""
    with place.visitors.database.read() as connection:
        kept = [row[0] for row in connection.execute("SELECT password FROM account")]
        kept += [row[0] for row in connection.execute("SELECT hash FROM login")]
    ada = place.of("ada")
    cookie = ada.cookies["icestream_session"]
    for method, path in place.routes():
        if method != "GET" or path.endswith(("/ws", "/stream")) or "/oidc/" in path:
            continue
        said = ada.get(address(path, place.theirs)).text
        for secret in (*kept, cookie):
            assert secret not in said, path


OF_ADMINISTRATORS = {
    ("GET", "/api/settings"),
    ("GET", "/api/settings/forms"),
    ("PUT", "/api/settings/{name}"),
    ("DELETE", "/api/settings/{name}"),
    ("POST", "/api/microscopes"),
    ("PUT", "/api/microscopes/{name}"),
    ("DELETE", "/api/microscopes/{name}"),
    ("POST", "/api/channels"),
    ("POST", "/api/channels/test"),
    ("GET", "/api/channels/{name}"),
    ("PUT", "/api/channels/{name}"),
    ("DELETE", "/api/channels/{name}"),
}
"""What the settings of the machine are, and changing them."""


def test_settings_are_the_administrators_alone(place: Place) -> None:
    sam = place.of("sam")
    assert set(place.routes()) >= OF_ADMINISTRATORS
    for method, path in OF_ADMINISTRATORS:
        answer = sam.request(method, address(path, ""), json={"revision": "x"})
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code} {answer.text}"


@pytest.mark.parametrize(
    "channel",
    [
        {"kind": "command", "command": ["/bin/sh", "-c", "touch {pwned}"]},
        {"kind": "log", "path": "{pwned}"},
        {"kind": "webhook", "url": "https://a.example.org", "token": {"file": "{pwned}"}},
        {"kind": "webhook", "url": "https://a.example.org", "certificates": "{pwned}"},
        {"kind": "webhook", "url": "file://{pwned}"},
        {"kind": "email", "server": "a.example.org", "sender": "a@b.c", "to": ["a@b.c\r\nX: y"]},
    ],
    ids="-".join,
)
def test_an_administrator_in_a_browser_runs_no_program_and_reaches_no_file(
    place: Place, tmp_path: Path, channel: dict[str, Any]
) -> None:
    pwned = tmp_path / "pwned"
    asked = json.loads(json.dumps(channel).replace("{pwned}", str(pwned)))
    ada = place.of("ada")
    revision = ada.get("/api/settings").json()["revision"]
    for path, more in (("/api/channels", {"revision": revision}), ("/api/channels/test", {})):
        answer = ada.post(path, json={"name": "bad", "channel": asked, **more})
        assert answer.status_code in (403, 422), answer.text
    assert not pwned.exists()
    assert place.server.loaded.settings.channels == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("report_publish", "touch /tmp/pwned"),
        ("roots", ["/"]),
        ("state", "/tmp/elsewhere"),
        ("store", "postgresql://evil.example.org/x"),
        ("login", {"least_length": 8}),
        ("login.oidc", {"issuer": "https://evil.example.org"}),
    ],
)
def test_an_administrator_in_a_browser_opens_no_door(place: Place, name: str, value: Any) -> None:
    ada = place.of("ada")
    revision = ada.get("/api/settings").json()["revision"]
    asked = {"value": value, "revision": revision}
    assert ada.put(f"/api/settings/{name}", json=asked).status_code in (403, 404)
    gone = ada.delete(f"/api/settings/{name}", params={"revision": revision})
    assert gone.status_code in (403, 404, 422)


def test_answers_are_not_kept_by_others_and_every_one_has_the_headers(place: Place) -> None:
    ada = place.of("ada")
    for method, path in place.routes():
        if method != "GET" or path.endswith(("/ws", "/stream")) or "/oidc/" in path:
            continue
        headers = ada.get(address(path, place.theirs), follow_redirects=False).headers
        assert "default-src" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert "public" not in headers.get("cache-control", ""), path


def test_what_was_tried_is_in_the_audit_log(place: Place) -> None:
    place.of("vic").post(f"/api/sessions/{place.theirs}/requests", json={"verb": "abort"})
    entry = place.visitors.audit.entries(limit=1)[0]
    assert (entry.who, entry.outcome) == ("vic", "refused (403)")
    assert entry.what == f"POST /api/sessions/{place.theirs}/requests"


def test_the_tables_here_are_about_routes_that_there_are(place: Place) -> None:
    there = {path for _, path in place.routes()}
    assert {path for _, path in OF_ONESELF | ONLY_LOOKS} | FOR_ALL | PUBLIC <= there


def test_the_folder_of_the_server_is_its_owners_alone(place: Place) -> None:
    state: Path = place.visitors.database.file.parent
    assert place.visitors.database.file.stat().st_mode & 0o077 == 0
    assert (state / "people.db").exists()
