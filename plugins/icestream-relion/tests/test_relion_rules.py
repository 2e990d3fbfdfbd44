"""All protocols keep the rules; versions decide; every option exists where it is given."""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import Workflow
from icestream.protocol import Registry, missing
from icestream.protocol.conformance import problems
from icestream_relion.align_movies import AlignWithRelion
from icestream_relion.classify_2d import ClassifyWithRelion, RelionClassParameters
from icestream_relion.motion_parameters import RelionMotionParameters
from icestream_relion.refine_3d import RefineWithRelion, RelionRefineParameters
from icestream_relion.suite import relion, version_numbers

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "icestream_relion"
OPTIONS = json.loads((Path(__file__).parent / "recorded" / "options.json").read_text())
Needs = Callable[..., None]


def protocols() -> list[type[Any]]:
    """What the package says that it brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = []
    for name, place in project["entry-points"]["icestream.protocols"].items():
        module, _, kind = place.partition(":")
        found.append(getattr(import_module(module), kind))
        assert found[-1].name == name
    return found


@pytest.mark.parametrize("kind", protocols(), ids=lambda kind: kind.name)
def test_they_keep_the_rules(kind: type[Any]) -> None:
    assert problems(kind) == []


def test_nothing_is_imported_but_what_a_plugin_may() -> None:
    allowed = {"units", "model", "formats", "processing", "protocol"}
    for path in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                layers = name.split(".")
                assert layers[0] != "icestream" or layers[1] in allowed, (path.name, name)


def test_every_protocol_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "relion.md").read_text()
    for kind in protocols():
        assert f"`{kind.name}`" in page
        for failure in getattr(kind, "failures", ()):
            assert f"`{failure.code}`" in page, failure.code


@pytest.mark.parametrize("program", sorted(set(OPTIONS) - {"relion_class_ranker"}))
def test_the_recorded_options_are_those_of_the_installed_version(
    needs: Needs, program: str
) -> None:
    needs(program)
    version = relion(program).version()
    if version != "3.1.3":
        pytest.skip(f"{program} is {version or 'of no version that it says'}, not 3.1.3")
    printed = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    shown = set(re.findall(r"^ +(-+\w+) \(| +(--\w+) : ", printed.stdout, re.MULTILINE))
    found = {one or other for one, other in shown}
    recorded = {
        option for option, (_, *versions) in OPTIONS[program].items() if version in versions
    }
    # A few are read by way of another class, or are not shown.
    assert len(found) > 10 and len(recorded - found) < 0.3 * len(recorded)


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("3.1.3", ""),
        ("4.0.1", ""),
        ("5.0.1", ""),
        ("3.0.8", r"3\.1\.x or 4\.0\.x or 5\.0\.x is needed"),
        ("6.0", "is of a version that is not known here"),
    ],
)
def test_the_version_decides(install: Callable[..., Path], version: str, words: str) -> None:
    for kind in protocols():
        for program in kind().programs():
            if program.executable.startswith("relion"):
                install(program.executable, version)
                said = program.lacking()
                assert re.search(words, said) if words else not said, said


def test_versions_are_read() -> None:
    assert version_numbers("4.0.1-commit-1a2b3c") == (4, 0, 1)
    assert version_numbers("") == ()


def test_a_program_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", "{}")
    for kind in protocols():
        if kind().programs():
            assert "is not installed" in " ".join(missing(kind()))


def test_iterations_are_those_of_the_algorithm_unless_somebody_says() -> None:
    for wanted, count in (({}, 25), ({"vdam": True}, 200), ({"vdam": True, "iterations": 9}, 9)):
        step = ClassifyWithRelion(RelionClassParameters(**wanted))
        words = step.words(100.0, (4, 0))
        assert words[words.index("--iter") + 1] == str(count)
        assert f" {count} iterations of " in step.methods()


def test_an_even_number_of_processes_is_refused_with_what_to_do() -> None:
    for odd in (3, 5):
        assert RelionRefineParameters(processes=odd).processes == odd
    with pytest.raises(ValidationError, match=r"4 is even: one process leads.*set it to 3 or 5"):
        RelionRefineParameters(processes=4)
    step = {"name": "fine", "protocol": RefineWithRelion.name, "parameters": {"processes": 6}}
    workflow = Workflow.from_document({"version": 2, "name": "w", "steps": [step]})
    assert any("6 is even" in problem for problem in validate(workflow, Registry()))


def test_weights_are_claimed_where_there_was_a_dose_alone() -> None:
    assert "where the dose is known" in AlignWithRelion().methods()
    without = AlignWithRelion(RelionMotionParameters(dose_weighting=False))
    assert "weights" not in without.methods()
