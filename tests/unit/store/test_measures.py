"""The value of a quality is that of the deepest step that measured it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from icestream.store import tables as t
from icestream.store.measures import MeasuredColumns, measuring_revisions, quality_spreads
from icestream.store.records import StandingRecord
from icestream.store.writing import Writes
from report_session import SampleSession


@pytest.fixture
def sample(tmp_path: Path, url: str | None) -> Iterator[SampleSession]:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False, url=url)
    session.grow(9)
    with closing(session.store):
        yield session


def measure(sample: SampleSession, step: str, name: str, values: dict[int, float]) -> None:
    """Have a step measure a quality of exposures, by their number."""
    own = sample.step_ids[step]
    with sample.store.write() as connection:
        writes = Writes(sample.numbers, sample.now)
        for number, value in values.items():
            chosen = select(t.subject.c.id).where(t.subject.c.number == number)
            writes.insert(
                t.quality, step_id=own, revision_id=own,
                subject_id=connection.execute(chosen).scalar_one(), result_id=0, name=name,
                value=value,
            )  # fmt: skip
        writes.flush(connection)


def column(sample: SampleSession, name: str, standing: StandingRecord | None = None) -> object:
    with sample.store.read() as connection:
        ranked = measuring_revisions(connection, None, standing)
        found = MeasuredColumns(connection, ranked).column(name)
        if found is None:
            return None
        chosen = select(t.subject.c.number, found.c.value).join(
            t.subject, t.subject.c.id == found.c.subject_id
        )
        return {row.number: row.value for row in connection.execute(chosen)}


def test_the_deepest_step_counts(sample: SampleSession) -> None:
    measure(sample, "align", "own.score", {1: 0.1, 2: 0.2, 3: 0.3})
    measure(sample, "select", "own.score", {2: 20.0})
    measure(sample, "ctf", "own.score", {2: 2.0, 3: 3.0, 4: 4.0})
    assert column(sample, "own.score") == {1: 0.1, 2: 20.0, 3: 3.0, 4: 4.0}
    assert column(sample, "own.other") is None


def test_what_stands_comes_after_what_is_measured_now(sample: SampleSession) -> None:
    before = column(sample, "ctf.resolution")
    old = sample.step_ids["ctf"]
    sample.change("ctf")
    assert column(sample, "ctf.resolution") is None
    standing = StandingRecord(
        branch="main", revisions=frozenset({old}), steps={"ctf": 1}, until=0.0, who=""
    )
    assert column(sample, "ctf.resolution", standing) == before


def test_spreads_are_those_of_the_values(sample: SampleSession) -> None:
    measure(sample, "align", "own.score", {1: 5.0, 2: 1.0, 3: 4.0, 4: 2.0})
    spreads = {spread.name: spread for spread in quality_spreads(sample.store)}
    own = spreads["own.score"]
    assert (own.count, own.low, own.high, own.median) == (4, 1.0, 5.0, 4.0)
    assert {"ctf.resolution", "motion.total"} <= spreads.keys()


def test_what_is_measured_on_batches_is_none_of_exposures(sample: SampleSession) -> None:
    with sample.store.write() as connection:
        writes = Writes(sample.numbers, sample.now)
        own = sample.step_ids["classify"]
        batch = writes.insert(t.subject, kind="batch", family="classify@1", number=1, name="1")
        writes.insert(
            t.quality, step_id=own, revision_id=own, subject_id=batch, result_id=0,
            name="classes.particles", value=9.0,
        )  # fmt: skip
        writes.flush(connection)
    assert column(sample, "classes.particles") is None
    assert "classes.particles" not in {spread.name for spread in quality_spreads(sample.store)}
