"""Settings and microscopes over HTTP: what they are, and changing those that may be changed."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.people.gate import visitors_of
from icestream.settings import Settings, load

SETTINGS = """\
cores = 2  # of four
memory = "64GB"
store = "postgresql://ice:deep-secret@db/ice"
roots = ["/data", "/scratch"]

# in the cellar
[microscopes.krios2]
voltage = 300.0
spherical_aberration = 2.7
camera = "K3"

[channels.staff]
kind = "slack"
url = "https://hooks.slack.com/services/T000/B000/deep-secret"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "settings.toml"
    made.write_text(SETTINGS)
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(made))
    return made


@pytest.fixture
def site(file: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A server whose settings are a person's, with secrets in them."""
    root = tmp_path / "sessions"
    root.mkdir()
    server = Server([root], load(state=tmp_path / "state"))
    with TestClient(create_app(server), base_url="http://127.0.0.1:8000") as made:
        yield made


def told(site: TestClient) -> dict[str, Any]:
    return {one["name"]: one for one in site.get("/api/settings").json()["settings"]}


def revision(site: TestClient) -> str:
    return str(site.get("/api/settings").json()["revision"])


def put(site: TestClient, path: str, **asked: Any) -> Any:
    return site.put(f"/api/{path}", json={"revision": revision(site), **asked})


def test_settings_say_where_each_comes_from_and_no_secret(site: TestClient, file: Path) -> None:
    answer = site.get("/api/settings")
    said = told(site)
    assert (said["cores"]["value"], said["cores"]["origin"]) == (2, str(file))
    assert said["memory"]["said"] == "64GB"
    assert said["report_interval"] == {
        "name": "report_interval", "value": 5.0, "default": 5.0, "unit": "s", "origin": "default",
        "help": "Time between two updates of a live report.", "said": None, "locked": None,
        "holds": "new sessions", "file": str(file), "waits": False,
    }  # fmt: skip
    assert "deep-secret" not in answer.text
    assert answer.json()["files"][0] == {"path": str(file), "there": True}
    assert set(said) == set(Settings.model_fields)


def test_what_only_a_file_says_is_locked_with_the_reason(
    site: TestClient, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setenv("ICESTREAM_CORES", "3")
    before = file.read_text()
    for name in ("state", "store", "login", "report_publish", "cores"):
        os.utime(file, ns=(1, len(name)))  # the environment is read again with the files
        assert told(site)[name]["locked"], name
        said = put(site, f"settings/{name}", value="x")
        assert (said.status_code, "not changed in a browser" in said.text) == (403, True)
        gone = site.delete(f"/api/settings/{name}", params={"revision": revision(site)})
        assert gone.status_code == 403
    assert "a program that is run" in told(site)["report_publish"]["locked"]
    assert "$ICESTREAM_CORES" in told(site)["cores"]["locked"]
    assert file.read_text() == before


def test_every_setting_is_changed_here_or_has_a_reason(site: TestClient) -> None:
    """One that is added is refused until somebody has thought about it."""
    for name, one in told(site).items():
        if one["locked"] is None and name not in ("microscopes", "channels"):
            said = site.put(f"/api/settings/{name}", json={"revision": "x", "value": 1})
            assert said.status_code == 409, name


def test_a_value_is_changed_in_its_file_and_taken_back(site: TestClient, file: Path) -> None:
    done = put(site, "settings/cores", value=4)
    assert done.status_code == 200, done.text
    assert done.json()["words"] == "cores: 2 → 4"
    assert file.read_text() == SETTINGS.replace("cores = 2", "cores = 4")
    assert told(site)["cores"]["value"] == 4
    gone = site.delete("/api/settings/cores", params={"revision": done.json()["revision"]})
    assert gone.status_code == 200
    assert told(site)["cores"]["origin"] == "default"
    server = site.app.state.server  # type: ignore[attr-defined]
    newest = visitors_of(server).audit.entries(limit=4, what="settings changed")
    assert [one.details["change"] for one in newest] == ["cores: 4 → not said", "cores: 2 → 4"]


@pytest.mark.parametrize(
    ("name", "value", "status", "why"),
    [
        ("cores", 0, 422, "at least 1, found 0"),
        ("cores", None, 422, "to take it out, DELETE it"),
        ("cores", "many", 422, "valid integer"),
        ("memory", "64", 422, "did you mean 64 GB"),
        ("tokens", {"relion": 0}, 422, "at least 1"),
        ("tokens", {"two words": 1}, 422, "match pattern"),
        ("log_level", "loud", 422, "'debug', 'info'"),
        ("roots", ["/data", "/"], 403, "takes folders away and adds none: / would be shown"),
        ("roots", ["/data/inside"], 403, "icestream settings set roots=/data:/scratch:/data/insi"),
        ("microscopes", {}, 422, "changed one by one"),
        ("channels", {}, 422, "changed one by one"),
        ("coers", 1, 404, "did you mean cores?"),
    ],
)
def test_what_is_not_valid_is_said_at_its_place(
    site: TestClient, file: Path, name: str, value: Any, status: int, why: str
) -> None:
    said = put(site, f"settings/{name}", value=value)
    assert (said.status_code, why in said.text) == (status, True), said.text
    assert file.read_text() == SETTINGS


def test_a_folder_is_taken_away_at_once(site: TestClient) -> None:
    assert len(site.get("/api/roots").json()) == 3
    assert put(site, "settings/roots", value=["/scratch"]).json()["holds"] == "at once"
    assert [one["path"] for one in site.get("/api/roots").json()][1:] == ["/scratch"]
    assert site.get("/api/folders", params={"path": "/data"}).status_code == 403


def test_to_take_roots_back_shows_nothing_that_was_not_shown(
    site: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = tmp_path / "site.toml"
    wide.write_text('roots = ["/"]\n')
    monkeypatch.setattr("icestream.settings.tree.SITE_FILE", wide)
    gone = site.delete("/api/settings/roots", params={"revision": revision(site)})
    assert (gone.status_code, "/ would be shown" in gone.text) == (403, True)
    wide.unlink()
    gone = site.delete("/api/settings/roots", params={"revision": revision(site)})
    assert gone.status_code == 200


def test_a_change_for_settings_that_have_changed_is_refused(site: TestClient, file: Path) -> None:
    read = revision(site)
    file.write_text(SETTINGS.replace("cores = 2", "cores = 3"))
    said = site.put("/api/settings/cores", json={"value": 4, "revision": read})
    assert (said.status_code, "have changed since they were read" in said.text) == (409, True)
    assert told(site)["cores"]["value"] == 3  # what somebody else wrote is read at once


def test_files_that_are_broken_meanwhile_are_said_to_be(site: TestClient, file: Path) -> None:
    file.write_text("cores: 3")
    answer = site.get("/api/settings").json()
    assert "is not valid TOML" in answer["problem"]
    assert told(site)["cores"]["value"] == 2  # what held before holds on
    assert put(site, "settings/cores", value=4).status_code == 422
    file.write_text(SETTINGS)
    assert site.get("/api/settings").json()["problem"] is None


def test_what_needs_a_start_says_that_it_waits(site: TestClient, file: Path) -> None:
    file.write_text("[login]\nhours = 3\n")
    said = told(site)
    assert {name for name, one in said.items() if one["waits"]} == {"login", "store"}
    assert said["login"]["value"]["hours"] == 12.0
    assert said["cores"]["value"] is None


def test_a_file_that_cannot_be_written_is_named(site: TestClient, file: Path) -> None:
    file.unlink()
    file.symlink_to(file.parent / "a disk that is away" / "settings.toml")
    said = put(site, "settings/cores", value=4)
    assert (said.status_code, f"{file}: it cannot be written" in said.text) == (409, True)


def test_forms_have_what_is_entered_and_nothing_that_names_a_file(site: TestClient) -> None:
    forms = site.get("/api/settings/forms").json()
    assert set(forms) == {
        "settings", "microscope", "email", "slack", "mattermost", "teams", "webhook",
    }  # fmt: skip
    assert "roots" not in forms["settings"]["properties"]
    assert forms["microscope"]["properties"]["voltage"]["anyOf"][0]["x-unit"] == "kV"
    mail = forms["email"]["properties"]
    assert mail["password"]["writeOnly"]
    assert "certificates" not in mail
    assert list(mail)[:2] == ["server", "port"]
    assert forms["slack"]["required"] == ["url"]
    assert '"format": "path"' not in str(forms).replace("'", '"')


def test_microscopes_say_what_is_known_with_units(site: TestClient) -> None:
    (krios,) = site.get("/api/microscopes").json()
    assert krios["name"] == "krios2"
    assert krios["preset"] == {"voltage": 300.0, "spherical_aberration": 2.7, "camera": "K3"}
    assert krios["units"]["voltage"] == "kV"


def test_a_microscope_is_added_changed_and_removed(site: TestClient, file: Path) -> None:
    new = {"name": "glacios", "preset": {"voltage": 200, "camera": None, "instruments": ["G1"]}}
    done = site.post("/api/microscopes", json={"revision": revision(site), **new})
    assert done.status_code == 201, done.text
    assert file.read_text().startswith(SETTINGS)
    again = site.post("/api/microscopes", json={"revision": revision(site), **new})
    assert again.status_code == 409
    krios = {"voltage": 300, "spherical_aberration": 2.62}
    assert put(site, "microscopes/krios2", preset=krios).status_code == 200
    names = {one["name"]: one["preset"] for one in site.get("/api/microscopes").json()}
    assert names == {"krios2": krios, "glacios": {"voltage": 200, "instruments": ["G1"]}}
    assert "# in the cellar" in file.read_text()
    gone = site.delete("/api/microscopes/krios2", params={"revision": revision(site)})
    assert gone.status_code == 200
    assert "cellar" not in file.read_text()
    assert site.delete("/api/microscopes/krios2", params={"revision": "x"}).status_code == 404


def test_a_wrong_value_of_a_microscope_is_said_at_its_field(site: TestClient) -> None:
    for preset, where, why in (
        ({"spherical_aberration": 2700}, "spherical_aberration", "did you mean 2.7 mm"),
        ({"cs": 2.7}, "cs", "there is no 'cs'"),
        ({"amplitude_contrast": 7}, "amplitude_contrast", "at most 1"),
        ({"gain_flip": "left"}, "gain_flip", "'up-down'"),
    ):
        said = put(site, "microscopes/krios2", preset=preset)
        assert said.status_code == 422
        (problem,) = said.json()["problems"]
        assert (problem["where"], why in problem["what"]) == (where, True), problem
    named = {"name": "two words", "preset": {}, "revision": revision(site)}
    assert site.post("/api/microscopes", json=named).status_code == 422


@pytest.mark.parametrize("name", ["cores", "memory", "tokens", "report_interval", "roots"])
@pytest.mark.parametrize("digits", ["1" + "0" * 400, "-1" + "0" * 400, "1e999", '"\\ud800"'])
def test_no_value_is_a_defect(site: TestClient, file: Path, name: str, digits: str) -> None:
    value = f'{{"relion": {digits}}}' if name == "tokens" else digits
    asked = f'{{"revision": "{revision(site)}", "value": {value}}}'
    answer = site.put(f"/api/settings/{name}", content=asked)
    assert answer.status_code == 422, answer.text
    assert file.read_text() == SETTINGS
