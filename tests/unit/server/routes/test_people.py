"""People and programs over HTTP: accounts, tokens, people of a session, links, the audit log."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from icestream.facility.people.seeing import Seeing
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.people.doors import Doors
from icestream.server.people.gate import visitors_of
from icestream.server.people.secret_words import csrf_of
from icestream.settings import load
from people_of_tests import GOOD, add_people
from report_session import SampleSession

BASE = "http://localhost:8000"


@pytest.fixture
def locked(tmp_path: Path, sample: SampleSession) -> Iterator[Server]:
    """A server of one session, where people have to log in."""
    loaded = load(state=tmp_path / "state")
    with closing(Server([sample.folder.parent], loaded, doors=Doors(login=True))) as it:
        add_people(visitors_of(it))
        yield it


@pytest.fixture
def uid(locked: Server) -> str:
    (entry,) = locked.catalogue.entries()
    return entry.id


class Browsers:
    """A browser for each person; a write says what it has to."""

    def __init__(self, server: Server) -> None:
        self.app = create_app(server)
        self.visitors = visitors_of(server)

    def of(self, name: str) -> TestClient:
        cookie = self.visitors.logins.open(name, address="", agent="")
        return TestClient(
            self.app,
            base_url=BASE,
            cookies={"icestream_session": cookie},
            headers={"X-CSRF-Token": csrf_of(cookie)},
        )

    def nobody(self, **headers: str) -> TestClient:
        return TestClient(self.app, base_url=BASE, headers=headers)


@pytest.fixture
def browsers(locked: Server) -> Browsers:
    return Browsers(locked)


def test_an_administrator_looks_after_accounts(browsers: Browsers) -> None:
    ada = browsers.of("ada")
    made = ada.post(
        "/api/users", json={"name": "Rosa", "role": "operator", "password": GOOD + " blue"}
    )
    assert made.status_code == 201
    assert "password" not in made.text
    changed = ada.patch("/api/users/rosa", json={"role": "staff", "full_name": "Rosa F"})
    assert (changed.json()["role"], changed.json()["full_name"]) == ("staff", "Rosa F")
    assert [one["name"] for one in ada.get("/api/users").json()] == [
        "ada", "oli", "rosa", "sam", "vic",
    ]  # fmt: skip
    assert ada.delete("/api/users/rosa").status_code == 204
    assert ada.delete("/api/users/rosa").status_code == 404
    assert ada.delete("/api/users/ada").status_code == 400  # the last administrator


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "eve", "role": "viewer"}, 422),
        ({"name": "eve", "role": "viewer", "password": "short"}, 422),
        ({"name": "eve", "role": "root", "password": GOOD}, 422),
        ({"name": "eve", "role": "viewer", "password": GOOD, "source": "ldap"}, 422),
        ({"name": "../eve", "role": "viewer", "password": GOOD}, 400),
        ({"name": "vic", "role": "admin", "password": GOOD}, 409),
        ({"name": "eve", "role": "viewer", "password": GOOD, "disabled": False}, 422),
    ],
)
def test_odd_accounts_are_refused_without_an_echo(
    browsers: Browsers, body: dict[str, str], status: int
) -> None:
    answer = browsers.of("ada").post("/api/users", json=body)
    assert answer.status_code == status
    assert "horse" not in answer.text
    assert len(browsers.visitors.accounts.all()) == 4


@pytest.mark.parametrize("name", ["sam", "oli", "vic"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/users"),
        ("POST", "/api/users"),
        ("PATCH", "/api/users/vic"),
        ("DELETE", "/api/users/vic"),
        ("DELETE", "/api/users/vic/logins"),
        ("GET", "/api/audit"),
    ],
)
def test_nobody_else_does(browsers: Browsers, name: str, method: str, path: str) -> None:
    body = {"name": name, "role": "admin", "password": GOOD} if method == "POST" else {}
    assert browsers.of(name).request(method, path, json=body).status_code == 403


def test_whoever_is_disabled_is_thrown_out(browsers: Browsers) -> None:
    vic = browsers.of("vic")
    assert vic.get("/api/me").status_code == 200
    browsers.of("ada").patch("/api/users/vic", json={"disabled": True})
    assert vic.get("/api/me").status_code == 401
    browsers.of("ada").patch("/api/users/vic", json={"disabled": False})
    vic = browsers.of("vic")
    browsers.of("ada").delete("/api/users/vic/logins")
    assert vic.get("/api/me").status_code == 401


def test_a_token_is_shown_once_and_may_what_it_says(browsers: Browsers, uid: str) -> None:
    sam = browsers.of("sam")
    body = {"title": "script", "scopes": ["viewer"], "days": 1}
    made = sam.post("/api/tokens", json=body)
    assert made.status_code == 201
    secret = made.json()["token"]
    assert secret not in sam.get("/api/tokens").text
    program = browsers.nobody(authorization=f"Bearer {secret}")
    assert [one["id"] for one in program.get("/api/sessions").json()] == [uid]
    assert program.put(f"/api/sessions/{uid}/people/vic").status_code == 403
    assert program.post("/api/tokens", json=body).status_code == 403  # a token makes no others
    number = made.json()["number"]
    assert browsers.of("oli").delete(f"/api/tokens/{number}").status_code == 404
    assert browsers.of("ada").delete(f"/api/tokens/{number}").status_code == 204
    assert program.get("/api/sessions").status_code == 401


def test_a_token_for_one_session_sees_no_other(browsers: Browsers, uid: str) -> None:
    body = {"title": "t", "scopes": ["staff", "session/other"], "days": 1}
    secret = browsers.of("sam").post("/api/tokens", json=body).json()["token"]
    program = browsers.nobody(authorization=f"Bearer {secret}")
    assert program.get("/api/sessions").json() == []
    assert program.get(f"/api/sessions/{uid}/people").status_code == 404
    assert program.get("/api/users").status_code == 403


def test_figures_are_read_by_tokens_of_staff_for_as_long_as_they_are_staff(
    browsers: Browsers,
) -> None:
    body = {"title": "t", "scopes": ["metrics"], "days": 1}
    refused = browsers.of("oli").post("/api/tokens", json=body)
    assert refused.status_code == 400
    assert "every session" in refused.json()["message"]
    secret = browsers.of("sam").post("/api/tokens", json=body).json()["token"]
    program = browsers.nobody(authorization=f"Bearer {secret}")
    assert "icestream_sessions" in program.get("/metrics").text
    browsers.of("ada").patch("/api/users/sam", json={"role": "operator"})
    assert program.get("/metrics").status_code == 403
    browsers.of("ada").patch("/api/users/sam", json={"role": "staff"})


@pytest.mark.parametrize("days", [0, -1, 10_000, "nan", None])
def test_a_token_has_an_end(browsers: Browsers, days: object) -> None:
    body = {"title": "t", "scopes": ["viewer"], "days": days}
    assert browsers.of("ada").post("/api/tokens", json=body).status_code == 422


def test_a_session_is_not_there_for_those_who_are_none_of_its_people(
    browsers: Browsers, uid: str
) -> None:
    vic = browsers.of("vic")
    assert vic.get("/api/sessions").json() == []
    hidden = vic.get(f"/api/sessions/{uid}/people")
    missing = vic.get("/api/sessions/nosuchsession/people")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.replace(uid, "") == missing.text.replace("nosuchsession", "")
    assert browsers.of("oli").put(f"/api/sessions/{uid}/people/oli").status_code == 404
    sam = browsers.of("sam")
    assert sam.put(f"/api/sessions/{uid}/people/Vic").status_code == 204
    assert vic.get(f"/api/sessions/{uid}/people").json() == ["vic"]
    (listed,) = vic.get("/api/sessions").json()
    assert (listed["id"], listed["people"], listed["archived"]) == (uid, ["vic"], False)
    assert sam.post(f"/api/sessions/{uid}/archive").status_code == 204
    assert vic.get("/api/sessions").json()[0]["archived"]
    assert vic.put(f"/api/sessions/{uid}/people/oli").status_code == 403
    assert sam.put(f"/api/sessions/{uid}/people/eve").status_code == 404
    assert sam.delete(f"/api/sessions/{uid}/people/vic").status_code == 204
    assert sam.delete(f"/api/sessions/{uid}/people/vic").status_code == 404
    assert vic.get(f"/api/sessions/{uid}/people").status_code == 404


def test_a_link_opens_one_session_without_login_to_look(browsers: Browsers, uid: str) -> None:
    browsers.visitors.members.add(uid, "oli", "sam")
    oli = browsers.of("oli")
    made = oli.post(f"/api/sessions/{uid}/shares", json={"title": "Rosalind", "days": 2})
    assert made.status_code == 201
    url = made.json()["url"]
    assert url.startswith(f"{BASE}/share/")
    secret = url.rpartition("/")[2]
    assert secret not in oli.get(f"/api/sessions/{uid}/shares").text
    guest = browsers.nobody()
    opened = guest.get(url, follow_redirects=False)
    assert (opened.status_code, opened.headers["location"]) == (303, f"/s/{uid}")
    assert "HttpOnly" in opened.headers["set-cookie"]
    (days,) = re.findall(r"Max-Age=(\d+)", opened.headers["set-cookie"])
    assert int(days) == pytest.approx(2 * 86400, abs=60)  # no longer than the link
    assert guest.get("/api/me").json()["shared"]
    (seen,) = guest.get("/api/sessions").json()
    assert (seen["id"], seen["people"]) == (uid, [])
    assert oli.get("/api/sessions").json()[0]["people"] == ["oli"]
    assert guest.get(f"/api/sessions/{uid}/shares").status_code == 403
    (listed,) = oli.get(f"/api/sessions/{uid}/shares").json()
    assert listed["opened"] == 1
    assert oli.delete(f"/api/sessions/{uid}/shares/{listed['number']}").status_code == 204
    assert guest.get("/api/sessions").status_code == 401
    again = browsers.nobody().get(url, follow_redirects=False)
    assert again.headers["location"] == "/login?share=over"
    assert "set-cookie" not in again.headers
    said = [one for one in browsers.visitors.audit.entries() if one.what == "shared link opened"]
    assert [one.about for one in said] == [uid]
    assert secret not in repr(browsers.visitors.audit.entries())


def test_a_confidential_session_is_shared_by_no_link(browsers: Browsers, uid: str) -> None:
    browsers.visitors.members.add(uid, "oli", "sam")
    oli = browsers.of("oli")
    body = {"title": "Rosalind", "days": 2}
    url = oli.post(f"/api/sessions/{uid}/shares", json=body).json()["url"]
    browsers.visitors.seeing = lambda: Seeing(confidential=frozenset({uid}))
    opened = browsers.nobody().get(url, follow_redirects=False)
    assert opened.headers["location"] == "/login?share=over"
    assert "set-cookie" not in opened.headers
    refused = oli.post(f"/api/sessions/{uid}/shares", json=body)
    assert refused.status_code == 409
    assert "confidential" in refused.text


@pytest.mark.usefixtures("clock_stands")
def test_viewers_share_nothing_and_links_are_not_guessed(browsers: Browsers, uid: str) -> None:
    browsers.visitors.members.add(uid, "vic", "sam")
    body = {"title": "t", "days": 1}
    assert browsers.of("vic").post(f"/api/sessions/{uid}/shares", json=body).status_code == 403
    guest = browsers.nobody()
    said = [guest.get(f"/share/{n}", follow_redirects=False).status_code for n in range(80)]
    assert said[0] == 303
    assert 429 in said


def test_nobody_shares_a_server_that_nobody_can_reach(
    client: TestClient, sample: SampleSession
) -> None:
    (session,) = client.get("/api/sessions").json()
    answer = client.post(f"/api/sessions/{session['id']}/shares", json={"title": "t"})
    assert answer.status_code == 409


def test_the_audit_log_tells_what_was_done(browsers: Browsers, uid: str) -> None:
    browsers.of("sam").put(f"/api/sessions/{uid}/people/vic")
    browsers.of("vic").put(f"/api/sessions/{uid}/people/oli")
    ada = browsers.of("ada")
    ada.patch("/api/users/vic", json={"password": GOOD + " red"})
    said = [(one["who"], one["what"], one["outcome"]) for one in ada.get("/api/audit").json()]
    assert said == [
        ("ada", "PATCH /api/users/vic", "done"),
        ("ada", "password given", "done"),
        ("vic", f"PUT /api/sessions/{uid}/people/oli", "refused (403)"),
        ("sam", f"PUT /api/sessions/{uid}/people/vic", "done"),
    ]
    assert ada.get("/api/audit", params={"who": "sam"}).json()[0]["who"] == "sam"
    assert "horse" not in ada.get("/api/audit").text
