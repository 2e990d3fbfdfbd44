"""Who comes with a request."""

import pytest
from starlette.requests import HTTPConnection

from icestream.engine.machine.naming import person_here
from icestream.facility.people.seeing import UNKNOWN, Seeing
from icestream.login import Role
from icestream.server.people.come import (
    NobodyKnown,
    csrf_for,
    login_cookie,
    share_cookie,
    who_comes,
)
from icestream.server.people.doors import Doors
from icestream.server.people.visitors import Visitors

LOGIN = Doors(login=True)


def request(path: str = "/api/me", **headers: str) -> HTTPConnection:
    raw = [
        (name.encode(), value.encode()) for name, value in {"host": "localhost", **headers}.items()
    ]
    return HTTPConnection(
        {"type": "http", "path": path, "headers": raw, "query_string": b"", "scheme": "http"}
    )


def test_by_https_cookies_have_names_that_no_other_host_can_set() -> None:
    assert login_cookie(LOGIN) == "icestream_session"
    assert login_cookie(Doors(secure=True)) == "__Host-icestream_session"
    assert share_cookie(Doors(secure=True)) == "__Host-icestream_share"


def test_on_this_machine_everybody_is_who_runs_it(visitors: Visitors) -> None:
    script = who_comes(visitors, Doors(), request())
    assert (script.person.name, script.person.role) == (person_here(), Role.ADMIN)
    assert script.csrf is None
    for header in ("origin", "sec-fetch-site", "cookie", "referer"):
        browser = who_comes(visitors, Doors(), request(**{header: "x=y"}))
        assert browser.csrf
        assert browser.csrf == csrf_for(script)


def test_a_cookie_is_somebody_only_under_its_own_name(visitors: Visitors) -> None:
    visitors.members.add("aa", "vic", "ada")
    cookie = visitors.logins.open("vic", address="", agent="")
    coming = who_comes(visitors, LOGIN, request(cookie=f"icestream_session={cookie}"))
    assert (coming.person.name, coming.person.sessions, coming.how) == ("vic", {"aa"}, "cookie")
    assert coming.csrf
    assert coming.csrf != cookie
    for wrong in (f"icestream_share={cookie}", f"icestream_session={cookie[:-1]}", "a=b"):
        with pytest.raises(NobodyKnown):
            who_comes(visitors, LOGIN, request(cookie=wrong))
    with pytest.raises(NobodyKnown):  # one that came by plain HTTP
        who_comes(
            visitors, Doors(login=True, secure=True), request(cookie=f"icestream_session={cookie}")
        )


@pytest.mark.parametrize("doors", [LOGIN, Doors()])
def test_a_token_that_is_not_valid_is_nobody_else(visitors: Visitors, doors: Doors) -> None:
    cookie = visitors.logins.open("ada", address="", agent="")
    for wrong in ("Bearer x", "Bearer icestream_x", "Basic YWRhOnB3", "", "Bearer "):
        with pytest.raises(NobodyKnown):
            who_comes(
                visitors, doors, request(authorization=wrong, cookie=f"icestream_session={cookie}")
            )


def test_a_token_may_what_it_says(visitors: Visitors) -> None:
    _, secret = visitors.tokens.make(
        "sam", Role.STAFF, title="t", scopes=["operator", "session/aa"], days=1
    )
    coming = who_comes(visitors, LOGIN, request(authorization=f"Bearer {secret}"))
    assert (coming.person.name, coming.person.role, coming.csrf) == ("sam", Role.OPERATOR, None)
    assert coming.person.only == {"aa"}
    visitors.accounts.change("sam", role=Role.VIEWER)
    assert who_comes(visitors, LOGIN, request(authorization=f"bearer {secret}")).person.role is (
        Role.VIEWER
    )


def test_a_shared_link_shows_its_session_beside_what_one_sees_anyway(visitors: Visitors) -> None:
    _, secret = visitors.shares.make("aa", who="oli", title="t", days=1)
    link = f"icestream_share={secret}"
    alone = who_comes(visitors, LOGIN, request(cookie=link))
    assert alone.person.shared
    assert alone.person.sees("aa")
    assert not alone.person.sees("bb")
    cookie = visitors.logins.open("vic", address="", agent="")
    both = f"icestream_session={cookie}; {link}"
    at_home = who_comes(visitors, LOGIN, request("/api/sessions", cookie=both))
    assert at_home.person.name == "vic"
    there = who_comes(visitors, LOGIN, request("/api/sessions/aa/live", cookie=both))
    assert there.person.shared
    other = who_comes(visitors, LOGIN, request("/api/sessions/bb/live", cookie=both))
    assert other.person.name == "vic"


def test_a_shared_link_opens_no_session_that_is_or_may_be_confidential(visitors: Visitors) -> None:
    _, secret = visitors.shares.make("aa", who="oli", title="t", days=1)
    asked = request(cookie=f"icestream_share={secret}")
    assert who_comes(visitors, LOGIN, asked).how == "share"
    for seeing in (Seeing(confidential=frozenset({"aa"})), UNKNOWN):
        visitors.seeing = lambda seeing=seeing: seeing  # type: ignore[misc]
        with pytest.raises(NobodyKnown):
            who_comes(visitors, LOGIN, asked)
    visitors.seeing = lambda: Seeing(confidential=frozenset({"bb"}))
    assert who_comes(visitors, LOGIN, asked).how == "share"
