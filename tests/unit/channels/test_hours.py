"""Quiet hours by the machine's clock, over midnight and over the change to summer time."""

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from icestream.channels.hours import checked_hours, quiet_until


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", "2026-01-10T21:59:59", None),
        ("22:00-07:00", "2026-01-10T22:00:00", "2026-01-11T07:00:00"),
        ("22:00-07:00", "2026-01-11T06:59:59", "2026-01-11T07:00:00"),
        ("22:00-07:00", "2026-01-11T07:00:00", None),
        ("12:00-13:30", "2026-01-11T12:30:00", "2026-01-11T13:30:00"),
        ("12:00-13:30", "2026-01-11T13:30:00", None),
        ("20:00-24:00", "2026-01-11T23:00:00", "2026-01-12T00:00:00"),
        ("22:00-07:00", "2026-03-28T23:00:00", "2026-03-29T07:00:00"),  # an hour is left out
    ],
)
def test_quiet_until(hours: str, now: str, until: str | None) -> None:
    assert quiet_until(hours, at(now)) == (at(until) if until else None)


def test_the_night_of_summer_time_is_an_hour_shorter() -> None:
    until = quiet_until("22:00-07:00", at("2026-03-28T22:00:00"))
    assert until is not None
    assert until - at("2026-03-28T22:00:00") == 8 * 3600


@pytest.mark.parametrize("text", ["22-7", "always", "25:00-07:00", "22:61-07:00", "07:00-07:00"])
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no hours such as|no clock shows|begins when it ends"):
        checked_hours(text)
