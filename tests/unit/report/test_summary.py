"""A session at a glance says what the report says, at a cost that does not grow."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from icestream.engine.machine.lock import hold
from icestream.model import Taken
from icestream.report.follow import Follower
from icestream.report.rates import rates
from icestream.report.summary import sum_up
from icestream.report.verdicts import verdicts
from icestream.store.newest import newest_settled, newest_values
from icestream.store.open import Store, open_store
from report_session import SampleSession


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[SampleSession]:
    session = SampleSession(tmp_path / "grid", start=1_790_000_000.0, documents=False)
    session.grow(120)
    with closing(session.store):
        yield session


@pytest.fixture
def store(sample: SampleSession) -> Iterator[Store]:
    with closing(open_store(sample.folder, readonly=True)) as opened:
        yield opened


def test_it_counts_what_there_is(sample: SampleSession, store: Store) -> None:
    sample.grow(2, settle=False)
    sample.warn("critical", "no beam", "")
    summary = sum_up(store, "x", sample.now)
    assert (summary.id, summary.folder) == ("x", str(sample.folder))
    assert (summary.name, summary.state) == ("apoferritin-grid-2", "running")
    counts = summary.counts
    assert (counts.found, counts.behind) == (122, 2)
    assert counts.accepted + counts.rejected + counts.failed == 120
    assert counts.failed == 1
    assert (summary.alerts.critical, summary.alerts.notice) == (1, 0)
    assert summary.rate.last == sample.now
    assert summary.rate.interval == pytest.approx(12.0)
    assert len(summary.trend) == 24
    assert all(2.0 < value < 20.0 for value in summary.trend)
    assert not summary.running


def test_it_says_whether_somebody_runs_it(sample: SampleSession, store: Store) -> None:
    with hold(sample.folder):
        summary = sum_up(store, "x", sample.now)
    assert summary.running


def test_the_verdict_is_that_of_the_report(sample: SampleSession, store: Store) -> None:
    follower = Follower(store)
    follower.read()
    told = rates(store, follower.minutes, sample.now, finished=False)
    (data,) = (
        one
        for one in verdicts(follower, [], told, Taken("movie", "movies"))
        if one["about"] == "Data"
    )
    summary = sum_up(store, "x", sample.now)
    assert summary.verdict is not None
    assert summary.verdict.level == data["state"]
    assert summary.verdict.sentence == f"{data['word']}: {data['why']}"


def test_the_newest_are_read_backwards(sample: SampleSession, store: Store) -> None:
    settled = newest_settled(store, 10)
    assert len(settled) == 10
    assert {state for state, _ in settled} <= {"done", "rejected", "failed"}
    assert newest_values(store, "ctf.resolution", None)


def test_it_costs_little_in_a_long_session(sample: SampleSession, store: Store) -> None:
    def cost() -> float:
        sum_up(store, "x", sample.now)
        began = time.process_time()
        for _ in range(5):
            sum_up(store, "x", sample.now)
        return time.process_time() - began

    short = cost()
    sample.grow(3000)
    assert cost() < 5 * short + 0.2
