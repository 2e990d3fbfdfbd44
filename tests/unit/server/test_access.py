"""Who may do what: roles in their order, and who sees a session."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from icestream.server.access import (
    Person,
    Role,
    current_person,
    may_see,
    person_of,
    requires,
)
from icestream.server.catalogue import Entry
from icestream.server.context import Server
from icestream.server.errors import Refused
from icestream.server.people.doors import Doors
from icestream.server.people.gate import visitors_of
from icestream.settings import load


def test_each_role_covers_those_before_it() -> None:
    roles = list(Role)
    for number, role in enumerate(roles):
        assert [role.covers(other) for other in roles] == [n <= number for n in range(len(roles))]


def test_who_has_too_little_is_told_what_is_asked() -> None:
    viewer = Person(name="ann", role=Role.VIEWER)
    assert asyncio.run(requires(Role.VIEWER)(viewer)) is viewer
    with pytest.raises(Refused, match="ann is viewer, and this asks for operator") as caught:
        asyncio.run(requires(Role.OPERATOR)(viewer))
    assert caught.value.status == 403


def test_a_session_is_seen_by_its_people_and_staff(tmp_path: Path) -> None:
    entry = Entry(id="a", uid="a", folder=tmp_path)
    assert may_see(Person(name="ann", sessions=frozenset({"a"})), entry)
    assert not may_see(Person(name="ann", role=Role.OPERATOR, sessions=frozenset({"b"})), entry)
    assert may_see(Person(name="sam", role=Role.STAFF), entry)


def test_without_the_gate_nobody_is_known() -> None:
    with pytest.raises(Refused) as caught:
        asyncio.run(current_person(HTTPConnection({"type": "http", "headers": []})))
    assert caught.value.status == 401


def test_who_asks_for_long_is_looked_up_again_and_again(tmp_path: Path) -> None:
    with closing(Server([tmp_path], load(), doors=Doors(login=True))) as server:
        visitors = visitors_of(server)
        visitors.accounts.add("ann", Role.VIEWER)
        cookie = visitors.logins.open("ann", address="", agent="")
        app = Starlette()
        app.state.server = server
        header = (b"cookie", f"icestream_session={cookie}".encode())
        connection = HTTPConnection({"type": "websocket", "app": app, "headers": [header]})
        assert person_of(connection).name == "ann"
        visitors.logins.close(cookie)
        with pytest.raises(Refused) as caught:
            person_of(connection)
        assert caught.value.status == 401
