"""`icestream plugin new` writes a plugin that passes every check as it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from icestream.cli import plugin
from icestream.cli.new_plugin import NoName, write_plugin

ROOT = Path(__file__).parents[3]
INSTALLED = """\
Metadata-Version: 2.1
Name: icestream-smooth-edges
Version: 0.1.0
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin, installed as pip would, into a folder that Python looks into."""
    folder = tmp_path_factory.mktemp("plugins") / "icestream-smooth-edges"
    write_plugin(folder, "icestream-smooth-edges", "Smooth_2.0")
    pyproject = (folder / "pyproject.toml").read_text()
    points = pyproject.partition("[project.entry-points")[2].splitlines()[1]
    place = folder / "src" / "icestream_smooth_edges-0.1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text(INSTALLED)
    name, _, target = points.replace('"', "").partition(" = ")
    (place / "entry_points.txt").write_text(f"[icestream.protocols]\n{name} = {target}\n")
    return folder


def run(folder: Path, *words: str) -> str:
    """What a command prints in the folder of the plugin, which succeeds."""
    paths = os.pathsep.join([str(folder / "src"), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "MYPYPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_keeps_the_rules_for_protocols(made: Path) -> None:
    said = run(made, "icestream", "plugin", "check", "icestream-smooth-edges")
    assert "micrographs.smooth_edges: ok" in said
    assert said.endswith("of icestream-smooth-edges: nothing is wrong\n")


def test_its_own_tests_pass(made: Path) -> None:
    assert "8 passed" in run(made, "pytest", "-q", "-p", "no:cacheprovider")


def test_it_is_written_as_ruff_and_mypy_want_it(made: Path) -> None:
    assert "All checks passed!" in run(made, "ruff", "check", "--no-cache")
    run(made, "ruff", "format", "--check", "--no-cache")
    assert "no issues found in 2 source files" in run(made, "mypy", "--cache-dir", os.devnull)


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("smooth", "smooth"),
        ("icestream-", "x"),
        ("icestream-A", "x"),
        ("icestream-a", "/bin/a"),
        ("icestream-" + 31 * "a", "x"),
    ],
)
def test_a_name_that_cannot_be_is_told(tmp_path: Path, name: str, program: str) -> None:
    with pytest.raises(NoName, match="is no name of a p"):
        write_plugin(tmp_path / "new", name, program)
    assert not (tmp_path / "new").exists()


def test_what_is_there_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert plugin.app(["new", "icestream-a"], result_action="return_value") == 0
    assert "next: pip install --editable icestream-a && " in capsys.readouterr().out
    kept = tmp_path / "icestream-a" / "src" / "icestream_a" / "run.py"
    kept.write_text("mine")
    assert plugin.app(["new", "icestream-a"], result_action="return_value") == 2
    assert "icestream-a is there already; choose another folder" in capsys.readouterr().out
    assert kept.read_text() == "mine"
