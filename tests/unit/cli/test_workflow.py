"""`icestream workflow`."""

import json
from pathlib import Path

import pytest

from icestream.cli.workflow import app
from icestream.engine.graph.workflow import load_workflow, save_workflow, shipped_workflows
from icestream.store import tables as t
from icestream.store.writing import Writes
from report_session import SampleSession


def _run(*tokens: str) -> object:
    return app(list(tokens), result_action="return_value")


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    _run("list")
    names = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["name", *shipped_workflows()]


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    _run("show", "default")
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines() if "\t" in line]
    steps = {row[0]: row for row in rows[1:]}
    assert set(steps) == {step.name for step in load_workflow("default").steps}
    assert steps["ctf"][1] == "ctf.estimate"
    assert steps["ctf"][3] == "align.micrograph"


def test_show_says_what_opens_and_closes_a_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.json"
    held = {"opened_by": "1 item of import", "closed_by": "9 items of hold"}
    steps = [
        {"name": "import", "protocol": "movies.import"},
        {"name": "hold", "protocol": "movies.trigger", "parameters": held,
         "inputs": {"movie": "import"}},
    ]  # fmt: skip
    file.write_text(json.dumps({"name": "mine", "steps": steps}))
    _run("show", str(file))
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("hold"))
    assert line.split("\t")[3] == "import (opened by import) (closed by hold)"


def test_export_and_validate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is exported is the same workflow, and can run."""
    file = tmp_path / "mine.json"
    _run("export", "default", str(file))
    assert load_workflow(file) == load_workflow("default")
    assert _run("validate", str(file)) == 0
    assert "can run" in capsys.readouterr().out


def test_everything_wrong_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "wrong.json"
    steps = [
        {"name": "import", "protocol": "movies.import", "parameters": {"pixel_sise": 1.0}},
        {"name": "ctf", "protocol": "ctf.estimate", "inputs": {"micrograph": "import"}},
    ]
    file.write_text(json.dumps({"name": "wrong", "steps": steps}))
    assert _run("validate", str(file)) == 1
    printed = capsys.readouterr().out
    assert "did you mean pixel_size" in printed
    assert "expects Micrograph, but import.movie is Movie" in printed


def test_what_has_no_effect_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It can run, so the status stays 0."""
    file = tmp_path / "mine.json"
    save_workflow(load_workflow("default").changed("import", {"idle_timeout": 1800.0}), file)
    assert _run("validate", str(file)) == 0
    printed = capsys.readouterr()
    assert printed.err == (
        "step 'import': idle_timeout has no effect: it is used only with watch\n"
    )
    assert "can run" in printed.out


@pytest.mark.parametrize("name", shipped_workflows())
def test_shipped_workflows_set_nothing_in_vain(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("validate", name) == 0
    assert capsys.readouterr().err == ""


def test_a_sessions_own_workflow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    _run("show", str(sample.folder), "--json")
    document = json.loads(capsys.readouterr().out)
    assert {step["name"] for step in document["steps"]} == set(sample.step_ids)


def test_what_a_session_taught_itself_stays_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = SampleSession(tmp_path / "session", start=1.7e9)
    file = tmp_path / "mine.json"
    with session.store.write() as connection:
        writes = Writes(session.numbers, session.now)
        # As a server says it of what is begun there.
        writes.update(t.revision, session.step_ids["pick"], within='["/data"]')
        writes.flush(connection)
    _run("export", str(session.folder), str(file))
    assert "--as-run" not in capsys.readouterr().out
    templates = str(session.folder / "classes" / "averages.mrcs")
    session.teach("pick", templates=templates)
    _run("export", str(session.folder), str(file))
    assert load_workflow(file).step("pick").parameters == {}
    assert str(session.folder) not in file.read_text()
    assert "--as-run keeps that too" in capsys.readouterr().out
    _run("export", str(session.folder), str(file), "--as-run")
    assert load_workflow(file).step("pick").parameters == {"templates": templates}
    assert "taught itself" not in capsys.readouterr().out


def test_a_file_is_edited_and_what_changed_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "w.json"
    save_workflow(load_workflow("default"), file)
    _run("add", str(file), "second", "picks.log", "--after", "select")
    assert capsys.readouterr().out == "second: added (picks.log)\n"
    step = load_workflow(str(file)).step("second")
    assert {port: [str(one) for one in fed] for port, fed in step.inputs.items()} == {
        "micrograph": ["select.micrograph"]
    }
    _run("add", str(file), "third", "picks.log", "micrograph=align.micrograph")
    assert str(load_workflow(str(file)).step("third").inputs["micrograph"][0]) == "align.micrograph"
    _run("replace", str(file), "pick", "picks.log")
    assert "pick: picks.auto -> picks.log" in capsys.readouterr().out
    for name in ("second", "third", "judge"):
        _run("remove", str(file), name)
    assert "judge: taken out (micrographs.judge)" in capsys.readouterr().out
    assert len(load_workflow(str(file)).steps) == len(load_workflow("default").steps) - 1
    assert _run("validate", str(file)) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "second", "picks.nothing"), "picks.nothing"),
        (("add", "second", "picks.log", "align"), "write port=step.port"),
        (("remove", "nope"), "no step 'nope'"),
        (("remove", "ctf"), "is not connected"),
    ],
)
def test_an_edit_that_cannot_be_leaves_the_file(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "w.json"
    save_workflow(load_workflow("default"), file)
    before = file.read_text()
    with pytest.raises((LookupError, ValueError), match=said):
        _run(words[0], str(file), *words[1:])
    assert file.read_text() == before


def test_a_session_is_no_file_to_edit(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"is a session; .* workflow export"):
        _run("remove", str(tmp_path), "ctf")
