"""What events are about."""

from dataclasses import replace
from pathlib import Path

from icestream.store import queries
from icestream.store.follow import newest_event
from icestream.store.touched import event_time, every_id, exposures_of, last_event_by, touched
from report_session import SampleSession


def test_exposures_batches_and_kinds(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(3)
    first = newest_event(session.store)
    session.classify()
    session.grow(2)
    last = newest_event(session.store)
    everything = touched(session.store, after=0, until=last)
    assert everything.exposures == every_id(session.store) and len(everything.exposures) == 5
    assert everything.batches and "task.done" in everything.kinds
    before = touched(session.store, after=0, until=first)
    assert before.exposures == everything.exposures[:3] and not before.batches
    later = touched(session.store, after=first, until=last)
    assert later.exposures == everything.exposures[3:] and later.batches
    assert event_time(session.store, last) == session.now
    assert event_time(session.store, last + 1) is None
    assert last_event_by(session.store, session.now) == last
    at = event_time(session.store, first)
    assert at is not None
    found = last_event_by(session.store, at)
    after = event_time(session.store, found + 1)
    assert after is not None
    assert event_time(session.store, found) == at < after
    assert last_event_by(session.store, 1.0) == 0
    nothing = touched(session.store, after=last, until=last)
    assert nothing.exposures == () and not nothing.batches and not nothing.kinds
    known = {one.id: one for one in queries.exposures(session.store)}
    for one in exposures_of(session.store, everything.exposures[1:4]):
        assert replace(known[one.id], steps={}) == one
    session.store.close()
