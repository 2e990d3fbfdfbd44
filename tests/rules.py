"""What holds for every test, of icestream and of its plugins; each conftest.py takes it."""

import itertools
import os
from collections.abc import Generator
from pathlib import Path

import pytest

__all__ = [
    "own_places",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "shared_data",
]

REQUIRE_ALL = os.environ.get("ICESTREAM_REQUIRE_ALL") == "1"
"""A skipped test fails: set where everything that can be installed has been."""
_STATES = itertools.count()


@pytest.fixture(autouse=True)
def own_places(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests away from the settings and the state of the person who runs them."""
    for name in list(os.environ):
        if name.startswith("ICESTREAM_") and name not in {
            "ICESTREAM_TEST_DATA",
            "ICESTREAM_REQUIRE_ALL",
        }:
            monkeypatch.delenv(name)
    # One for each test: what a killed session held of the machine is free after ten seconds only.
    state = tmp_path_factory.getbasetemp() / "states" / str(next(_STATES))
    monkeypatch.setenv("ICESTREAM_STATE", str(state))
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(state / "none.toml"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real test data; skips where it is not available."""
    given = os.environ.get("ICESTREAM_TEST_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real test data not found in {folder} (set ICESTREAM_TEST_DATA)")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where everything is required."""
    report = yield
    # Half a pair of UTF-16 that was printed or logged cannot be sent from one process to another.
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    # No installation brings a GPU: such a test may be skipped, and says so in the summary.
    if item.get_closest_marker("hardware") is None:
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself as a whole."""
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not (REQUIRE_ALL and report.skipped) or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"skipped although ICESTREAM_REQUIRE_ALL=1: {reason}"
