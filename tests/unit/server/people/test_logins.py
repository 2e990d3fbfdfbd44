"""Logins: a cookie opens what it opens until it ends, in one of several ways."""

import pytest

from icestream.server.people import logins as module
from icestream.server.people.logins import Logins
from icestream.server.people.visitors import Visitors


class Time:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def logins(visitors: Visitors, clock: Time) -> Logins:
    return Logins(visitors.database, lifetime=3600, idle=600)


def test_the_cookie_is_not_in_the_database(logins: Logins, visitors: Visitors) -> None:
    cookie = logins.open("ada", address="10.0.0.9", agent="Browser")
    found = logins.find(cookie)
    assert found is not None
    assert (found.account, found.address, found.agent) == ("ada", "10.0.0.9", "Browser")
    written = b"".join(file.read_bytes() for file in visitors.database.file.parent.iterdir())
    assert cookie.encode() not in written


def test_it_ends_when_nothing_is_asked_for(logins: Logins, clock: Time) -> None:
    cookie = logins.open("ada", address="", agent="")
    clock.now += 599
    assert logins.find(cookie) is not None
    clock.now += 599
    assert logins.find(cookie) is not None
    clock.now += 601
    assert logins.find(cookie) is None


def test_it_ends_whatever_is_asked_for(logins: Logins, clock: Time) -> None:
    cookie = logins.open("ada", address="", agent="")
    for _ in range(7):
        clock.now += 500
        assert logins.find(cookie) is not None
    clock.now += 500
    assert logins.find(cookie) is None


def test_leaving_ends_one_or_all(logins: Logins) -> None:
    one, two, three = (logins.open("ada", address="", agent=str(n)) for n in range(3))
    logins.close(one)
    assert logins.find(one) is None
    newest = logins.of("ada")[0]
    assert logins.end("oli", newest.number) == 0  # not theirs
    assert logins.end("ada", newest.number) == 1
    assert logins.find(three) is None
    assert logins.find(two) is not None
    assert logins.end("ada") == 1
    assert logins.of("ada") == []


def test_the_oldest_of_many_end(logins: Logins) -> None:
    cookies = [logins.open("ada", address="", agent="") for _ in range(25)]
    assert [logins.find(one) is not None for one in cookies] == [False] * 5 + [True] * 20


@pytest.mark.parametrize("cookie", ["", "x", "\ud800", "' OR 1=1 --"])
def test_what_is_no_cookie_of_ours_opens_nothing(logins: Logins, cookie: str) -> None:
    logins.open("ada", address="", agent="")
    assert logins.find(cookie) is None
