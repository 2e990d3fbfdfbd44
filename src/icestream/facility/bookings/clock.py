"""Times as other systems write them: with an offset, in a zone, or by the clock on the wall."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["checked_zone", "read_time", "seconds_of", "shown_time"]


def checked_zone(name: str) -> str:
    """The name of a time zone as it was given; ValueError where the machine knows none such."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is no time zone: write one such as Europe/Madrid or UTC"
        ) from None
    return name


def seconds_of(when: datetime, zone: ZoneInfo, *, end: bool = False) -> float:
    """A time in seconds since the epoch.

    Parameters
    ----------
    when
        With an offset, or by the clock of `zone`.
    end
        Whether something ends then. In the night in which the clocks go back an hour comes twice:
        what begins does so in the first, what ends in the second, so that nobody's time is cut. An
        hour that the clocks skip is read as the one after.
    """
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone, fold=int(end and _comes_twice(when, zone)))
    return when.timestamp()


def read_time(text: str, zone: ZoneInfo, *, end: bool = False) -> float:
    """An ISO 8601 time such as ``2026-11-23T08:00:00+0000``, in seconds since the epoch.

    A date alone is its midnight. Without an offset it is by the clock of `zone`.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        return seconds_of(datetime.fromisoformat(text.strip()), zone, end=end)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no time such as 2026-11-23 08:00 or 2026-11-23T08:00:00+01:00"
        ) from None


def shown_time(seconds: float, zone: ZoneInfo) -> str:
    """A time for people, by the clock of the site: ``Mon 23 Nov 2026 08:00``."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).strftime("%a %d %b %Y %H:%M")


def _comes_twice(when: datetime, zone: ZoneInfo) -> bool:
    first, second = (when.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    # In the hour that is skipped the offset grows, in the one that comes twice it shrinks.
    return first is not None and second is not None and first > second
