"""The facility over the web: what is offered, sessions begun for people, who may see which."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from icestream.engine.machine.lock import holder
from icestream.facility.begin.card import read_card
from icestream.facility.bookings.reading import source_name
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.bookings import keep_booking, keep_source
from icestream.facility.registry.duties import keep_duty
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import Whose, keep_session
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.people.doors import Doors
from icestream.server.people.gate import visitors_of
from icestream.settings import load
from people_of_tests import PEOPLE, add_people
from toy_session import wait_for

BOOKINGS = '\n[bookings]\nkind = "csv"\nfile = "{folder}/bookings.csv"\n'
HOUR = 3600.0
SESSIONS = "/api/facility/sessions"


class Site:
    """A server of a facility where people log in."""

    def __init__(self, server: Server, client: TestClient, facility: Facility) -> None:
        self.server, self.client, self.facility = server, client, facility
        self.source = source_name(facility.file.bookings)  # type: ignore[arg-type]
        visitors = visitors_of(server)
        self.tokens = {
            name: visitors.tokens.make(name, role, title="t", scopes=(role.value,), days=1)[1]
            for name, role in PEOPLE.items()
        }

    def ask(self, who: str, path: str, status: int = 200, body: Any = None) -> Any:
        said = self.client.request(
            "GET" if body is None else "POST",
            path if path.startswith("/api") else f"/api/facility{path}",
            json=body,
            headers={"authorization": f"Bearer {self.tokens[who]}"},
        )
        assert said.status_code == status, said.text
        return said.json()

    def begin(self, status: int = 201, who: str = "oli", **asked: Any) -> Any:
        return self.ask(who, "/sessions", status, {"microscope": "krios1", "start": False, **asked})

    def book(self, reference: str, begins: float, ends: float, **values: Any) -> int:
        now = time.time()
        with self.facility.registry.write() as connection:
            keep_booking(
                connection, self.source, reference, microscope="krios1",
                begins=now + begins * HOUR, ends=now + ends * HOUR,
                **{"kind": "booked", "state": "booked", **values},
            )  # fmt: skip
            keep_source(connection, self.source, read=now)
        every = self.ask("ada", "/bookings")
        found: list[int] = [one["id"] for one in every if one["title"] == values["title"]]
        return found[0]


@pytest.fixture
def site(write_facility: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    path = write_facility(BOOKINGS)
    (tmp_path / "bookings.csv").write_text("")
    with (
        open_facility(path) as facility,
        closing(Server([tmp_path / "sessions"], load(), doors=Doors(login=True))) as server,
    ):
        add_people(visitors_of(server))
        with TestClient(create_app(server), base_url="http://localhost:8000") as client:
            yield Site(server, client, facility)


def test_a_machine_without_a_facility_says_what_to_do(site: Site) -> None:
    assert site.ask("oli", "/api/me")["facility"] is True
    site.facility.path.unlink()
    assert site.ask("oli", "/api/me")["facility"] is False
    said = site.ask("oli", "/microscopes", 404)
    assert "this machine has no facility" in said["message"]
    assert "icestream facility example" in said["advice"]


def test_a_file_that_cannot_be_used_is_said(site: Site, tmp_path: Path) -> None:
    with closing(Server([tmp_path / "sessions"], load())) as server:
        site.facility.path.write_text("[facility]\nname = 3\n")
        with TestClient(create_app(server), base_url="http://127.0.0.1:8000") as client:
            said = client.get("/api/facility/sessions")
            assert client.get("/api/me").json()["facility"] is True
    assert said.status_code == 409
    assert "facility.name" in said.json()["message"]


def test_what_is_offered_for_each_microscope(site: Site, tmp_path: Path) -> None:
    with site.facility.registry.write() as connection:
        keep_project(connection, "CEM00001", title="Ribosomes", pi="lea")
    site.book("1", -1, 5, title="CEM00001 grids", who="lea", name="Lea", email="lea@x.org",
              project="CEM00001")  # fmt: skip
    for name, hours in (("old", 3), ("new", 0)):
        (tmp_path / "krios1" / name).mkdir()
        os.utime(tmp_path / "krios1" / name, (time.time() - hours * HOUR,) * 2)
    krios, glacios = site.ask("oli", "/microscopes")
    assert (krios["title"], glacios["title"], glacios["workflow"]) == (
        "Titan Krios", "glacios", "screening",
    )  # fmt: skip
    (choice,) = krios["offer"]["choices"]
    assert (choice["when"], choice["project_title"]) == ("now", "Ribosomes")
    assert choice["booking"]["name"] == "Lea"
    assert "email" not in choice["booking"], "addresses are of no use here"
    assert (krios["offer"]["doubts"], krios["offer"]["source"]) == ([], "csv")
    assert glacios["offer"]["doubts"] == ["nobody has booked glacios now"]
    assert site.ask("oli", "/microscopes/krios1/offer")["choices"] == [choice]
    movies = site.ask("oli", "/microscopes/krios1/movies")
    assert [Path(one["path"]).name for one in movies] == ["new", "old"]
    for path in ("/microscopes/talos/offer", "/microscopes/talos/movies"):
        assert "no microscope 'talos'" in site.ask("oli", path, 404)["message"]
    site.ask("vic", "/microscopes", 403)


def test_a_session_is_begun_from_a_booking(site: Site, tmp_path: Path) -> None:
    """It has the booking's project and owner, and is open to who booked and who began it."""
    visitors_of(site.server).accounts.add("lea", PEOPLE["vic"])
    number = site.book("1", -1, 5, title="grids", who="Lea", name="Lea", project="cem00001")
    with site.facility.registry.write() as connection:
        keep_project(connection, "CEM00001", pi="lea")
    (tmp_path / "krios1" / "new").mkdir()
    begun = site.begin(
        booking=number, movies=f"{tmp_path}/krios1/new", sample="ribosome", workflow="quick-look"
    )
    one = begun["session"]
    assert (one["name"], one["project"], one["operator"]) == ("CEM00001-001", "CEM00001", "Lea")
    assert begun["movies"] == f"{tmp_path}/krios1/new"
    assert (begun["advice"], one["state"]) == ("", "new")
    card = read_card(Path(site.server.catalogue.entry(one["id"]).folder))
    assert card is not None
    assert (card.by, card.booking, card.workflow) == ("oli", (site.source, "1"), "quick-look")
    members = visitors_of(site.server).members.of(one["key"])
    assert members == ["lea", "oli"]
    assert site.ask("oli", f"/api/sessions/{one['id']}")["name"] == "CEM00001-001"
    assert site.ask("oli", "/sessions")["rows"][0]["id"] == one["id"]
    (choice,) = site.ask("oli", "/microscopes/krios1/offer")["choices"]
    assert choice["sessions"] == ["CEM00001-001"]


def test_what_a_workflow_leaves_open_is_filled_in(site: Site, tmp_path: Path) -> None:
    """From the browser as on the command line; what is lacking is named before anything is made."""
    document = {
        "version": 2,
        "name": "open",
        "blanks": [{"name": "kv", "kind": "number"}],
        "steps": [
            {"name": "import", "protocol": "movies.import", "parameters": {"voltage": "{{kv}}"}}
        ],
    }
    (tmp_path / "state" / "workflows").mkdir(exist_ok=True)
    (tmp_path / "state" / "workflows" / "open.json").write_text(json.dumps(document))
    (problem,) = site.begin(422, workflow="open")["problems"]
    assert "kv" in problem["what"]
    assert site.ask("ada", "/sessions")["rows"] == []
    one = site.begin(workflow="open", fill={"kv": "200"})["session"]
    document = site.ask("oli", f"/api/sessions/{one['id']}/workflow")["document"]
    assert document["steps"][0]["parameters"]["voltage"] == 200


def test_long_lists_come_in_pages_and_are_searched(site: Site) -> None:
    with site.facility.registry.write() as connection:
        for number in range(7):
            keep_session(
                connection, f"key-{number}", Whose(microscope="krios1", project=f"P{number % 2}"),
                name=f"s-{number}", folder=f"/s/{number}", place=f"/s/{number}",
                began=float(number), state="done", sample="Ribosome" if number == 3 else "",
            )  # fmt: skip
    first = site.ask("ada", "/sessions?limit=3")
    assert (first["matching"], [one["name"] for one in first["rows"]]) == (7, ["s-6", "s-5", "s-4"])
    last = site.ask("ada", "/sessions?limit=3&offset=6")
    assert (last["offset"], [one["name"] for one in last["rows"]]) == (6, ["s-0"])
    assert site.ask("ada", "/sessions?offset=9")["rows"] == []
    for text, names in (("RIBO", ["s-3"]), ("p1", ["s-5", "s-3", "s-1"]), ("s-2", ["s-2"])):
        found = site.ask("ada", f"/sessions?text={text}")
        assert [one["name"] for one in found["rows"]] == names
        assert found["matching"] == len(names)
    site.ask("ada", "/sessions?limit=501", 422)


@pytest.mark.parametrize(
    ("asked", "where", "what"),
    [
        ({"microscope": "talos"}, "microscope", "no microscope 'talos'; it has krios1, glacios"),
        ({"booking": 77}, "booking", "krios1 has no such booking any more"),
        ({"workflow": "defualt"}, "workflow", "there is no workflow 'defualt'"),
        ({"workflow": "/etc/passwd"}, "workflow", "there is no workflow '/etc/passwd'"),
    ],
)
def test_each_value_that_cannot_be_is_refused(
    site: Site, asked: dict[str, Any], where: str, what: str
) -> None:
    said = site.begin(422, **asked)
    (problem,) = said["problems"]
    assert problem["where"] == where
    assert what in problem["what"]
    assert site.ask("ada", "/sessions")["rows"] == []


def test_movies_are_taken_from_folders_that_may_be_shown(site: Site, tmp_path: Path) -> None:
    (tmp_path / "krios1" / "way").symlink_to("/etc")
    for movies in ("/etc", f"{tmp_path}/krios1/../state", f"{tmp_path}/krios1/way"):
        assert "not below a folder" in site.begin(403, movies=movies)["message"], movies
    site.begin(422, movies="krios1")
    assert site.begin(movies=f"{tmp_path}/glacios")["session"]["name"] == "unassigned-001"


def test_what_a_microscope_lacks_is_said_of_its_movies(
    site: Site, write_facility: Callable[[str], Path]
) -> None:
    write_facility("\n[microscopes.talos]\n")
    (problem,) = site.begin(422, microscope="talos")["problems"]
    assert (problem["where"], "name their folder" in problem["what"]) == ("movies", True)


def test_a_tree_that_cannot_be_made_is_said(site: Site, tmp_path: Path) -> None:
    (tmp_path / "sessions").rmdir()
    assert "mount its disk" in site.begin(409)["message"]


def test_a_server_that_does_not_show_the_sessions_says_so(
    site: Site, write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    path = write_facility("")
    (tmp_path / "other").mkdir()
    path.write_text(path.read_text().replace(f"{tmp_path}/sessions", f"{tmp_path}/other"))
    begun = site.begin()
    assert begun["session"]["id"] is None
    assert f"icestream serve {tmp_path}/other" in begun["advice"]
    flaws = site.ask("sam", "/check")["flaws"]
    assert [one["stops"] for one in flaws if "does not show" in one["what"]] == [False]


@pytest.mark.slow
def test_a_session_runs_and_is_ended(site: Site) -> None:
    begun = site.begin(start=True, workflow="quick-look")
    one = begun["session"]
    assert one["state"] == "running"
    folder = site.server.catalogue.entry(one["id"]).folder
    wait_for(lambda: bool(holder(folder)), 120)  # a machine that is busy takes longer than it says
    (krios, _) = site.ask("oli", "/microscopes")
    assert krios["running"] == ["unassigned-001"]
    site.ask("sam", f"/sessions/{one['key']}/end", body={"why": "the grid is empty"})
    wait_for(lambda: not holder(folder), 120)
    ended = site.ask("oli", f"/sessions/{one['key']}/end", body={})
    assert ended["state"] == "stopped"
    (first,) = site.ask("sam", f"/api/sessions/{one['id']}/requests")
    assert (first["who"], first["document"]["why"]) == ("sam", "the grid is empty")


def test_a_confidential_session_is_as_if_it_were_not_there(site: Site) -> None:
    with site.facility.registry.write() as connection:
        keep_project(connection, "ACME", pi="vic", confidential=True)
        keep_project(connection, "open", pi="lea")
        for project in ("ACME", "open"):
            keep_session(
                connection, f"key-{project}", Whose(microscope="krios1", project=project),
                name=f"{project}-001", folder=f"/s/{project}", place=f"/s/{project}", began=1.0,
                state="running",
            )  # fmt: skip
        keep_duty(connection, "sessions", said="1 running; ACME-001 (lost)", problem="ACME-001")
    site.book("1", -1, 5, title="ACME capsids", who="vic", name="Vic", project="ACME")
    for who, names in {"ada": {"ACME-001", "open-001"}, "sam": {"open-001"}, "oli": set(),
                       "vic": {"ACME-001"}}.items():  # fmt: skip
        assert {one["name"] for one in site.ask(who, "/sessions")["rows"]} == names, who
    for path in ("/microscopes", "/microscopes/krios1/offer", "/projects", "/bookings", "/duties"):
        said = str(site.ask("sam", path))
        assert not any(word in said for word in ("ACME", "capsids", "Vic")), path
        assert path == "/projects" or "confidential" in said, path
        assert "ACME" in str(site.ask("ada", path)), path
    site.ask("sam", "/sessions/key-ACME/end", 404, body={})
    site.ask("sam", "/sessions/key-open/end", body={})
    site.ask("vic", "/sessions/key-open/end", 403, body={})


def test_a_session_for_a_booking_that_one_may_not_know_of(site: Site) -> None:
    """Staff begin it all the same: the server knows the project."""
    with site.facility.registry.write() as connection:
        keep_project(connection, "ACME", pi="vic", confidential=True)
    number = site.book("1", -1, 5, title="ACME capsids", who="vic", project="ACME")
    one = site.begin(booking=number, who="sam")["session"]
    assert (one["project"], one["confidential"]) == ("ACME", True)
    assert visitors_of(site.server).members.of(one["key"]) == ["sam", "vic"]


def test_what_staff_see_of_the_facility(site: Site) -> None:
    with site.facility.registry.write() as connection:
        keep_duty(connection, "bookings", began=1.0, failing_since=2.0, problem="no such file")
    found = {one["name"]: one for one in site.ask("sam", "/duties")}
    assert found["bookings"]["failing_since"] == 2.0
    assert found["bookings"]["problem"] == "no such file"
    assert (found["sessions"]["began"], found["sessions"]["every"]) == (None, 10.0)
    assert found["sessions"]["standing"] == "undone"
    assert "start icestream facility run" in found["sessions"]["trouble"]
    site.book("1", 1, 5, title="soon", name="Lea")
    (one,) = site.ask("sam", "/bookings?days=7")
    assert (one["title"], one["name"], one["microscope"]) == ("soon", "Lea", "krios1")
    checked = site.ask("sam", "/check")
    assert checked["path"] == str(site.facility.path)
    assert all(one["where"] for one in checked["flaws"])
    for path in ("/bookings", "/duties", "/check"):
        site.ask("oli", path, 403)
    assert site.ask("oli", "/sessions?microscope=krios1&state=done")["rows"] == []
