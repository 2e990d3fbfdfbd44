"""The newest of what monitors measured."""

from pathlib import Path

from icestream.store import queries
from icestream.store.samples import newest_samples
from report_session import SampleSession


def test_the_newest_in_order(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    session.measure(2)
    every = queries.samples(session.store)
    assert newest_samples(session.store) == every
    assert newest_samples(session.store, most=5) == every[-5:]
    assert newest_samples(session.store, every[-1].time) == tuple(
        one for one in every if one.time >= every[-1].time
    )
    names = {one.name for one in newest_samples(session.store, names=["machine.cpu"])}
    assert names == {"machine.cpu"}
