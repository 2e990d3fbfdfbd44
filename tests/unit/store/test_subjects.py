"""Numbers of exposures by their names."""

from pathlib import Path

from icestream.store import queries
from icestream.store.subjects import numbers_of
from report_session import SampleSession


def test_those_that_there_are(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    session.grow(450)
    every = {one.name: one.number for one in queries.exposures(session.store, limit=1000)}
    assert numbers_of(session.store, [*every, "none"]) == every
    assert numbers_of(session.store, []) == {}
