"""All exposures at once are what reading them one by one gives, up to a moment."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from icestream.store import queries
from icestream.store.whole import every_exposure, every_value, exposure_times, newest_value
from report_session import SampleSession


@pytest.fixture
def sample(tmp_path: Path, url: str | None) -> Iterator[SampleSession]:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False, url=url)
    session.grow(40, settle=False)
    with closing(session.store):
        yield session


def test_every_exposure_in_order_of_arrival(sample: SampleSession) -> None:
    found = list(every_exposure(sample.store))
    one_by_one = queries.exposures(sample.store)
    assert [(each.id, each.number, each.name, each.state) for each in found] == [
        (each.id, each.number, each.name, each.state) for each in one_by_one
    ]
    assert [each.reasons for each in found] == [each.reasons for each in one_by_one]
    assert found[0].details == one_by_one[0].details


def test_times_are_those_of_the_events(sample: SampleSession) -> None:
    times = exposure_times(sample.store)
    events = queries.events(sample.store, limit=10_000)
    assert times.upto == events[-1].seq
    ids = {each.name: each.id for each in queries.exposures(sample.store)}
    assert times.last == {ids[event.exposure]: event.time for event in events if event.exposure}
    ended: dict[int, float] = {}
    for event in events:
        if event.kind == "exposure.state" and event.document["state"] != "going":
            ended.setdefault(ids[event.exposure], event.time)
    assert times.ended == ended
    assert len(ended) == 37


def test_values_up_to_a_moment(sample: SampleSession) -> None:
    upto = newest_value(sample.store)
    sample.settle()
    records = [one for one in queries.qualities(sample.store) if one.id <= upto]
    columns = {(one.step, one.name): one for one in every_value(sample.store, upto)}
    assert columns.keys() == {(one.step, one.name) for one in records}
    for (step, name), column in columns.items():
        ours = [one for one in records if (one.step, one.name) == (step, name)]
        assert column.subjects.tolist() == [one.subject_id for one in ours]
        assert column.values.tolist() == [one.value for one in ours]


def test_an_empty_session(tmp_path: Path) -> None:
    with closing(SampleSession(tmp_path / "s", start=1.79e9, documents=False).store) as store:
        assert list(every_exposure(store)) == []
        assert list(every_value(store, newest_value(store))) == []
        assert exposure_times(store).last == {}
