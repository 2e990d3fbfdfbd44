"""Days and slots of the site, over the nights in which the clock is set."""

from datetime import UTC, date, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.facility.money.calendar import Period, cut, day_of, moment
from icestream.facility.money.kinds import MoneyRefusal

MADRID = ZoneInfo("Europe/Madrid")
SLOTS = (time(9), time(13), time(20, 30))


def at(text: str, zone: ZoneInfo = MADRID) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def test_days_of_23_and_25_hours() -> None:
    spring = cut((at("2026-03-29T12:00"), at("2026-03-29T13:00")), [time(0)], MADRID)
    autumn = cut((at("2026-10-25T12:00"), at("2026-10-25T13:00")), [time(0)], MADRID)
    assert [(ends - begins) / 3600 for begins, ends in (*spring, *autumn)] == [23, 25]


def test_an_hour_that_is_not_and_one_that_is_twice() -> None:
    assert moment(date(2026, 3, 29), time(2, 30), MADRID) == at("2026-03-29T03:30")
    assert moment(date(2026, 10, 25), time(2, 30), MADRID) == at("2026-10-25T02:30")
    zones = cut((at("2026-03-29T00:00"), at("2026-03-30T00:00")), [time(2), time(2, 30)], MADRID)
    assert all(begins < ends for begins, ends in zones)


def test_a_booking_from_nine_to_nine_is_a_day_that_begins_at_nine() -> None:
    span = at("2026-05-04T09:00"), at("2026-05-05T09:00")
    assert cut(span, [time(9)], MADRID) == [span]
    assert len(cut(span, [time(0)], MADRID)) == 2


def test_the_last_slot_lasts_until_the_first_of_the_next_day() -> None:
    night = cut((at("2026-05-04T23:00"), at("2026-05-05T08:00")), SLOTS, MADRID)
    assert night == [(at("2026-05-04T20:30"), at("2026-05-05T09:00"))]


@pytest.mark.parametrize("zone", ["Europe/Madrid", "Pacific/Apia", "Australia/Lord_Howe", "UTC"])
@given(data=st.data())
def test_units_cover_a_span_without_a_gap(zone: str, data: st.DataObject) -> None:
    begins = data.draw(st.integers(1_300_000_000, 1_900_000_000))
    ends = begins + data.draw(st.integers(1, 10 * 86400))
    found = cut((begins, ends), SLOTS, ZoneInfo(zone))
    assert found[0][0] <= begins < found[0][1]
    assert found[-1][0] < ends <= found[-1][1]
    assert all(one[1] == other[0] for one, other in pairwise(found))


def test_a_period_has_its_last_day() -> None:
    may = Period(date(2026, 5, 1), date(2026, 5, 31), MADRID)
    assert may.span == (at("2026-05-01T00:00"), at("2026-06-01T00:00"))
    assert may.has(at("2026-05-31T23:59"))
    assert not may.has(at("2026-06-01T00:00"))
    assert day_of(at("2026-05-31T23:59"), MADRID) == date(2026, 5, 31)
    assert day_of(int(datetime(2026, 5, 31, 22, 30, tzinfo=UTC).timestamp()), MADRID).day == 1
    with pytest.raises(MoneyRefusal, match="before it begins"):
        Period(date(2026, 5, 2), date(2026, 5, 1), MADRID)
