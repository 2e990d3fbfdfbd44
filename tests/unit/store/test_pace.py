"""How fast movies come and are processed, told from the newest rows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.store.pace import Pace, count_waiting, found_times, looks_for_more, pace, went_on
from report_session import SampleSession
from toy_record import Desk

START = 1.7e9


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    """Forty movies, one each twelve seconds; the last three are in progress."""
    sample = SampleSession(tmp_path / "session", start=START)
    sample.grow(40, settle=False)
    return sample


def test_nothing_is_known_of_nothing(tmp_path: Path) -> None:
    assert pace(SampleSession(tmp_path, start=START).store, START) == Pace()


def test_rates_and_delay_are_told(session: SampleSession) -> None:
    told = pace(session.store, session.now)
    assert told.found == pytest.approx(40 / (39 * 12.0) * 3600.0)
    assert told.delay == pytest.approx(36.0)
    assert told.last == session.now
    assert told.interval == 12.0
    assert told.processed == pytest.approx(37 / (39 * 12.0) * 3600.0, rel=0.05)


def test_a_rate_needs_evidence(tmp_path: Path) -> None:
    few = SampleSession(tmp_path, start=START)
    few.grow(4)
    assert pace(few.store, few.now + 400.0).found is None
    few.grow(2)
    assert pace(few.store, few.now).found is None  # not long enough
    assert pace(few.store, few.now + 400.0).found is not None


def test_when_movies_stop_coming_the_rate_falls_and_the_last_one_is_known(
    session: SampleSession,
) -> None:
    told = pace(session.store, session.now + 1300.0)
    assert (told.found, told.last, told.interval) == (None, session.now, 12.0)


def test_a_session_that_has_ended_has_means_of_its_whole_time(session: SampleSession) -> None:
    session.settle()
    told = pace(session.store, session.now + 1e6, finished=True)
    assert told.found == pytest.approx(40 / (39 * 12.0) * 3600.0, rel=0.01)
    assert told.processed == told.found


def test_what_did_not_come_while_nobody_looked_is_not_missed(
    session: SampleSession, desk: Callable[..., Desk]
) -> None:
    assert pace(session.store, session.now).awaited == session.now
    made = desk(("src", "toy.count", {}, {}))
    made.find(1, 2)
    before = went_on(made.store)
    assert before > 0
    made.record.change_session("paused")
    assert went_on(made.store) == before
    made.record.change_session("running")
    told = pace(made.store, 0.0)
    assert told.last is not None
    assert told.awaited == went_on(made.store) > told.last > before
    made.record.change_step(made.step("src").id, "paused", "a person", alarm=False)
    made.record.change_step(made.step("src").id, "running", "", alarm=False)
    assert went_on(made.store) > told.awaited


def test_what_is_run_again_is_not_late(desk: Callable[..., Desk]) -> None:
    made = desk(("src", "toy.count", {}, {}), ("a", "toy.add", {}, {"number": "src"}))
    made.find(1, 2, 3)
    made.work()
    before = pace(made.store, 0.0).delay
    made.change("a", add=3)
    made.backfill()
    made.work()
    assert pace(made.store, 0.0).delay == before


def test_the_newest_alone_are_read(tmp_path: Path) -> None:
    session = SampleSession(tmp_path, start=START, documents=False)
    session.grow(520)
    assert len(found_times(session.store)) == 500
    assert found_times(session.store)[-1] == session.now
    assert found_times(session.store, 2) == [session.now - 12.0, session.now]


def test_whether_a_source_looks_for_more(session: SampleSession) -> None:
    assert looks_for_more(session.store)
    session.finish()
    assert not looks_for_more(session.store)


def test_how_many_exposures_need_something_more(session: SampleSession) -> None:
    assert count_waiting(session.store) == 3
