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

from icestream.protocol import missing
from icestream.protocol.conformance import problems
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
