"""Who came a moment ago is known, until anything about people changes."""

import pytest
from starlette.requests import HTTPConnection

from icestream.login import Role
from icestream.server.people import lately as module
from icestream.server.people.come import Coming
from icestream.server.people.lately import Lately
from icestream.server.people.person import Person
from icestream.server.people.visitors import Visitors

ANN = Coming(Person(name="ann", role=Role.VIEWER), "cookie", "x")


def request(**headers: str) -> HTTPConnection:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "path": "/api/me", "headers": raw})


def test_they_are_known_by_what_they_showed(visitors: Visitors) -> None:
    lately = Lately(visitors.database.mark)
    lately.keep(request(cookie="a=1"), ANN, lately.mark())
    assert lately.find(request(cookie="a=1")) is ANN
    assert lately.find(request(cookie="a=2")) is None
    assert lately.find(request(cookie="a=1", authorization="Bearer x")) is None
    assert lately.find(request()) is None


def test_whatever_is_changed_makes_them_unknown(visitors: Visitors) -> None:
    lately = Lately(visitors.database.mark)
    visitors.logins.open("vic", address="", agent="")
    for change in (
        lambda: visitors.accounts.add("bob", Role.VIEWER),
        lambda: visitors.logins.end("vic"),
        lambda: visitors.members.add("aa", "vic", "ada"),
    ):
        lately.keep(request(cookie="a=1"), ANN, lately.mark())
        assert lately.find(request(cookie="a=1")) is ANN
        change()
        assert lately.find(request(cookie="a=1")) is None


def test_what_was_changed_while_they_were_looked_up_counts(visitors: Visitors) -> None:
    lately = Lately(visitors.database.mark)
    before = lately.mark()
    visitors.accounts.add("bob", Role.VIEWER)
    lately.keep(request(cookie="a=1"), ANN, before)
    assert lately.find(request(cookie="a=1")) is None


def test_after_a_moment_they_are_looked_up_again(
    visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS", -1.0)
    lately = Lately(visitors.database.mark)
    lately.keep(request(cookie="a=1"), ANN, lately.mark())
    assert lately.find(request(cookie="a=1")) is None


def test_who_opens_a_shared_link_is_looked_up_each_time(visitors: Visitors) -> None:
    lately = Lately(visitors.database.mark)
    shared = request(cookie="icestream_share=1; a=1")
    lately.keep(shared, ANN, lately.mark())
    assert lately.find(shared) is None


def test_an_attacker_cannot_fill_the_memory(
    visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST", 3)
    lately = Lately(visitors.database.mark)
    for number in range(4):
        lately.keep(request(cookie=f"a={number}"), ANN, lately.mark())
    assert lately.find(request(cookie="a=0")) is None
    assert lately.find(request(cookie="a=3")) is ANN
