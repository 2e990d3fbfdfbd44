"""Coming in and leaving, over HTTP, as a browser and as an attacker would."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.people.doors import Doors
from icestream.server.people.gate import visitors_of
from icestream.settings import load
from people_of_tests import GOOD, add_people

NEW = "another horse battery unstable"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Server]:
    """A server where people have to log in."""
    with closing(Server([tmp_path], load(state=tmp_path / "state"), doors=Doors(login=True))) as it:
        add_people(visitors_of(it))
        yield it


@pytest.fixture
def browser(locked: Server) -> Iterator[TestClient]:
    with TestClient(create_app(locked), base_url="http://localhost:8000") as made:
        yield made


def log_in(browser: TestClient, name: str = "vic", password: str = GOOD) -> dict[str, str]:
    """Log in; gives the header that writes need."""
    answer = browser.post("/api/login", json={"name": name, "password": password})
    assert answer.status_code == 200, answer.text
    return {"X-CSRF-Token": answer.json()["csrf"]}


def test_who_logs_in_is_known_until_they_leave(browser: TestClient) -> None:
    assert browser.get("/api/me").status_code == 401
    csrf = log_in(browser)
    me = browser.get("/api/me").json()
    assert (me["name"], me["role"], me["login_required"]) == ("vic", "viewer", True)
    assert {"X-CSRF-Token": me["csrf"]} == csrf
    cookie = browser.cookies["icestream_session"]
    assert browser.post("/api/logout").status_code == 403
    assert browser.post("/api/logout", headers=csrf).status_code == 204
    assert "icestream_session" not in browser.cookies
    browser.cookies["icestream_session"] = cookie  # one that somebody has copied
    assert browser.get("/api/me").status_code == 401


def test_the_cookie_is_for_this_server_and_no_script(browser: TestClient, locked: Server) -> None:
    answer = browser.post("/api/login", json={"name": "vic", "password": GOOD})
    said = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"):
        assert part in said
    assert "Domain" not in said
    cookie = browser.cookies["icestream_session"]
    assert cookie not in answer.text
    assert cookie not in browser.get("/api/me").text


def test_by_https_the_cookie_never_leaves_it(tmp_path: Path) -> None:
    doors = Doors(login=True, secure=True)
    with closing(Server([tmp_path], load(state=tmp_path / "state"), doors=doors)) as server:
        add_people(visitors_of(server))
        with TestClient(create_app(server), base_url="https://localhost") as browser:
            answer = browser.post("/api/login", json={"name": "vic", "password": GOOD})
            assert answer.headers["set-cookie"].startswith("__Host-icestream_session=")
            assert "; Secure" in answer.headers["set-cookie"]


def test_a_cookie_that_was_planted_opens_nothing_after_the_login(browser: TestClient) -> None:
    browser.cookies["icestream_session"] = "chosen-by-somebody-else"
    log_in(browser)
    assert browser.cookies.get("icestream_session", domain="localhost.local") != (
        "chosen-by-somebody-else"
    )
    attacker = TestClient(browser.app, base_url="http://localhost:8000")
    attacker.cookies["icestream_session"] = "chosen-by-somebody-else"
    assert attacker.get("/api/me").status_code == 401


def test_logging_in_again_ends_the_login_of_before(browser: TestClient) -> None:
    log_in(browser)
    before = browser.cookies["icestream_session"]
    log_in(browser)
    assert browser.cookies["icestream_session"] != before
    attacker = TestClient(browser.app, base_url="http://localhost:8000")
    attacker.cookies["icestream_session"] = before
    assert attacker.get("/api/me").status_code == 401


def test_wrong_names_and_wrong_passwords_are_answered_alike(browser: TestClient) -> None:
    wrong = browser.post("/api/login", json={"name": "vic", "password": "wrong"})
    unknown = browser.post("/api/login", json={"name": "eve", "password": "wrong"})
    odd = browser.post("/api/login", json={"name": "../\x00", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == odd.status_code == 401
    assert wrong.json() == unknown.json() == odd.json()


@pytest.mark.usefixtures("clock_stands")
def test_guessing_is_told_for_how_long_to_wait(browser: TestClient) -> None:
    for _ in range(5):
        assert browser.post("/api/login", json={"name": "vic", "password": "x"}).status_code == 401
    answer = browser.post("/api/login", json={"name": "vic", "password": GOOD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.usefixtures("clock_stands")
def test_floods_of_strangers_are_slowed_down(browser: TestClient) -> None:
    said = {browser.get("/api/login/methods").status_code for _ in range(80)}
    assert said == {200, 429}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "vic"},
        {"name": ["vic"], "password": GOOD},
        {"name": "vic", "password": GOOD, "role": "admin"},
        {"name": "vic", "password": "x" * 1000},
        {"name": "x" * 1000, "password": GOOD},
    ],
)
def test_odd_logins_are_refused_without_an_echo(browser: TestClient, body: object) -> None:
    answer = browser.post("/api/login", json=body)
    assert answer.status_code == 422
    assert GOOD not in answer.text


def test_another_sites_form_cannot_log_anybody_in(browser: TestClient) -> None:
    """Neither as a form, nor with a body that only looks like one."""
    content = f'{{"name": "vic", "password": "{GOOD}"}}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = browser.post("/api/login", content=content, headers={"content-type": kind})
        assert answer.status_code == 422, kind
    answer = browser.post(
        "/api/login",
        json={"name": "vic", "password": GOOD},
        headers={"origin": "http://evil.example"},
    )
    assert answer.status_code == 403
    assert not browser.cookies


def test_one_changes_ones_own_password_and_every_other_login_ends(browser: TestClient) -> None:
    csrf = log_in(browser)
    elsewhere = TestClient(browser.app, base_url="http://localhost:8000")
    log_in(elsewhere)

    def change(old: str, new: str) -> int:
        body = {"old": old, "new": new}
        return browser.put("/api/me/password", json=body, headers=csrf).status_code

    assert change("wrong", NEW) == 403
    assert change(GOOD, "short") == 422
    assert change(GOOD, NEW) == 200
    assert browser.get("/api/me").status_code == 200
    assert elsewhere.get("/api/me").status_code == 401
    log_in(elsewhere, password=NEW)


def test_one_sees_and_ends_ones_own_logins_alone(browser: TestClient, locked: Server) -> None:
    visitors = visitors_of(locked)
    csrf = log_in(browser)
    visitors.logins.open("vic", address="10.0.0.9", agent="Other")
    visitors.logins.open("ada", address="10.0.0.9", agent="Hers")
    theirs = browser.get("/api/me/logins").json()
    assert {one["agent"] for one in theirs} == {"testclient", "Other"}
    (hers,) = visitors.logins.of("ada")
    browser.delete("/api/me/logins", params={"number": hers.number}, headers=csrf)
    assert visitors.logins.of("ada") == [hers]
    other = next(one["number"] for one in theirs if one["agent"] == "Other")
    browser.delete("/api/me/logins", params={"number": other}, headers=csrf)
    assert len(browser.get("/api/me/logins").json()) == 1


def test_the_ways_of_logging_in_are_named(browser: TestClient) -> None:
    assert browser.get("/api/login/methods").json() == [
        {"name": "password", "title": "Name and password", "url": None}
    ]


def test_where_nobody_has_to_log_in_there_is_no_way(tmp_path: Path) -> None:
    with (
        closing(Server([tmp_path], load(state=tmp_path / "state"))) as server,
        TestClient(create_app(server), base_url="http://localhost") as browser,
    ):
        assert browser.get("/api/login/methods").json() == []
        me = browser.get("/api/me").json()
        assert (me["role"], me["login_required"]) == ("admin", False)


def test_who_cannot_be_sent_to_a_provider_is_told_why_on_the_page_of_the_login(
    browser: TestClient,
) -> None:
    answer = browser.get("/api/login/oidc/start", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?failed")
    said = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Max-Age=60"):
        assert part in said
    why = browser.get("/api/login/failure").json()
    assert why["message"] == "no provider of OpenID Connect is in the settings"


def test_who_was_not_sent_to_a_provider_comes_back_in_vain(browser: TestClient) -> None:
    answer = browser.get("/api/login/oidc/callback?code=a&state=b", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?failed")
    assert "icestream_session" not in browser.cookies
    why = browser.get("/api/login/failure").json()
    assert "has not begun to log in" in why["message"]
    assert why["advice"] == "try again"


@pytest.mark.parametrize("kept", ["", "?", "AAAA", "bm8gSlNPTg=="])
def test_where_nothing_failed_there_is_nothing_to_say(browser: TestClient, kept: str) -> None:
    browser.cookies["icestream_failure"] = kept
    assert browser.get("/api/login/failure").json() is None
    browser.cookies.clear()
    anything = {"Cookie": b"icestream_failure=\xc3\xa9\xff"}
    assert browser.get("/api/login/failure", headers=anything).json() is None
