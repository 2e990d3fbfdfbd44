"""Workflows of sessions, and those to begin with."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from icestream.engine.graph.workflow import load_workflow
from toy_server import SEL, SRC, A, served

DEFAULT = load_workflow("default").to_document()


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))


def _changed(**parameters: Any) -> dict[str, Any]:
    return load_workflow("default").changed("ctf", parameters).to_document()


def test_a_session_s_workflow_has_places_to_draw_it(tmp_path: Path) -> None:
    with served(tmp_path, SRC, SEL, A) as toy:
        found = toy.get("/workflow")
        assert [step["name"] for step in found["record"]["steps"]] == ["src", "sel", "a"]
        assert found["titles"]["sel"] == "Select"
        assert found["document"]["steps"][1]["parameters"] == {"below": 4}
        boxes = found["layout"]["wide"]["boxes"]
        assert [box["step"] for box in boxes] == ["src", "sel", "a"]
        document = found["document"]
        document["steps"][2]["inputs"] = {"number": "sel.nothing"}
        said = toy.post("/workflow/check", workflow=document)
        assert said["problems"][0]["where"] == "a.number"
        file = toy.client.get(f"{toy.at}/workflow/export")
        assert 'filename="toy-workflow.json"' in file.headers["content-disposition"]
        assert file.json()["steps"][1]["parameters"] == {"below": 4}
        assert toy.get("/workflow?branch=x", 404)["message"]


def test_all_that_is_wrong_with_a_workflow_comes_at_once(client: TestClient) -> None:
    asked = {"workflow": _changed(defocus_max=99.0, defocus_min="x")}
    found = client.post("/api/workflows/check", json=asked).json()
    assert {one["where"] for one in found["problems"]} == {"ctf.defocus_max", "ctf.defocus_min"}
    odd = {"workflow": _changed(resolution_max=1.2)}
    found = client.post("/api/workflows/check", json=odd).json()
    assert (found["problems"], found["doubts"][0]["where"]) == ([], "ctf.resolution_max")
    none = client.post("/api/workflows/check", json={"workflow": {"steps": 1}}).json()
    assert none["problems"]


def test_a_workflow_is_saved_listed_read_and_deleted(client: TestClient) -> None:
    mine = _changed(defocus_max=3.0)
    saved = client.put("/api/workflows/mine", json={"workflow": mine})
    assert saved.status_code == 200
    assert (saved.json()["origin"], saved.json()["source"]) == ("saved", "import")
    listed = {one["name"]: one for one in client.get("/api/workflows").json()}
    assert listed["mine"]["movies"]
    assert listed["default"]["origin"] == "shipped"
    assert client.get("/api/workflows/mine").json()["workflow"] == mine
    assert client.get("/api/workflows/mine/export").json() == mine
    assert client.delete("/api/workflows/mine").status_code == 204
    assert client.get("/api/workflows/mine").status_code == 404
    assert client.put("/api/workflows/default", json={"workflow": mine}).status_code == 409
    broken = client.put("/api/workflows/x", json={"workflow": _changed(defocus_max=99.0)})
    assert broken.status_code == 422
    assert broken.json()["problems"][0]["where"] == "ctf.defocus_max"


def test_a_file_is_read_and_checked(client: TestClient) -> None:
    def read(text: str) -> Any:
        return client.post("/api/workflows/import", json={"text": text})

    found = read(json.dumps(DEFAULT))
    assert found.json()["workflow"] == DEFAULT
    assert found.json()["checked"]["problems"] == []
    for text in ("{", "[" * 100_000, "3", '{"steps": 1}', "[1]"):
        assert read(text).status_code == 422


def test_a_workflow_of_scipion_is_read_kept_and_filled_in_later(client: TestClient) -> None:
    steps = [
        {"object.className": "ProtImportMovies", "object.id": "2", "voltage": "~Volts|300|4|kv~"},
        {"object.className": "ProtOdd", "object.id": "3", "inputMovies": "2.outputMovies"},
    ]
    asked = {"text": json.dumps(steps), "prefer": "own"}
    found = client.post("/api/workflows/import", json=asked).json()
    assert [one["protocol"] for one in found["workflow"]["steps"]] == [
        "movies.import",
        "scipion:ProtOdd",
    ]
    assert found["workflow"]["blanks"][0]["default"] == 300.0
    assert found["report"][-1] == "1 exactly, 0 approximately, 1 not mapped"
    (problem,) = found["checked"]["problems"]
    assert problem["where"] == "odd"
    assert "holds the place of ProtOdd of Scipion" in problem["what"]
    saved = client.put("/api/workflows/theirs", json={"workflow": found["workflow"]})
    assert saved.status_code == 200, "placeholders and blanks may be kept"
    assert saved.json()["titles"]["odd"] == "placeholder: ProtOdd of Scipion"
    (summary,) = [one for one in client.get("/api/workflows").json() if one["name"] == "theirs"]
    assert "ProtOdd" in summary["problem"]
    bad = client.post("/api/workflows/import", json={"text": '[\n{"object.className": 3}]'})
    assert bad.status_code == 422
    assert 'has no text "object.id"' in str(bad.json()["problems"])
