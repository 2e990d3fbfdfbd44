"""Who may change what: every route that changes or prepares something, by role."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.people.doors import Doors
from icestream.server.people.gate import visitors_of
from icestream.settings import load
from people_of_tests import PEOPLE, add_people
from report_session import SampleSession

REQUESTS = [
    ("POST", "/api/sessions/{0}/requests", {"verb": "resume"}, "operator"),
    ("POST", "/api/sessions/{0}/start", {}, "operator"),
    ("POST", "/api/sessions/{0}/archive", {}, "staff"),
    ("POST", "/api/sessions/{0}/unarchive", {}, "staff"),
    ("POST", "/api/sessions/{0}/clean", {}, "staff"),
    ("GET", "/api/sessions/{0}/requests", None, "viewer"),
    ("GET", "/api/sessions/{0}/undo/preview", None, "viewer"),
    ("POST", "/api/sessions", {"pattern": "/x", "folder": "/y"}, "operator"),
    ("POST", "/api/trials", {"pattern": "/x"}, "operator"),
    ("GET", "/api/trials/x", None, "operator"),
    ("GET", "/api/folders", None, "operator"),
    ("POST", "/api/folders/look", {"pattern": "/x"}, "operator"),
    ("PUT", "/api/workflows/x", {"workflow": {}}, "operator"),
    ("DELETE", "/api/workflows/x", None, "operator"),
    ("POST", "/api/workflows/check", {"workflow": {}}, "viewer"),
    ("GET", "/api/protocols", None, "viewer"),
    ("GET", "/api/channels", None, "viewer"),
    ("POST", "/api/channels/x/test", {}, "staff"),
    ("POST", "/api/facility/sessions", {"microscope": "x"}, "operator"),
    ("POST", "/api/facility/sessions/x/end", {}, "operator"),
    ("GET", "/api/facility/microscopes", None, "operator"),
    ("GET", "/api/facility/sessions", None, "viewer"),
    ("GET", "/api/facility/bookings", None, "staff"),
    ("GET", "/api/facility/duties", None, "staff"),
    ("GET", "/api/facility/check", None, "staff"),
]
ORDER = ["viewer", "operator", "staff", "admin"]


class Guarded:
    """A server where people have to log in, and a program of each of them."""

    def __init__(self, server: Server, client: TestClient) -> None:
        self.server = server
        self.client = client
        visitors = visitors_of(server)
        self.tokens = {
            name: visitors.tokens.make(name, role, title="t", scopes=(role.value,), days=1)[1]
            for name, role in PEOPLE.items()
        }

    def ask(self, name: str, method: str, path: str, body: Any = None) -> Any:
        said = {"authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return self.client.request(method, path, json=body, headers=said)


@pytest.fixture
def guarded(tmp_path: Path, sample: SampleSession) -> Iterator[Guarded]:
    loaded = load(state=tmp_path / "state")
    doors = Doors(login=True)
    with closing(Server([sample.folder.parent], loaded, doors=doors)) as server:
        add_people(visitors_of(server))
        with TestClient(create_app(server), base_url="http://localhost:8000") as client:
            yield Guarded(server, client)


@pytest.mark.parametrize(("method", "path", "body", "least"), REQUESTS)
def test_only_who_may_is_answered(
    guarded: Guarded, method: str, path: str, body: Any, least: str
) -> None:
    (entry,) = guarded.server.catalogue.entries()
    for name in ("vic", "oli"):
        visitors_of(guarded.server).members.add(entry.key, name, "sam")
    address = path.format(entry.id)
    assert guarded.ask("", method, address, body).status_code == 401
    for name, role in PEOPLE.items():
        may = ORDER.index(role.value) >= ORDER.index(least)
        answer = guarded.ask(name, method, address, body)
        assert ("and this asks for" in answer.text) is not may, (name, answer.text)
        assert (answer.status_code == 403) or may
        assert answer.status_code < 500


def test_a_session_of_others_is_as_if_it_were_not_there(guarded: Guarded) -> None:
    (entry,) = guarded.server.catalogue.entries()
    asked = guarded.ask("oli", "POST", f"/api/sessions/{entry.id}/requests", {"verb": "undo"})
    assert asked.status_code == 404
    assert guarded.ask("oli", "POST", f"/api/sessions/{entry.id}/start").status_code == 404
    assert guarded.ask("oli", "GET", "/api/sessions").json() == []


def test_whoever_begins_a_session_is_one_of_its_people(guarded: Guarded, tmp_path: Path) -> None:
    movies = guarded.server.roots[0] / "movies"
    movies.mkdir()
    asked = {"pattern": str(movies), "folder": f"{guarded.server.roots[0]}/new", "start": False}
    begun = guarded.ask("oli", "POST", "/api/sessions", asked)
    assert begun.status_code == 201, begun.text
    at = f"/api/sessions/{begun.json()['id']}"
    assert guarded.ask("oli", "GET", f"{at}/workflow").status_code == 200
    assert guarded.ask("vic", "GET", f"{at}/workflow").status_code == 404
    assert guarded.ask("sam", "GET", f"{at}/workflow").status_code == 200
    made = guarded.ask("oli", "POST", f"{at}/requests", {"verb": "order", "order": "oldest"})
    assert made.json()["who"] == "oli"
