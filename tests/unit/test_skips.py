"""What a skipped test means: said with its reason, and a failure where everything is required."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rules import pytest_runtest_makereport

TESTS = Path(__file__).parents[1]
RULES = "pytest_make_collect_report", "pytest_runtest_makereport"
CONFTEST = f"from rules import {', '.join(RULES)}\n"
"""Of what all tests share, what is tested here: the rest takes long to load."""


def _run(folder: Path, body: str, *, require_all: bool) -> "subprocess.CompletedProcess[str]":
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(f"import pytest\n\n{body}\n")
    environment = {key: value for key, value in os.environ.items() if "PYTEST" not in key}
    environment["ICESTREAM_REQUIRE_ALL"] = "1" if require_all else "0"
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment["PYTHONPATH"] = str(TESTS)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


SKIPS = {
    "in the test": "def test_a():\n    pytest.skip('gautomatch is not installed')",
    "by a mark": "@pytest.mark.skip('gautomatch is not installed')\ndef test_a(): ...",
    "as a module": "pytest.skip('gautomatch is not installed', allow_module_level=True)",
}


@pytest.mark.parametrize("body", SKIPS.values(), ids=SKIPS.keys())
def test_a_skip_is_listed_and_fails_where_all_is_required(tmp_path: Path, body: str) -> None:
    free = _run(tmp_path, body, require_all=False)
    assert free.returncode in (0, 5), free.stdout
    assert "gautomatch is not installed" in free.stdout
    strict = _run(tmp_path, body, require_all=True)
    assert strict.returncode not in (0, 5), strict.stdout
    assert "gautomatch is not installed" in strict.stdout


def test_hardware_that_is_not_there_may_be_skipped(tmp_path: Path) -> None:
    body = "@pytest.mark.hardware\ndef test_a():\n    pytest.skip('no GPU')"
    found = _run(tmp_path, body, require_all=True)
    assert found.returncode == 0, found.stdout
    assert "no GPU" in found.stdout


def test_what_is_not_skipped_is_left_alone(tmp_path: Path) -> None:
    body = (
        "def test_a():\n    pass\n\n"
        "@pytest.mark.xfail(strict=True)\ndef test_b():\n    raise ValueError('known')"
    )
    assert _run(tmp_path, body, require_all=True).returncode == 0


def test_what_a_test_printed_can_be_sent_to_another_process() -> None:
    report = SimpleNamespace(sections=[("Captured log call", "half \ud800")], skipped=False)
    item: Any = SimpleNamespace(get_closest_marker=lambda name: None)
    call: Any = None
    hook = pytest_runtest_makereport(item, call)
    next(hook)
    with pytest.raises(StopIteration) as ended:
        hook.send(report)  # type: ignore[arg-type]
    assert ended.value.value.sections == [("Captured log call", "half \\ud800")]


def test_all_tests_have_these_rules() -> None:
    shared = (TESTS / "conftest.py").read_text()
    assert all(f'    "{name}",\n' in shared for name in RULES)
