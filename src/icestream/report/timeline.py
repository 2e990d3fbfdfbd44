"""What happened when: alerts from begin to end, changes that people made, and how many came."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from icestream.store.history import decided_words
from icestream.store.records import AlertRecord, HistoryRecord

__all__ = ["LANES", "Tempo", "alert_bars", "change_marks"]

_MOST_BINS = 240
_NARROWEST = 60.0
"""Seconds."""
LANES = 12
"""Rows of alerts; what finds no room in them is drawn in the last one."""
_MOST_MARKS = 300
_BESIDE = 0.004
"""Part of the whole time that has to lie between two alerts in one row."""


class Tempo:
    """How many exposures came and were settled in each span of time; at most 240 spans."""

    def __init__(self) -> None:
        self.width = _NARROWEST
        self._counts: dict[str, dict[int, int]] = {"found": {}, "settled": {}}
        self._ends: tuple[int, int] | None = None

    def add(self, kind: str, time: float) -> None:
        """Something was ``found`` or ``settled``."""
        place = math.floor(time / self.width)
        counts = self._counts[kind]
        counts[place] = counts.get(place, 0) + 1
        first, last = self._ends or (place, place)
        self._ends = min(first, place), max(last, place)
        while self._ends[1] - self._ends[0] >= _MOST_BINS:
            self._widen()

    def _widen(self) -> None:
        assert self._ends is not None
        self.width *= 2
        self._ends = self._ends[0] // 2, self._ends[1] // 2
        for kind, counts in self._counts.items():
            merged: dict[int, int] = {}
            for place, count in counts.items():
                merged[place // 2] = merged.get(place // 2, 0) + count
            self._counts[kind] = merged

    def document(self) -> dict[str, Any] | None:
        """Counts by span, for the page; None before the first."""
        if self._ends is None:
            return None
        places = range(self._ends[0], self._ends[1] + 1)
        return {
            "start": self._ends[0] * self.width,
            "width": self.width,
            **{
                kind: [counts.get(place, 0) for place in places]
                for kind, counts in self._counts.items()
            },
        }


def alert_bars(
    alerts: Iterable[AlertRecord], orders: Mapping[str, int], now: float
) -> list[dict[str, Any]]:
    """Alerts as bars from their begin to their end, in rows in which none covers another.

    Parameters
    ----------
    alerts
        In any order.
    orders
        Of the exposures, by their names.
    now
        Where what still holds ends for now, seconds since the epoch.
    """
    ordered = sorted(alerts, key=lambda alert: alert.raised)
    start = min((alert.raised for alert in ordered), default=now)
    gap = _BESIDE * max(now - start, 60.0)
    free: list[float] = []
    bars = []
    for alert in ordered:
        end = now if alert.cleared is None else alert.cleared
        lane = next((row for row, since in enumerate(free) if since <= alert.raised), len(free))
        if lane >= LANES:
            lane = min(range(LANES), key=free.__getitem__)
        elif lane == len(free):
            free.append(0.0)
        free[lane] = max(free[lane], end + gap)
        bars.append(
            {
                "number": alert.id,
                "lane": lane,
                "level": alert.level,
                "step": alert.step,
                "message": alert.message,
                "exposure": alert.exposure,
                "order": orders.get(alert.exposure),
                "since": alert.raised,
                "cleared": alert.cleared,
                "acknowledged": alert.acknowledged,
                "acknowledged_by": alert.acknowledged_by,
                "adopted": alert.adopted,
                "adopted_by": alert.adopted_by,
                "muted": alert.muted,
                "muted_by": alert.muted_by,
            }
        )
    return bars


def change_marks(history: Sequence[HistoryRecord], now: float) -> list[dict[str, Any]]:
    """What people and the session changed, as marks in time; the newest few hundred.

    What one person did in one way, and so soon after each other that the marks would cover each
    other, is one mark.
    """
    done = [record for record in history[-_MOST_MARKS:] if record.state != "refused"]
    gap = _BESIDE * max(now - done[0].time, 60.0) if done else 0.0
    marks: list[dict[str, Any]] = []
    last: HistoryRecord | None = None
    for record in done:
        same = last is not None and (record.who, record.verb) == (last.who, last.verb)
        if last is not None and same and record.time - last.time <= gap:
            marks[-1]["count"] += 1
            marks[-1]["until"] = record.time
        else:
            marks.append(
                {
                    "time": record.time,
                    "until": record.time,
                    "count": 1,
                    "who": record.who,
                    "by_session": record.by_session,
                    "what": decided_words(record),
                }
            )
        last = record
    return marks
