"""The site's calendar: days and slots by its own clock, whatever that does in spring and autumn."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.money.spans import Span

__all__ = ["FIRST_DAY", "LAST_DAY", "Period", "cut", "day_of", "moment"]

FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9999, 12, 30)
"""Of periods whose beginning or end nobody said."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the site, the last one included; MoneyRefusal where it ends before it begins."""

    first: date
    last: date
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise MoneyRefusal(f"the period ends on {self.last}, before it begins on {self.first}")

    @property
    def span(self) -> Span:
        """From the first midnight to the last, in seconds since the epoch."""
        begins = moment(self.first, time(0), self.zone)
        return begins, moment(self.last + timedelta(days=1), time(0), self.zone)

    def has(self, at: int) -> bool:
        """Whether a moment is in it."""
        begins, ends = self.span
        return begins <= at < ends


def moment(day: date, at: time, zone: ZoneInfo) -> int:
    """When the clock shows `at` on `day`, in seconds since the epoch.

    Of an hour that comes twice, the first; a time that is left out is as long after the gap as it
    would have been after its beginning.
    """
    return int(datetime.combine(day, at, zone).timestamp())


def day_of(at: int, zone: ZoneInfo) -> date:
    """The date at a moment."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone).date()


def cut(span: Span, starts: Sequence[time], zone: ZoneInfo) -> list[Span]:
    """All units, whole, that a span has a part of; a unit begins each day at each of `starts`."""
    first = day_of(span[0], zone) - timedelta(days=2)
    days = (day_of(span[1], zone) - first).days + 3
    marks = sorted(
        {moment(first + timedelta(days=n), at, zone) for n in range(days) for at in starts}
    )
    left = bisect_right(marks, span[0]) - 1
    return [
        (begins, ends)
        for begins, ends in zip(marks[left:], marks[left + 1 :], strict=False)
        if begins < span[1]
    ]
