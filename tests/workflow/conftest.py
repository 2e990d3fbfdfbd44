"""Sessions of toy protocols, on SQLite and on PostgreSQL."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from toy_session import Session


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.fixture
def session(tmp_path: Path, url: str | None) -> Iterator[Session]:
    with contextlib.closing(Session(tmp_path / "session", url)) as made:
        yield made


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Session]:
    """A session on SQLite only."""
    with contextlib.closing(Session(tmp_path / "session")) as made:
        yield made


@pytest.fixture
def working(tmp_path: Path) -> Iterator[Session]:
    """A session on SQLite with worker processes."""
    with contextlib.closing(Session(tmp_path / "session", workers=True)) as made:
        yield made
