"""`icestream workflow import`, and `export --to scipion`."""

import json
from pathlib import Path

import pytest

from icestream.cli.workflow import app
from icestream.engine.graph.workflow import load_workflow

FILE = [
    {"object.className": "ProtImportMovies", "object.id": "2", "voltage": 300.0,
     "filesPath": "~Where||6|where~", "filesPattern": "*.mrc"},
    {"object.className": "ProtMotionCorr", "object.id": "3", "inputMovies": "2.outputMovies"},
    {"object.className": "ProtOdd\x1b[31m", "object.id": "4", "inputX": "3.outputMicrographs"},
]  # fmt: skip


def _run(*tokens: str) -> object:
    return app(list(tokens), result_action="return_value")


def test_there_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs, ours, back = tmp_path / "t.json", tmp_path / "w.json", tmp_path / "b.json"
    theirs.write_text(json.dumps(FILE))
    _run("import", str(theirs), "--out", str(ours), "--own")
    printed = capsys.readouterr().out
    assert "ProtImportMovies 2: exactly, as import (movies.import)" in printed
    assert "1 exactly, 1 approximately, 1 not mapped" in printed
    assert "--without-placeholders" in printed
    assert "\x1b" not in printed, "names of others move no cursor"
    assert [step.protocol for step in load_workflow(ours).steps][:2] == [
        "movies.import",
        "movies.align",
    ]
    _run("export", str(ours), "--to", "scipion", "--out", str(back))
    assert json.loads(back.read_text()) == FILE
    assert "3 protocols of Scipion" in capsys.readouterr().out


def test_the_report_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = tmp_path / "t.json"
    theirs.write_text(json.dumps(FILE[:1]))
    _run("import", str(theirs), "--out", str(tmp_path / "w.json"), "--json")
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["protocol"], one["mapped"], one["steps"]) == (
        "ProtImportMovies",
        "exactly",
        ["import"],
    )
    assert {"theirs": "voltage", "value": 300.0, "ours": "import.voltage", "became": 300.0,
            "remark": ""} in one["values"]  # fmt: skip


def test_a_file_to_write_is_needed() -> None:
    with pytest.raises(LookupError, match="name the file to write"):
        _run("export", "default")
