"""What is counted until it is sent."""

import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collecting import USE
from icestream.usage.record import FILE, UsageRecord, forget


@pytest.fixture
def record(tmp_path: Path) -> Iterator[UsageRecord]:
    with closing(UsageRecord(tmp_path)) as made:
        yield made


def test_sessions_are_counted_by_day_until_they_are_sent(
    record: UsageRecord, tmp_path: Path
) -> None:
    record.note(tmp_path / "a", USE, "2026-11-28")
    record.note(tmp_path / "b", USE, "2026-11-30")
    record.note(tmp_path / "c", USE, "2026-11-30")
    waits = record.unsent()
    assert [(one.day, one.sessions) for one in waits.days] == [("2026-11-28", 1), ("2026-11-30", 2)]
    record.sent(waits)
    assert record.unsent().days == ()


def test_a_session_that_goes_on_is_counted_once(record: UsageRecord, tmp_path: Path) -> None:
    record.note(tmp_path / "a", USE, "2026-11-28")
    record.note(tmp_path / "a", USE, "2026-11-30")
    assert [one.day for one in record.unsent().days] == ["2026-11-30"]
    record.sent(record.unsent())
    record.note(tmp_path / "a", USE, "2026-12-01")
    assert record.unsent().days == ()


def test_a_day_that_was_sent_is_sent_again_whole(record: UsageRecord, tmp_path: Path) -> None:
    record.note(tmp_path / "a", USE, "2026-11-30")
    record.sent(record.unsent())
    record.note(tmp_path / "b", USE, "2026-11-30")
    (day,) = record.unsent().days
    assert day.sessions == 2


def test_what_could_not_be_sent_for_long_is_forgotten(record: UsageRecord, tmp_path: Path) -> None:
    record.note(tmp_path / "a", USE, "2026-09-01")
    record.note(tmp_path / "b", USE, "2026-11-30")
    assert [one.day for one in record.unsent().days] == ["2026-11-30"]


def test_one_of_many_sessions_sends_in_a_day(record: UsageRecord, tmp_path: Path) -> None:
    with closing(UsageRecord(tmp_path)) as other:
        assert record.take_turn("2026-11-29")
        assert not other.take_turn("2026-11-29")
        assert other.take_turn("2026-11-30")


def test_the_id_is_random_kept_and_can_be_thrown_away(tmp_path: Path) -> None:
    def identity() -> str:
        with closing(UsageRecord(tmp_path)) as record:
            return record.unsent().installation

    first = identity()
    assert identity() == first
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert forget(tmp_path)
    assert not list(tmp_path.iterdir())
    assert identity() != first
    assert forget(tmp_path)
    assert not forget(tmp_path)


def test_no_place_is_kept(record: UsageRecord, tmp_path: Path) -> None:
    record.note(tmp_path / "Lab7_Ada", USE, "2026-11-30")
    kept = (tmp_path / FILE).read_bytes()
    assert b"Ada" not in kept
    assert str(tmp_path).encode() not in kept
