"""A plugin that is installed by pip appears; a broken one is told apart, and never hidden."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorials" / "your-first-protocol.md"
(PYPROJECT,) = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(), flags=re.M | re.S)
(PROTOCOL,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), flags=re.M | re.S)
"""The plugin of the tutorial."""

DECLARED = '"picks.lost" = "icestream_coverage.lost:PickLost"\n'
"""A line that makes it declare a second protocol, which cannot be loaded."""

BROKEN = '''\
"""A module that needs a library that is not installed."""

import library_that_is_not_installed
'''


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Python in which the tutorial's plugin was installed by pip."""
    source = tmp_path_factory.mktemp("icestream-coverage")
    package = source / "src" / "icestream_coverage"
    package.mkdir(parents=True)
    (source / "pyproject.toml").write_text(PYPROJECT + DECLARED)
    (package / "__init__.py").write_text(PROTOCOL)
    (package / "lost.py").write_text(BROKEN)
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    done = subprocess.run(
        [*pip, *options, str(source)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return {**os.environ, "PYTHONPATH": str(target)}


def _icestream(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "icestream", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_appears_in_the_list(environment: dict[str, str]) -> None:
    done = _icestream(environment, "protocols", "list")
    assert "picks.coverage\tCoverage\titem\ticestream-coverage 0.1" in done.stdout.splitlines()


def test_its_parameters_are_shown(environment: dict[str, str]) -> None:
    done = _icestream(environment, "protocols", "show", "picks.coverage")
    assert "input: picks: Picks" in done.stdout
    assert "Particle diameter; the one that the picks were made with" in done.stdout
    assert "[> 0 Å] Default: none." in done.stdout


def test_the_broken_one_is_listed_with_its_reason_and_its_traceback_when_asked(
    environment: dict[str, str],
) -> None:
    done = _icestream(environment, "protocols", "list", "--broken")
    assert done.returncode == 1
    assert done.stdout == (
        "picks.lost (icestream_coverage.lost:PickLost, icestream-coverage 0.1): "
        "icestream_coverage/lost.py:3: No module named 'library_that_is_not_installed'; install "
        "it, and name it among the dependencies of the package\n"
    )
    done = _icestream(environment, "protocols", "list", "--broken", "--traceback")
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stdout
    assert "import library_that_is_not_installed" in done.stdout


def test_a_workflow_that_needs_the_broken_one_does_not_start(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """It is named, with what is wrong with it."""
    file = tmp_path / "mine.json"
    file.write_text('{"name": "mine", "steps": [{"name": "lost", "protocol": "picks.lost"}]}')
    for command in (["workflow", "validate"], ["run", "--session", str(tmp_path / "s")]):
        done = _icestream(environment, *command, str(file))
        assert done.returncode in (1, 2)
        assert "step 'lost': protocol 'picks.lost' of icestream-coverage 0.1 is broken" in (
            done.stdout + done.stderr
        )
    assert not (tmp_path / "s").exists()


def test_the_check_tells_good_from_broken(environment: dict[str, str]) -> None:
    done = _icestream(environment, "plugin", "check", "icestream-coverage")
    assert done.returncode == 1
    assert "picks.coverage: ok" in done.stdout
    assert "picks.lost: 1 problem(s)" in done.stdout
    assert done.stdout.splitlines()[-1] == (
        "read 2 protocols and 2 modules of icestream-coverage: 1 problem"
    )


def test_what_pip_installed_is_read_to_the_last_module(environment: dict[str, str]) -> None:
    """Also one that no protocol needs and that reaches for the store."""
    unused = Path(environment["PYTHONPATH"]) / "icestream_coverage" / "unused.py"
    unused.write_text("def later():\n    from icestream import store\n    return store\n")
    try:
        done = _icestream(environment, "plugin", "check", "icestream-coverage")
    finally:
        unused.unlink()
    assert "icestream_coverage/unused.py:2: imports icestream.store; " in done.stdout
    assert "picks.coverage: ok" in done.stdout


def test_no_command_raises_a_traceback_at_people(environment: dict[str, str]) -> None:
    for words in (["protocols", "list"], ["protocols", "show", "picks.lost"], ["doctor"]):
        done = _icestream(environment, *words)
        assert "Traceback" not in done.stdout + done.stderr, words
        assert done.returncode != 70, words
    assert "protocol picks.lost" in done.stdout
    assert "lost.py:3" in done.stdout
