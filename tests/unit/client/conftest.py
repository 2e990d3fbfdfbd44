"""A session for the client to look at."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from report_session import SampleSession


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[SampleSession]:
    """A session of thirty exposures, that can go on growing."""
    session = SampleSession(tmp_path / "sessions" / "grid", start=1_790_000_000.0, documents=False)
    session.grow(30)
    with closing(session.store):
        yield session
