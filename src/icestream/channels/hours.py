"""Quiet hours: ``22:00-07:00`` by the machine's clock."""

import re
from datetime import datetime, time, timedelta

__all__ = ["checked_hours", "quiet_until"]

_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


def checked_hours(text: str) -> str:
    """The hours as they were given; ValueError where they are none."""
    begin, end = _read(text)
    if begin == end:
        raise ValueError(f"{text!r} begins when it ends; hours are such as 22:00-07:00")
    return text


def quiet_until(text: str, now: float) -> float | None:
    """When the quiet hours that `now` falls into are over, in seconds since the epoch.

    None where it falls into none. The hours follow the clock of the machine, summer time too.
    """
    begin, end = _read(text)
    here = datetime.fromtimestamp(now)  # of the machine's clock
    clock = here.time()
    over_midnight = end < begin
    inside = (clock >= begin or clock < end) if over_midnight else begin <= clock < end
    if not inside:
        return None
    day = here.date() + timedelta(days=1 if over_midnight and clock >= begin else 0)
    return datetime.combine(day, end).timestamp()


def _read(text: str) -> tuple[time, time]:
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} are no hours such as 22:00-07:00")
    numbers = tuple(map(int, found.groups()))
    try:
        return time(numbers[0], numbers[1]), time(numbers[2] % 24, numbers[3])
    except ValueError:
        raise ValueError(f"{text!r} has an hour or a minute that no clock shows") from None
