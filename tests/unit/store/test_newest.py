"""The newest measurements and the newest map."""

import statistics
from pathlib import Path

import pytest

from icestream.store import queries
from icestream.store import tables as t
from icestream.store.newest import NEWEST, newest_map, newest_medians
from icestream.store.standing import reruns
from report_session import SampleSession


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(60)
    return sample


def test_the_median_of_the_newest(session: SampleSession) -> None:
    values = [one.value for one in queries.qualities(session.store, names=["ctf.defocus"])]
    found = newest_medians(session.store, ["ctf.defocus", "no.such"])
    assert list(found) == ["ctf.defocus"]
    assert found["ctf.defocus"].count == NEWEST < len(values)
    assert found["ctf.defocus"].value == statistics.median(values[-NEWEST:])


def test_the_deepest_step_is_believed(session: SampleSession) -> None:
    """A consensus wins over what it was made from."""
    with session.store.write() as connection:
        chosen = t.quality.select().where(t.quality.c.name == "ctf.defocus")
        for row in connection.execute(chosen).all():
            deeper = session.step_ids["extract"]
            values = row._asdict() | {"id": row.id + 100_000, "value": 7.0}
            values |= {"step_id": deeper, "revision_id": deeper}
            connection.execute(t.quality.insert().values(values))
    assert newest_medians(session.store, ["ctf.defocus"])["ctf.defocus"].value == 7.0


def test_what_stands_is_taken_while_there_is_nothing_new(session: SampleSession) -> None:
    before = newest_medians(session.store, ["ctf.defocus"])
    session.change("ctf")
    assert newest_medians(session.store, ["ctf.defocus"]) == {}
    assert newest_medians(session.store, ["ctf.defocus"], reruns(session.store).standing) == before


def test_the_newest_map(session: SampleSession) -> None:
    assert newest_map(session.store) is None
    session.classify()
    session.reconstruct()
    found = newest_map(session.store)
    assert found is not None
    assert (found.resolution, found.map) == (11.4, session.folder / "pool/map.mrc")
    session.change("volume")
    assert newest_map(session.store) is None
    stood = newest_map(session.store, reruns(session.store).standing)
    assert stood is not None
    assert stood.resolution == 11.4
