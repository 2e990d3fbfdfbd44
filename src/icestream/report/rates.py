"""How fast movies come, how fast they are processed, and when the two will meet."""

import statistics
from collections import deque
from typing import Any

__all__ = ["Rates"]

_HOUR = 3600.0
_MINUTES = 60
_RECENT = 600.0
"""A rate is what happened in this many seconds."""


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

    def hourly(self, now: float) -> float:
        """Per hour over the last ten minutes, or since the first if that is less."""
        if not self.recent:
            return 0.0
        span = min(_RECENT, max(now - self.first, 20.0))
        return len(self.recent) / span * _HOUR

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

    def found(self, time: float) -> None:
        """A movie was taken in."""
        self._found.add(time)

    def settled(self, time: float, found: float) -> None:
        """An exposure needs nothing more; it had been found at `found`."""
        self._settled.add(time)
        self._latency.append(max(0.0, time - found))

    def shown(self, now: float, behind: int, *, finished: bool) -> dict[str, Any]:
        """What the page draws. A finished session shows its rates over the whole time."""
        if finished:
            now = max(self._found.last, self._settled.last)
        for tally in (self._found, self._settled):
            tally.forget(now)
        if finished:
            coming, going = _overall(self._found), _overall(self._settled)
        else:
            coming, going = self._found.hourly(now), self._settled.hourly(now)
        closing = going - coming
        return {
            "found": coming,
            "settled": going,
            "latency": statistics.median(self._latency) if self._latency else None,
            "catch_up": behind / closing * _HOUR if behind and closing > 0.02 * going else None,
            "spark": {"found": self._found.spark(now), "settled": self._settled.spark(now)},
        }


def _overall(tally: _Tally) -> float:
    if tally.total < 2 or tally.last <= tally.first:
        return 0.0
    return (tally.total - 1) / (tally.last - tally.first) * _HOUR
