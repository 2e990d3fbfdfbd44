"""`icestream process`: which workflow its options belong to, and what reaches the session."""

import json
from pathlib import Path
from typing import Any

import pytest
from cyclopts import CycloptsError

import old_session
from icestream.cli import running
from icestream.cli.process import _base, process
from icestream.cli.running import Here
from icestream.engine.graph.workflow import Workflow, load_workflow
from icestream.engine.record import workflows
from icestream.protocol import Registry
from icestream.store import open as store_module


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Workflow, Path, Here]]:
    """What would have been run."""
    calls: list[tuple[Workflow, Path, Here]] = []

    def remember(workflow: Workflow, session: Path, here: Here) -> int:
        calls.append((workflow, session, here))
        return 0

    monkeypatch.setattr(running, "run_here", remember)
    return calls


def test_the_default_workflow_with_what_was_given(started: list[Any], tmp_path: Path) -> None:
    code = process(
        "/data/*.tiff", "--out", str(tmp_path / "s"), "--ctf.defocus-max", "3", "--watch",
        "--cs", "1.4", "--order", "oldest", "--no-report",
    )  # fmt: skip
    assert code == 0
    ((workflow, session, here),) = started
    assert session == tmp_path / "s"
    assert workflow.name == "default"
    assert workflow.step("ctf").parameters == {"defocus_max": 3.0}
    assert workflow.step("import").parameters == {
        "pattern": "/data/*.tiff",
        "watch": True,
        "spherical_aberration": 1.4,
    }
    assert here == Here(order="oldest", report=False)


@pytest.mark.parametrize("form", ["--workflow {}", "--workflow={}"])
def test_a_workflow_file_brings_its_own_options(
    started: list[Any], tmp_path: Path, form: str
) -> None:
    steps = [
        {"name": "bring", "protocol": "movies.import", "parameters": {"voltage": 200.0}},
        {"name": "sum", "protocol": "movies.align", "inputs": {"movie": "bring.movie"}},
    ]
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"name": "mine", "steps": steps}))
    words = form.format(file).split()
    process("/data", "--out", str(tmp_path / "s"), *words, "--sum.binning", "2")
    workflow = started[0][0]
    assert workflow.step("sum").parameters == {"binning": 2.0}
    assert workflow.step("bring").parameters == {"pattern": "/data", "voltage": 200.0}


def test_a_session_that_goes_on_keeps_what_it_was_told(
    started: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by `icestream set`: the base is the session's own workflow."""
    told = load_workflow("default").changed("ctf", {"defocus_max": 2.5})
    told = told.changed("import", {"gain": "/typo.mrc", "watch": True, "idle_timeout": 60.0})

    class Store:
        def close(self) -> None: ...

    monkeypatch.setattr(store_module, "open_store", lambda folder, readonly: Store())
    monkeypatch.setattr(workflows, "session_workflow", lambda store: told)
    process("/data", "--out", str(tmp_path), "--pick.diameter", "90", "--gain", "none")
    workflow = started[0][0]
    assert workflow.step("import").parameters == {"pattern": "/data", "gain": None}
    assert workflow.step("ctf").parameters == {"defocus_max": 2.5}
    assert workflow.step("pick").parameters == {"diameter": 90.0}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--ctf.defocus-mox", "3"), "--ctf.defocus-max"),
        (("--cores", "0"), "--cores"),
        (("second.tiff",), "second.tiff"),
    ],
)
def test_mistakes_are_told_before_anything_starts(
    started: list[Any], tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """Raised, and not printed: the whole command line says it as for every command."""
    with pytest.raises(CycloptsError, match=told):
        process("/data", "--out", str(tmp_path / "s"), *words)
    assert not started


def test_a_session_of_an_earlier_version_is_brought_up_to_date_first(tmp_path: Path) -> None:
    """Its workflow is what the options belong to, so it is read before the session is run."""
    old_session.restore(tmp_path / "session")
    found = _base(("/data", "--out", str(tmp_path / "session")))
    assert [step.name for step in found.steps if step.protocol == "toy.teach"] == ["teach", "tune"]


def test_underscores_are_understood(started: list[Any], tmp_path: Path) -> None:
    process("/data", "--out", str(tmp_path / "s"), "--ctf_monitor.for_last", "3")
    assert started[0][0].step("ctf_monitor").parameters["for_last"] == 3


def test_help_lists_the_steps_options(capsys: pytest.CaptureFixture[str]) -> None:
    process("--help")
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for step in load_workflow("default").steps:
        fields = Registry().get(step.protocol).parameters_type().model_fields
        assert (f"Step {step.name}: " in shown) == bool(fields)
    for word in ("--out", "--gain", "--pixel-size", "--idle-timeout", "--ctf.defocus-max"):
        assert word in shown
    assert "[> 0 µm" in shown
    for word in ("--ctf-monitor.astigmatism-max", "--ctf-monitor.resolution-max"):
        assert word in shown


def test_help_of_a_workflow_with_blanks_asks_for_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    process("--workflow", "relion", "--help")
    assert "--pick.diameter" in capsys.readouterr().out
