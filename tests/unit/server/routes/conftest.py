"""A server over a session that has results of every kind, with their files."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from icestream.engine.machine.lock import hold
from icestream.formats import write_mrc
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.settings import load
from icestream.store import queries
from report_session import PIXEL, SIZE, SampleSession
from toy_record import desks

START = 1_790_000_000.0


@pytest.fixture
def full(tmp_path: Path) -> Iterator[SampleSession]:
    """A session that a test may change."""
    session = _made(tmp_path / "sessions" / "grid")
    with closing(session.store):
        yield session


@pytest.fixture(scope="package")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleSession]:
    """The same for tests that change nothing, made once."""
    session = _made(tmp_path_factory.mktemp("still") / "sessions" / "grid")
    with closing(session.store):
        yield session


@pytest.fixture(scope="package")
def reader(still: SampleSession) -> Iterator[TestClient]:
    """Asks a server over `still`."""
    with (
        closing(Server([still.folder.parent], load())) as server,
        TestClient(create_app(server), base_url="http://127.0.0.1:8000") as client,
    ):
        yield client


@pytest.fixture(scope="package")
def there(reader: TestClient) -> str:
    """Where the session of `reader` is."""
    (one,) = reader.get("/api/sessions").json()
    return f"/api/sessions/{one['id']}"


def _made(folder: Path) -> SampleSession:
    """Thirty exposures with pictures, classes in two updates, a choice of them, and a map."""
    session = SampleSession(folder, start=START)
    session.grow(30, settle=False)
    session.classify()
    session.classify()
    session.add_choice([True] * 15 + [False] * 9)
    session.reconstruct()
    session.estimate_gain()
    session.measure(10)
    session.warn("warning", "Astigmatism is above 600 Å", "FoilHole_9015884_Data_9017347_0")
    session.warn("notice", "Ice ring", "", cleared=True)
    _write_files(session)
    return session


def accepted(session: SampleSession) -> list[str]:
    """Names of the exposures that have everything; files are there of the first."""
    return [one.name for one in queries.exposures(session.store, state="done")]


def _write_files(session: SampleSession) -> None:
    """What the made-up results name: a micrograph, its particles, a map."""
    work, draw = session.folder / "work", np.random.default_rng(1)
    work.mkdir()
    name = accepted(session)[0]
    image = draw.normal(0, 1, (SIZE, SIZE)).astype(np.float32)
    write_mrc(work / f"{name}.mrc", image, PIXEL)
    write_mrc(work / f"{name}.mrcs", draw.normal(0, 1, (90, 64, 64)).astype(np.float32), 3.0)
    density = draw.normal(0, 1, (64, 64, 64)).astype(np.float32)
    density[32] += 9.0
    write_mrc(session.folder / "pool" / "map.mrc", density, 3.0, volume=True)


@pytest.fixture
def asked(full: SampleSession) -> Iterator[TestClient]:
    """Asks a server over `full`."""
    with (
        closing(Server([full.folder.parent], load())) as server,
        TestClient(create_app(server), base_url="http://127.0.0.1:8000") as client,
    ):
        yield client


@pytest.fixture
def base(asked: TestClient) -> str:
    """Where the session is."""
    (one,) = asked.get("/api/sessions").json()
    return f"/api/sessions/{one['id']}"


@pytest.fixture
def tried(tmp_path: Path) -> Iterator[tuple[TestClient, str]]:
    """A session with a second branch, in which one of seven exposures fails."""
    made = next(desks(tmp_path))(
        source := ("src", "toy.count", {}, {}), ("a", "toy.add", {}, {"number": "src"})
    )
    made.find(*range(1, 9))
    made.work()
    other: Any = ("a", "toy.add", {"add": 5, "fail": "item"}, {"number": "src"})
    made.branch("five", source, other)
    made.backfill()
    made.work()
    with (
        hold(made.store.folder),  # it runs
        closing(Server([tmp_path], load())) as server,
        TestClient(create_app(server), base_url="http://127.0.0.1:8000") as client,
    ):
        (one,) = [each for each in client.get("/api/sessions").json() if not each["problem"]]
        yield client, f"/api/sessions/{one['id']}"
