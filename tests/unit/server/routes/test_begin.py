"""Sessions that people begin, try before, let go on, and put away."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from icestream.engine.machine.lock import holder
from icestream.server.app import create_app
from icestream.server.archive import is_archived
from icestream.server.context import Server
from icestream.settings import load
from microscope_folder import movies_in
from report_session import SampleSession


class Place:
    """A server of sessions in one folder, and movies in another."""

    def __init__(self, folder: Path, client: TestClient) -> None:
        self.folder = folder
        self.client = client
        self.movies = folder / "data" / "microscope"

    def begin(self, status: int, name: str = "new", **more: Any) -> Any:
        asked = {"pattern": str(self.movies), "folder": f"{self.folder}/sessions/{name}", **more}
        said = self.client.post("/api/sessions", json=asked)
        assert said.status_code == status, said.text
        return said.json()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    for name in ("sessions", "data"):
        (tmp_path / name).mkdir()
    loaded = load(roots=(tmp_path / "data",), state=tmp_path / "state")
    with (
        closing(Server([tmp_path / "sessions"], loaded)) as server,
        TestClient(create_app(server), base_url="http://127.0.0.1:8000") as client,
    ):
        made = Place(tmp_path, client)
        movies_in(tmp_path / "data")
        yield made


def _until(what: Any, seconds: float = 240.0) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.2)


@pytest.mark.slow
def test_a_session_is_begun_stopped_and_started_again(place: Place) -> None:
    begun = place.begin(201, parameters={"import": {"watch": True}})
    assert begun["running"], begun["words"]
    at = f"/api/sessions/{begun['id']}"
    folder = Path(begun["folder"])
    asked = place.client.post(f"{at}/requests", json={"verb": "abort"}).json()
    answer = place.client.get(f"{at}/requests/{asked['token']}?wait=30").json()
    assert answer["state"] == "done"
    _until(lambda: not holder(folder))
    again = place.client.post(f"{at}/start")
    assert (again.status_code, again.json()["running"]) == (202, True)
    assert place.client.post(f"{at}/start").status_code == 409
    place.client.post(f"{at}/requests", json={"verb": "abort"})
    _until(lambda: not holder(folder))
    said = place.begin(409)
    assert "there is a session in" in said["message"]


def test_what_a_workflow_leaves_open_is_filled_in(place: Place) -> None:
    """By who begins the session, by metadata, or by defaults; and files stay inside the roots."""
    document = {
        "version": 2,
        "name": "open",
        "blanks": [
            {"name": "size", "kind": "number"},
            {"name": "kv", "kind": "number", "default": 200.0, "metadata": "voltage"},
            {"name": "gain", "kind": "file", "default": None},
        ],
        "steps": [
            {
                "name": "import",
                "protocol": "movies.import",
                "parameters": {
                    "pixel_size": "{{size}}", "voltage": "{{kv}}", "gain": "{{gain}}",
                },
            }
        ],
    }  # fmt: skip
    assert place.client.put("/api/workflows/open", json={"workflow": document}).status_code == 200
    asked = {"workflow": "open", "start": False}
    said = place.begin(422, **asked, fill={"sise": 1.0})
    assert [one["what"] for one in said["problems"]] == [
        "there is no blank 'sise' to fill; did you mean size?",
        "blank 'size' is not filled: give it a value (--fill size=VALUE)",
    ]
    said = place.begin(403, **asked, fill={"size": 1.5, "gain": "/etc/passwd"})
    begun = place.begin(201, **asked, fill={"size": "1.5"})
    shown = place.client.get(f"/api/sessions/{begun['id']}/workflow").json()
    held = {step["name"]: step["within"] for step in shown["document"]["steps"]}
    roots = [f"{place.folder}/sessions", f"{place.folder}/data"]
    assert all(within == roots for within in held.values())
    parameters = shown["document"]["steps"][0]["parameters"]
    assert parameters == {"pixel_size": 1.5, "pattern": str(place.movies)}, "metadata say the rest"
    assert "said_by" not in shown["document"]["steps"][0], "a person gave the size"


def test_steps_of_other_programs_are_left_out_where_that_is_asked(place: Place) -> None:
    gctf = {"name": "gctf", "protocol": "scipion:ProtGctf", "inputs": {"inputMicrographs": "align"}}
    steps = [
        {"name": "import", "protocol": "movies.import"},
        {"name": "align", "protocol": "movies.align", "inputs": {"movie": "import"}},
        gctf,
    ]
    for name, kept in (("facility", steps), ("nothing", [{**gctf, "inputs": {}}])):
        document = {"version": 2, "name": name, "steps": kept}
        put = place.client.put(f"/api/workflows/{name}", json={"workflow": document})
        assert put.status_code == 200, put.text
    asked = {"workflow": "facility", "start": False}
    given = {"parameters": {"import": {"dose_per_frame": 1.0}}}
    said = place.begin(422, **asked)
    assert said["problems"] == [{"where": "gctf", "what": "holds the place of ProtGctf of Scipion"}]
    assert "without_placeholders" in said["advice"]
    shown = place.client.get("/api/workflows/facility").json()
    assert shown["placeholders"] == [{"step": "gctf", "program": "Scipion", "kind": "ProtGctf"}]
    assert (shown["without"]["steps"], shown["without"]["problem"]) == (["gctf"], None)
    begun = place.begin(201, **asked, **given, without_placeholders=True)
    shown = place.client.get(f"/api/sessions/{begun['id']}/workflow").json()
    assert [step["name"] for step in shown["document"]["steps"]] == ["import", "align"]
    said = place.begin(422, "other", workflow="nothing", without_placeholders=True)
    assert "no step is left that could run" in [one["what"] for one in said["problems"]]
    shown = place.client.get("/api/workflows/nothing").json()
    assert shown["without"]["problem"] == "no step is left that could run"
    assert place.client.get("/api/workflows/default").json()["without"] is None


@pytest.mark.slow
def test_one_exposure_is_tried_apart_from_all_sessions(place: Place) -> None:
    movie = sorted(place.movies.rglob("*.tiff"))[0]
    asked = {"pattern": str(place.movies), "movie": str(movie)}
    begun = place.client.post("/api/trials", json=asked)
    assert begun.status_code == 202, begun.text
    at = f"/api/trials/{begun.json()['id']}"
    _until(lambda: place.client.get(at).json()["state"] != "running")
    found = place.client.get(at).json()
    assert found["state"] == "done", found["words"]
    assert movie.name.startswith(found["exposure"])
    shown = place.client.get(f"/api/sessions/{found['session']}/workflow").json()
    steps = {step["name"]: step["counts"] for step in shown["record"]["steps"]}
    assert (steps["align"]["done"], steps["ctf"]["done"]) == (1, 1)
    assert place.client.get("/api/sessions").json() == [], "it is in no list"


def test_a_session_may_be_made_to_be_started_later(place: Place) -> None:
    begun = place.begin(201, start=False)
    assert (begun["running"], begun["words"]) == (False, "it was made, and can be started")
    (listed,) = place.client.get("/api/sessions").json()
    assert listed["id"] == begun["id"]


def test_what_is_wrong_is_told_and_nothing_is_written(place: Place, tmp_path: Path) -> None:
    said = place.begin(422, parameters={"ctf": {"defocus_max": 99}, "import": {"voltage": -1}})
    assert {one["where"] for one in said["problems"]} == {"ctf.defocus_max", "import.voltage"}
    said = place.begin(422, parameters={"import": {"pixel_size": 0.01}})
    assert said["advice"] is not None and "as_given=true" in said["advice"]
    said = place.begin(422, parameters={"import": {"microscope": "krios9"}})
    assert "no microscope 'krios9'" in said["message"]
    assert place.begin(404, workflow="defaul")["message"]
    assert place.begin(404, parameters={"ctff": {}})["message"]
    (tmp_path / "sessions" / "full").mkdir()
    (tmp_path / "sessions" / "full" / "x").touch()
    assert "not empty" in place.begin(409, name="full")["message"]
    assert sorted(path.name for path in (tmp_path / "sessions").iterdir()) == ["full"]


@pytest.mark.parametrize("name", ["../../out", "../x", "", "a/../../../x", "\x00"])
def test_a_session_is_made_nowhere_else(place: Place, name: str, tmp_path: Path) -> None:
    asked = {"pattern": str(place.movies), "folder": f"{tmp_path}/sessions/{name}"}
    said = place.client.post("/api/sessions", json=asked)
    assert said.status_code in (403, 422), said.text
    outside = {"pattern": "/etc/*", "folder": f"{tmp_path}/sessions/a"}
    assert place.client.post("/api/sessions", json=outside).status_code == 403
    files = {"pattern": str(place.movies), "folder": f"{tmp_path}/sessions/a",
             "parameters": {"import": {"gain": "/etc/passwd"}}}  # fmt: skip
    assert place.client.post("/api/sessions", json=files).status_code == 403
    movie = {"pattern": str(place.movies), "movie": "/etc/passwd"}
    assert place.client.post("/api/trials", json=movie).status_code == 403
    there = {path.name for path in tmp_path.iterdir()}
    assert there - {"state"} == {"sessions", "data"}
    assert list((tmp_path / "sessions").iterdir()) == []


def test_words_of_people_reach_no_shell(place: Place, tmp_path: Path) -> None:
    name = "$(touch pwned); --version `id`"
    begun = place.begin(201, name=name, start=False)
    assert Path(begun["folder"]).name == name
    assert not list(tmp_path.rglob("pwned"))


def test_a_session_is_put_away_and_taken_out(client: TestClient, sample: SampleSession) -> None:
    (session,) = client.get("/api/sessions").json()
    at = f"/api/sessions/{session['id']}"
    assert client.post(f"{at}/archive").status_code == 204
    assert is_archived(sample.folder)
    assert client.post(f"{at}/unarchive").status_code == 204
    assert not is_archived(sample.folder)
    assert client.get("/api/trials/none").status_code == 404
