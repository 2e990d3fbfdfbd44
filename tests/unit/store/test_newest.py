"""The newest measurements and the newest map."""

import statistics
from pathlib import Path

import pytest

from icestream.model import Micrograph, Movie, Taken
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.newest import (
    NEWEST,
    newest_exposure,
    newest_map,
    newest_medians,
    newest_micrograph,
    newest_particles,
    newest_taken,
)
from icestream.store.standing import reruns
from micrograph_session import make_micrographs
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


def test_the_newest_particles(session: SampleSession) -> None:
    found = newest_particles(session.store)
    assert found is not None
    assert found.diameter_known
    micrograph = newest_micrograph(session.store)
    assert micrograph is not None
    assert micrograph.motion is not None
    session.change("extract")
    assert newest_particles(session.store) is None
    stood = newest_particles(session.store, reruns(session.store).standing)
    assert stood is not None
    assert stood.exposure == found.exposure


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


def test_what_was_taken_in_last_and_what_it_is_called(session: SampleSession) -> None:
    words, newest = newest_taken(session.store)
    assert isinstance(newest, Movie)
    assert words is not None
    assert (words, newest.optics.voltage) == (Taken("movie", "movies"), 300.0)
    make_micrographs(session)
    words, newest = newest_taken(session.store)
    assert isinstance(newest, Micrograph)
    assert words is not None
    assert (words.one, dict(newest.assumed)) == (
        "micrograph", {"spherical_aberration": "preset krios1"},
    )  # fmt: skip


def test_before_anything_was_taken_in(tmp_path: Path) -> None:
    empty = SampleSession(tmp_path / "empty", start=1.7e9)
    assert newest_taken(empty.store) == (None, None)
    assert newest_exposure(empty.store) is None


def test_the_newest_exposure_needs_nothing_more(session: SampleSession) -> None:
    before = newest_exposure(session.store)
    session.grow(1, settle=False)
    assert newest_exposure(session.store) == before
    session.settle()
    last = queries.exposures(session.store, limit=1000)[-1]
    assert before is not None
    assert newest_exposure(session.store) == (last.number, last.name) == (61, last.name)
