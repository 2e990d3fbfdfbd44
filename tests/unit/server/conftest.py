"""A server over real sessions, asked without a network."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.settings import load
from report_session import SampleSession

START = 1_790_000_000.0


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[SampleSession]:
    """A session of thirty exposures below `tmp_path`, that can go on growing."""
    session = SampleSession(tmp_path / "sessions" / "grid", start=START, documents=False)
    session.grow(30)
    with closing(session.store):
        yield session


@pytest.fixture
def server(sample: SampleSession, tmp_path: Path) -> Iterator[Server]:
    with closing(Server([sample.folder.parent], load(state=tmp_path / "state"))) as made:
        yield made


@pytest.fixture
def client(server: Server) -> Iterator[TestClient]:
    with TestClient(create_app(server), base_url="http://127.0.0.1:8000") as made:
        yield made


@pytest.fixture(scope="session")
def whole_session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a session of eight exposures with results and pictures; nobody changes it."""
    folder = tmp_path_factory.mktemp("full") / "grid"
    session = SampleSession(folder, start=START)
    session.grow(8)
    session.classify()
    session.decide("reject", {"exposures": ["a"]}, why="torn")
    session.store.close()
    return folder


@pytest.fixture
def whole(whole_session: Path) -> Iterator[TestClient]:
    """A server over that session."""
    with (
        closing(Server([whole_session], load())) as made,
        TestClient(create_app(made), base_url="http://127.0.0.1:8000") as client,
    ):
        yield client


@pytest.fixture
def whole_here(whole: TestClient) -> str:
    """Where that session is."""
    (one,) = whole.get("/api/sessions").json()
    return f"/api/sessions/{one['id']}"
