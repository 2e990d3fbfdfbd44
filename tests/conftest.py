"""What all tests share."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

import mariadb_server
from people_of_tests import clock_stands
from postgres_server import server
from rules import (
    own_places,
    pytest_make_collect_report,
    pytest_runtest_makereport,
    shared_data,
)
from small_facility import facility, write_facility

__all__ = [
    "clock_stands",
    "facility",
    "own_places",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "shared_data",
    "write_facility",
]

settings.register_profile("shared machine", deadline=None)  # no absolute time is a test
settings.load_profile("shared machine")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Have no event printed among what a command says, whichever tests were before."""
    if not structlog.is_configured():
        structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    yield
    log = logging.getLogger("icestream")
    if log.handlers:  # this test ran what a command runs
        for handler in list(log.handlers):
            log.removeHandler(handler)
            handler.close()
        log.propagate = True
        log.setLevel(logging.NOTSET)
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


@pytest.fixture(scope="session")
def mariadb() -> Iterator[mariadb_server.Server]:
    """A server of our own, started once; skips where it is not installed."""
    with mariadb_server.server() as server:
        yield server
