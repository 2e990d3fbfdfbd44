"""`icestream workflow import`, and `export --to scipion`."""

import json
from pathlib import Path

import pytest

from icestream.cli.workflow import app
from icestream.engine.graph.workflow import InvalidWorkflow, load_workflow, save_workflow

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


def test_published_listed_and_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository, mine, again = tmp_path / "all", tmp_path / "mine.json", tmp_path / "again.json"
    save_workflow(load_workflow("screening").changed("import", {"pattern": "/data/x"}), mine)
    _run("publish", str(mine), str(repository))
    _run("publish", "eer", str(repository), "--name", "falcon")
    said = capsys.readouterr().out
    assert "step 'import': pattern names /data/x" in said
    assert "mine, release 1, 13 steps" in said
    _run("list", "--from", str(repository))
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == ["name", "falcon", "mine"]
    _run("fetch", "mine", "--from", str(repository), "--out", str(again))
    assert load_workflow(again) == load_workflow(mine)
    assert "names /data/x" in capsys.readouterr().out
    mine.write_text(json.dumps({"version": 2, "steps": [{"name": "a", "protocol": "none"}]}))
    with pytest.raises(InvalidWorkflow, match="no protocol 'none'"):
        _run("publish", str(mine), str(repository))


def test_what_goes_with_an_imported_workflow_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file that it came from goes with it, with all that stood there."""
    movies = {
        **FILE[0], "emailTo": "ada@example.org", "publishCmd": "rsync -a x lab@host:/srv",
        "paths": [{"deep": "/home/ada"}],
    }  # fmt: skip
    theirs, ours = tmp_path / "t.json", tmp_path / "w.json"
    theirs.write_text(json.dumps([movies]))
    _run("import", str(theirs), "--out", str(ours), "--own")
    capsys.readouterr()
    _run("publish", str(ours), str(tmp_path / "all"))
    said = capsys.readouterr().out
    for name, text in (
        ("emailTo", "ada@example.org"),
        ("publishCmd", "rsync -a x lab@host:/srv"),
        ("paths", "/home/ada"),
    ):
        assert f"as it was imported: {name} names {text}" in said
        assert text in (tmp_path / "all/w.json").read_text()


def test_a_file_to_write_is_needed() -> None:
    with pytest.raises(LookupError, match="name the file to write"):
        _run("export", "default")
