"""What a server knows of its facility, and that a confidential session stays so everywhere."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, update

from icestream.facility.opened import Facility, open_facility
from icestream.facility.people.seeing import UNKNOWN, Seeing
from icestream.facility.registry.people import keep_project, projects_of, set_members
from icestream.facility.registry.sessions import Whose, keep_session, session
from icestream.login import Identity, Role
from icestream.server import facility as module
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.facility import FacilityHere, facility_of
from icestream.server.metrics import sessions as figures
from icestream.server.people.doors import Doors
from icestream.server.people.gate import visitors_of
from icestream.settings import load
from icestream.store import tables as t
from icestream.store.open import FILE
from report_session import SampleSession

SECRET, PROJECT = "hushed-grid-77", "p77"
KEY = "0" * 31 + "7"
PEOPLE = {
    "stranger": Role.OPERATOR,
    "staff": Role.STAFF,
    "member": Role.VIEWER,
    "admin": Role.ADMIN,
}


@pytest.fixture
def server(facility: Facility, tmp_path: Path) -> Iterator[Server]:
    """One with a confidential session, which is that of a project with a member."""
    sample = SampleSession(tmp_path / "sessions" / SECRET, start=1_790_000_000.0, documents=False)
    sample.grow(3)
    with sample.store.write() as connection:
        connection.execute(update(t.session).values(uid=KEY))
    sample.store.close()
    with facility.registry.write() as connection:
        keep_project(connection, PROJECT)
        set_members(connection, PROJECT, {"member": "member"}, source="staff")
        keep_session(
            connection, KEY, Whose(project=PROJECT),
            name=SECRET, place=str(sample.folder), folder=str(sample.folder),
            began=1.0, state="running", confidential=True,
        )  # fmt: skip
    doors = Doors(login=True)
    with closing(Server([tmp_path / "sessions"], load(), doors=doors)) as made:
        for name, role in PEOPLE.items():
            visitors_of(made).accounts.add(name, role)
        yield made


@pytest.fixture
def ask(server: Server) -> Iterator[Callable[..., TestClient]]:
    """A browser of each of the people."""
    with TestClient(create_app(server), base_url="http://127.0.0.1:8000") as client:

        def as_(name: str) -> TestClient:
            cookie = visitors_of(server).logins.open(name, address="", agent="")
            client.cookies.clear()
            client.cookies.set("icestream_session", cookie)
            return client

        yield as_


def id_of(client: TestClient) -> str:
    (one,) = client.get("/api/sessions").json()
    return str(one["id"])


def test_only_its_people_and_administrators_are_shown_a_confidential_session(
    ask: Callable[..., TestClient],
) -> None:
    shown = {name: len(ask(name).get("/api/sessions").json()) for name in PEOPLE}
    assert shown == {"stranger": 0, "staff": 0, "member": 1, "admin": 1}


@pytest.mark.parametrize("name", ["stranger", "staff"])
def test_no_route_tells_anybody_else_of_it(
    ask: Callable[..., TestClient], server: Server, name: str
) -> None:
    """Every route of the server that answers a question, with the session's id and without."""
    key = id_of(ask("admin"))
    client, told, asked = ask(name), [], 0
    paths = client.app.openapi()["paths"]  # type: ignore[attr-defined]
    for path, methods in paths.items():
        if "get" not in methods:
            continue
        whole = re.sub(r"\{[^}]+\}", "1", path.replace("{id}", key, 1))
        answer = client.get(whole, follow_redirects=False)
        asked += 1
        if SECRET in answer.text or (key in whole and answer.status_code not in (404, 403, 422)):
            told.append((whole, answer.status_code))
        if "{id}" in path and path.startswith("/api/sessions/"):
            assert answer.status_code in (404, 422), (whole, answer.status_code, answer.text)
    assert asked > 60
    assert told == []


def test_who_is_made_a_member_sees_it_at_once(
    ask: Callable[..., TestClient], facility: Facility
) -> None:
    client = ask("staff")
    assert client.get("/api/sessions").json() == []
    with facility.registry.write() as connection:
        set_members(connection, PROJECT, {"staff": "member"}, source="login")
    assert len(client.get("/api/sessions").json()) == 1
    with facility.registry.write() as connection:
        set_members(connection, PROJECT, {}, source="login")
    assert client.get("/api/sessions").json() == []


def test_a_session_that_is_confidential_no_more_is_seen_by_staff(
    ask: Callable[..., TestClient], facility: Facility
) -> None:
    assert ask("staff").get("/api/sessions").json() == []
    with facility.registry.write() as connection:
        known = session(connection, SECRET)
        keep_session(connection, known.key, confidential=False)
    assert len(ask("staff").get("/api/sessions").json()) == 1
    assert ask("stranger").get("/api/sessions").json() == []


def test_where_there_is_no_facility_roles_alone_decide(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ICESTREAM_FACILITY", str(tmp_path / "none.toml"))
    with closing(FacilityHere()) as here:
        assert here.now() is None
        assert (here.seeing(), here.problem) == (Seeing(), "")


def test_a_file_that_cannot_be_used_hides_all_from_staff_until_it_can(
    write_facility: Callable[[str], Path],
) -> None:
    path = write_facility("")
    good = path.read_text()
    path.write_text("[facility]\n")
    with closing(FacilityHere()) as here:
        assert here.now() is None
        assert here.seeing() == UNKNOWN
        assert "facility.name" in here.problem
        path.write_text(good)
        os.utime(path, (1.0, 1.0))
        assert here.now() is not None
        assert (here.problem, here.seeing()) == ("", Seeing())


def test_what_was_known_holds_while_a_file_is_mended(
    write_facility: Callable[[str], Path],
) -> None:
    path = write_facility("")
    with open_facility(path) as facility, facility.registry.write() as connection:
        keep_session(
            connection, "k", name="s", place="/s", folder="/s/s", began=1.0, state="new",
            confidential=True,
        )  # fmt: skip
    with closing(FacilityHere()) as here:
        assert here.seeing().confidential == {"k"}
        path.write_text("[facility]\n")
        assert here.now() is not None
        assert here.problem
        assert here.seeing().confidential == {"k"}


def test_a_server_has_one(server: Server) -> None:
    assert facility_of(server) is facility_of(server)
    assert facility_of(server).now() is not None


def test_groups_of_who_logs_in_become_their_projects(
    write_facility: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_facility('[people]\nprojects = "proj-(.+)"\n')
    lea = Identity("lea", "Lea M.", "oidc", "sub", groups=("proj-p", "staff"))
    with closing(FacilityHere()) as here:
        facility = here.now()
        assert facility is not None
        here.welcome(lea)
        with facility.registry.read() as connection:
            assert projects_of(connection, "lea") == {"p"}
        with facility.registry.engine.connect() as connection:
            connection.exec_driver_sql("ALTER TABLE person RENAME TO gone")
            connection.commit()
        here.welcome(lea)  # keeps nobody out
    path.unlink()
    with closing(FacilityHere()) as here:
        here.welcome(lea)


def test_figures_of_a_confidential_session_are_told_nobody(
    ask: Callable[..., TestClient], facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go to other systems, whose readers nobody here knows."""
    monkeypatch.setattr(figures, "_RECENT", 1e12)
    for name in ("staff", "admin"):
        said = ask(name).get("/metrics").text
        assert re.search(r'icestream_sessions\{state="\w+"\} 1\.0', said)
        assert KEY not in said
    with facility.registry.write() as connection:
        keep_session(connection, KEY, confidential=False)
    assert KEY in ask("staff").get("/metrics").text


def test_one_whose_store_cannot_be_read_is_no_less_confidential(
    ask: Callable[..., TestClient], tmp_path: Path
) -> None:
    for path in (tmp_path / "sessions" / SECRET).glob(f"{FILE}*"):
        path.unlink()
    (tmp_path / "sessions" / SECRET / FILE).write_bytes(b"nonsense" * 1000)
    shown = {name: len(ask(name).get("/api/sessions").json()) for name in ("staff", "admin")}
    assert shown == {"staff": 0, "admin": 1}


def test_a_file_that_is_taken_away_shows_nothing_that_was_hidden(
    write_facility: Callable[[str], Path],
) -> None:
    path = write_facility("")
    with open_facility(path) as facility, facility.registry.write() as connection:
        keep_session(
            connection, "k", name="s", place="/s", folder="/s/s", began=1.0, state="new",
            confidential=True,
        )  # fmt: skip
    with closing(FacilityHere()) as here:
        assert here.seeing().confidential == {"k"}
        path.unlink()
        assert here.now() is None
        assert here.seeing().confidential == {"k"}


def test_a_file_that_nobody_may_look_at_is_one_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ICESTREAM_FACILITY", str(tmp_path / ("x" * 300)))
    with closing(FacilityHere()) as here:
        assert here.seeing() == UNKNOWN
        assert here.problem


def test_nobody_waits_for_a_registry_that_is_away(
    write_facility: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_facility("")
    asked, away = threading.Event(), threading.Event()
    with closing(FacilityHere()) as here:
        assert here.seeing() == Seeing()
        times: list[float] = []

        def hang(connection: Connection) -> Seeing:
            times.append(time.monotonic())
            asked.set()
            away.wait(20.0)
            raise OSError("no route to host")

        monkeypatch.setattr(module, "read_seeing", hang)
        here._seen = "as it was before"
        one = threading.Thread(target=here.seeing)
        one.start()
        assert asked.wait(20.0)
        with ThreadPoolExecutor() as others:
            # The server asks for the mark in its one loop, for each request.
            assert others.submit(here.mark).result(5.0) is not None
            away.set()
            one.join(20.0)
            assert [here.seeing() for _ in range(5)] == [Seeing()] * 5
        assert len(times) == 1, "it is not asked again for each request"
