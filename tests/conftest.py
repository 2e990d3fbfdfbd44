"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from postgres_server import server
from rules import own_places, pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["own_places", "pytest_make_collect_report", "pytest_runtest_makereport"]

settings.register_profile("shared machine", deadline=None)  # no absolute time is a test
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real test data; skips where it is not available."""
    given = os.environ.get("ICESTREAM_TEST_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real test data not found in {folder} (set ICESTREAM_TEST_DATA)")
    return folder


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Have no event printed among what a command says, whichever tests were before."""
    if not structlog.is_configured():
        structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server of our own, started once; skips where it is not installed."""
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str | None:
    """None, or the URL of a PostgreSQL server: every test that asks for it runs on both."""
    if request.param == "sqlite":
        return None
    given: str = request.getfixturevalue("postgres")
    return given
