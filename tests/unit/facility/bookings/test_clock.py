"""Times of other systems, in the nights in which the clocks change too."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from booking_systems import at
from icestream.facility.bookings.clock import checked_zone, read_time, seconds_of, shown_time

MADRID = ZoneInfo("Europe/Madrid")


def test_an_offset_is_kept_and_without_one_the_clock_of_the_site_counts() -> None:
    assert read_time("2026-11-23T08:00:00+0000", MADRID) == at("2026-11-23T08:00")
    assert read_time("2026-11-23T08:00:00Z", MADRID) == at("2026-11-23T08:00")
    assert read_time(" 2026-11-23 08:00 ", MADRID) == at("2026-11-23T07:00")
    assert read_time("2026-07-01", MADRID) == at("2026-06-30T22:00")


def test_the_night_with_an_hour_twice() -> None:
    # 25 October 2026: 03:00 summer time becomes 02:00.
    assert read_time("2026-10-25 02:30", MADRID) == at("2026-10-25T00:30")
    assert read_time("2026-10-25 02:30", MADRID, end=True) == at("2026-10-25T01:30")
    # Nothing else is moved: a day is 25 hours long.
    begins, ends = read_time("2026-10-25", MADRID), read_time("2026-10-26", MADRID, end=True)
    assert ends - begins == 25 * 3600


def test_the_night_with_an_hour_too_few() -> None:
    # 29 March 2026: 02:00 becomes 03:00.
    assert read_time("2026-03-29 02:30", MADRID) == at("2026-03-29T01:30")
    assert read_time("2026-03-29 02:30", MADRID, end=True) == at("2026-03-29T01:30")
    assert seconds_of(datetime(2026, 3, 29, 3, 30), MADRID) == at("2026-03-29T01:30")


@pytest.mark.parametrize("text", ["", "tomorrow", "23.11.2026 08:00", "2026-13-01", "08:00"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no time such as 2026-11-23 08:00"):
        read_time(text, MADRID)


def test_for_people() -> None:
    assert shown_time(at("2026-11-23T07:00"), MADRID) == "Mon 23 Nov 2026 08:00"


def test_zones() -> None:
    assert checked_zone("Europe/Madrid") == "Europe/Madrid"
    for wrong in ("Madrid", "../etc/passwd", "", "CEST+1"):
        with pytest.raises(ValueError, match="is no time zone"):
            checked_zone(wrong)
