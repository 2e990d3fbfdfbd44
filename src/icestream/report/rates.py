"""How fast movies come, how fast they are processed, and when the two will meet."""

import statistics
from collections import deque
from typing import Any

__all__ = ["Rates"]

_HOUR = 3600.0
_MINUTES = 60
_RECENT = 600.0
"""A rate is what happened in this many seconds."""
_SPAN, _ITEMS = 300.0, 5
"""Less than this is no evidence for a rate: seconds, and movies found."""


class _Tally:
    """Events of the last hour by minute, and the first and last of all."""

    def __init__(self) -> None:
        self.minutes: dict[int, int] = {}
        self.recent: list[float] = []
        self.first = float("inf")
        self.last = 0.0
        self.total = 0

    def add(self, time: float) -> None:
        self.total += 1
        self.first = min(self.first, time)
        self.last = max(self.last, time)
        minute = int(time // 60)
        self.minutes[minute] = self.minutes.get(minute, 0) + 1
        self.recent.append(time)

    def forget(self, now: float) -> None:
        oldest = int(now // 60) - _MINUTES
        for minute in [each for each in self.minutes if each < oldest]:
            del self.minutes[minute]
        self.recent = [time for time in self.recent if time >= now - _RECENT]

    def spark(self, now: float) -> list[int]:
        last = int(now // 60)
        first = max(int(self.first // 60) if self.total else last, last - _MINUTES + 1)
        return [self.minutes.get(minute, 0) for minute in range(first, last + 1)]


class Rates:
    """Counts what was found and what is settled: processed, rejected or failed."""

    def __init__(self) -> None:
        self._found = _Tally()
        self._settled = _Tally()
        self._latency: deque[float] = deque(maxlen=50)
        self._first_done = 0.0
        """When the last one was settled for the first time."""

    def found(self, time: float) -> None:
        """A movie was taken in."""
        self._found.add(time)

    def settled(self, time: float, found: float, first: float | None = None) -> None:
        """An exposure needs nothing more; it had been found at `found`.

        `first` is when that was so for the first time: one that is run again, as parameters were
        changed, has not waited since then. `time` where it is left out.
        """
        first = time if first is None else first
        self._settled.add(time)
        self._first_done = max(self._first_done, first)
        self._latency.append(max(0.0, first - found))

    def shown(self, now: float, behind: int, *, finished: bool) -> dict[str, Any]:
        """What the page draws; rates are None until there is evidence for them.

        Both are taken over the same time: the last ten minutes, or since the first movie if that
        is less; the whole time when the session is finished.
        """
        if finished:
            now = max(self._found.last, self._first_done)
        for tally in (self._found, self._settled):
            tally.forget(now)
        span = now - self._found.first
        known = self._found.total >= _ITEMS and span >= _SPAN
        coming, going = self._found.total, self._settled.total
        if not finished:
            span = min(span, _RECENT)
            coming, going = len(self._found.recent), len(self._settled.recent)
        closing = (going - coming) / span if known else 0.0
        catches_up = known and not finished and behind > 0 and closing > 0.02 * going / span
        return {
            "found": coming / span * _HOUR if known else None,
            "settled": going / span * _HOUR if known else None,
            "latency": statistics.median(self._latency) if self._latency else None,
            "catch_up": behind / closing if catches_up else None,
            "last": self._found.last if self._found.total else None,
            "now": now,
            "spark": {"found": self._found.spark(now), "settled": self._settled.spark(now)},
        }
