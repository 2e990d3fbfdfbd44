"""What a workflow leaves open, on the command line."""

import json
from pathlib import Path

import pytest

from icestream.cli import process, run
from icestream.cli.filling import Open, open_of, ready
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow, load_workflow
from icestream.protocol import Registry
from microscope_folder import movies_in

DOCUMENT = {
    "version": 2,
    "name": "open",
    "blanks": [{"name": "kv", "kind": "number", "default": None, "metadata": "voltage"}],
    "steps": [
        {"name": "import", "protocol": "movies.import", "parameters": {"voltage": "{{kv}}"}},
        {"name": "shift", "protocol": "scipion:MaxShift", "inputs": {"inputMovies": "import"}},
        {"name": "align", "protocol": "movies.align", "inputs": {"movie": "shift.outputMovies"}},
    ],
}


def test_options_are_read_before_the_others_are_known() -> None:
    words = ("/data", "--fill", "a=1", "--out", "S", "--fill=b=2", "--without-placeholders")
    assert open_of(words) == Open(fill=("a=1", "b=2"), without_placeholders=True)
    assert open_of(("--fill",)) == Open()


def test_placeholders_are_left_out_only_where_that_is_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    workflow = Workflow.from_document(DOCUMENT)
    assert ready(workflow, Registry(), Open(fill=("kv=200",))).step("shift")
    left = ready(workflow, Registry(), Open(fill=("kv=200",), without_placeholders=True))
    assert [step.name for step in left.steps] == ["import", "align"]
    said = capsys.readouterr().err
    assert "'shift', which holds the place of MaxShift of Scipion, is left out" in said
    assert "movie comes from import.movie, not shift.outputMovies" in said


def test_what_has_nothing_open_takes_nothing() -> None:
    with pytest.raises(InvalidWorkflow, match="there is no blank 'kv' to fill"):
        ready(load_workflow("default"), Registry(), Open(fill=("kv=1",)))


def test_process_and_run_ask_the_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    movies = tmp_path / "movies"
    movies_in(movies)
    file = tmp_path / "w.json"
    file.write_text(json.dumps(DOCUMENT))
    calls: list[Workflow] = []
    monkeypatch.setattr("icestream.cli.running.run_here", lambda *words: calls.append(words[0]))
    monkeypatch.setattr(run, "run_here", lambda *words: calls.append(words[0]))
    named = ("--out", str(tmp_path / "s"), "--workflow", str(file))
    for words in (
        (str(movies), *named, "--without-placeholders"),
        ("--without-placeholders", str(movies), *named),
        (*named, "--without-placeholders", "--watch", str(movies)),
        (*named, "--without-placeholders", "--no-report", str(movies)),
        (*named, "--without-placeholders", "--align.dose-weighting", str(movies)),
    ):
        process.process(*words)
        assert "kv is 300 kV: EPU's" in capsys.readouterr().err
    run.run(str(file), session=tmp_path / "s", open_=Open(fill=("kv=120",)))
    said = [one.step("import").parameters.get("voltage") for one in calls]
    assert said == [None] * 5 + [120.0], "metadata are read movie by movie"
