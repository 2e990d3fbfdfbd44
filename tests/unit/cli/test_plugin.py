"""`icestream plugin check`."""

import json
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

import malformed
from icestream.cli import plugin
from icestream.engine.graph.workflow import PLUGINS
from icestream.protocol.registry import GROUP


class _Distribution:
    """An installed package that declares what a test gives it."""

    name = "some-plugin"
    version = "1"
    files = None

    def __init__(self, **points: str) -> None:
        self.entry_points = EntryPoints(
            EntryPoint(name, value, GROUP)._for(self)  # type: ignore[arg-type]
            for name, value in points.items()
        )


def _check(monkeypatch: pytest.MonkeyPatch, **points: str) -> object:
    monkeypatch.setattr(plugin, "distribution", lambda name: _Distribution(**points))
    return plugin.app(["check", "some-plugin"], result_action="return_value")


def test_a_package_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert plugin.app(["check", "no-such-package"], result_action="return_value") == 2
    assert "install it with pip" in capsys.readouterr().out


def test_a_package_without_protocols(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _check(monkeypatch) == 1
    assert GROUP in capsys.readouterr().out


def test_a_protocol_that_does_not_load(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _check(monkeypatch, **{"a.b": "no_such_module:Thing"}) == 1
    printed = capsys.readouterr().out
    assert "No module named 'no_such_module'; let the entry point name" in printed
    assert "Traceback" not in printed
    plugin.app(["check", "some-plugin", "--traceback"], result_action="return_value")
    assert "Traceback (most recent call last)" in capsys.readouterr().out


def test_a_good_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    point = "icestream.protocols.select_exposures:SelectExposures"
    assert _check(monkeypatch, **{"exposures.select": point}) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first == "exposures.select: ok"
    assert last.startswith("read 1 protocol and ")
    assert last.endswith(" modules of some-plugin: nothing is wrong")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of a plugin, which cannot be told from an editable installation."""
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / f"plugin_in_{tmp_path.name}"
    folder.mkdir()
    (folder / "__init__.py").write_text(malformed.HEAD + malformed.typo("Item", "pass"))
    return folder


def test_a_module_that_no_protocol_needs_is_read_and_not_imported(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (package / "unused.py").write_text("raise SystemExit\n\ndef f():\n    import icestream.store\n")
    (package / "broken.py").write_text("x = (\n")
    (package / "lost.py").write_text("import no_such_library\n")
    assert _check(monkeypatch, **{"test.typo": f"{package.name}:Typo"}) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "test.typo: ok"
    assert f"  {package.name}/broken.py:1: '(' was never closed; fix the line" in lines
    assert f"{package.name}/unused.py: 1 problem(s)" in lines
    assert any(line.startswith(f"  {package.name}/unused.py:4: imports icestr") for line in lines)
    assert any(line.startswith(f"  {package.name}/lost.py:1: imports no_such") for line in lines)
    assert lines[-1] == "read 1 protocol and 4 modules of some-plugin: 3 problems"


def test_what_is_wrong_with_a_protocol_is_said_once(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though both the protocol and its module are looked at."""
    (package / "lost.py").write_text("import no_such_library\n")
    points = {"test.typo": f"{package.name}:Typo", "test.lost": f"{package.name}.lost:Typo"}
    assert _check(monkeypatch, **points) == 1
    printed = capsys.readouterr().out
    assert printed.count("lost.py:1: ") == 1
    assert printed.endswith("read 2 protocols and 2 modules of some-plugin: 1 problem\n")


SLIPS = (
    malformed.SIGNATURES
    | malformed.UNREAD
    | malformed.ATTRIBUTES
    | malformed.CONSTANTS
    | malformed.WRITES
    | malformed.OTHERS
    | malformed.RAISING
)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("source", [source for source, _ in SLIPS.values()], ids=SLIPS.keys())
def test_no_slip_raises_a_traceback_at_people(
    source: str,
    package: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (package / "__init__.py").write_text(malformed.HEAD + source)
    assert _check(monkeypatch, **{"test.typo": f"{package.name}:Typo"}) == 1
    printed = capsys.readouterr().out
    assert "Traceback" not in printed
    assert printed.startswith("test.typo: 1 problem(s)\n  ")
    assert printed.count("\n") == 3


def _declaring(*points: EntryPoint) -> _Distribution:
    made = _Distribution()
    made.entry_points = EntryPoints(point._for(made) for point in points)  # type: ignore[arg-type]
    return made


def test_the_workflows_of_a_package_are_read_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "flows_of_a_plugin"
    folder.mkdir()
    (folder / "__init__.py").touch()
    step = {"name": "import", "protocol": "movies.import"}
    for name, called in (("fine", "fine"), ("other", "another")):
        text = json.dumps({"version": 2, "name": called, "steps": [step]})
        (folder / f"{name}.json").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    points = [EntryPoint(name, folder.name, PLUGINS) for name in ("fine", "other", "absent")]
    monkeypatch.setattr(plugin, "distribution", lambda name: _declaring(*points))
    assert plugin.app(["check", "some-plugin"], result_action="return_value") == 1
    said = capsys.readouterr().out
    assert "workflow fine: ok" in said
    assert "its file calls it 'another'" in said
    assert "says that flows_of_a_plugin has absent.json" in said
    assert "0 protocols, " in said and "and 3 workflows of some-plugin: 2 problems" in said
