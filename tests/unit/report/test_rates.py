"""Rates, sparks and the forecast that the page draws."""

from pathlib import Path

import pytest

from icestream.report.follow import Follower
from icestream.report.rates import Minutes, rates
from icestream.store.pace import pace
from report_session import SampleSession

START = 1_000_000_200.0


def test_what_is_found_and_settled_is_counted_by_minute() -> None:
    minutes = Minutes()
    for place in range(90):
        minutes.found(START + 10 * place)
        minutes.settled(START + 10 * place + 60.0)
    shown = minutes.shown(START + 899)
    assert shown["found"] == [6] * 15
    assert (len(shown["settled"]), sum(shown["settled"])) == (14, 84)
    later = minutes.shown(START + 899 + 3600)
    assert len(later["found"]) == 60
    assert sum(later["found"]) == 0
    assert minutes.last == START + 950


def test_nothing_yet_is_one_empty_minute() -> None:
    assert Minutes().shown(START) == {"found": [0], "settled": [0]}


def test_the_page_shows_what_status_says(tmp_path: Path) -> None:
    """Both are told by the same rows; there is nothing that could disagree."""
    session = SampleSession(tmp_path, start=1.79e9)
    session.grow(60, settle=False)
    follower = Follower(session.store)
    follower.read()
    shown = rates(session.store, follower.minutes, session.now, finished=False)
    told = pace(session.store, session.now)
    assert (shown["found"], shown["settled"]) == (told.found, told.processed)
    assert (shown["latency"], shown["last"]) == (told.delay, told.last)
    assert shown["forecast"]["waiting"].startswith("3 movies")
    assert shown["forecast"]["outlook"] == "unknown"  # nobody has said how many cores there are
    session.settle()
    session.finish()
    follower.read()
    ended = rates(session.store, follower.minutes, session.now + 1e6, finished=True)
    assert (ended["now"], ended["forecast"]) == (session.now, None)
    assert ended["found"] == pytest.approx(60 / (59 * 12.0) * 3600.0, rel=0.02)
