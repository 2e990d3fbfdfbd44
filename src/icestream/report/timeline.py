"""What happened when: alerts from begin to end, changes that people made, and how many came.

All in the time of the acquisition, whenever it was processed.
"""

from array import array
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from icestream.report.clock import AcquisitionClock
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
    """How many exposures were taken and were settled in each span of time; at most 240 spans."""

    def __init__(self) -> None:
        self._settled = array("d")

    def settled(self, time: float) -> None:
        """An exposure was settled."""
        self._settled.append(time)

    def document(self, taken: Sequence[float], clock: AcquisitionClock) -> dict[str, Any] | None:
        """Counts by span of the acquisition's time, for the page; None before the first.

        Parameters
        ----------
        taken
            When each exposure was taken.
        """
        times = {
            "taken": np.array(taken, dtype=np.float64),
            "settled": clock.at(np.array(self._settled, dtype=np.float64)),
        }
        both = np.concatenate(list(times.values()))
        if not len(both):
            return None
        width = _NARROWEST
        while both.max() // width - both.min() // width >= _MOST_BINS:
            width *= 2
        first, last = int(both.min() // width), int(both.max() // width)
        counts = {
            kind: np.bincount((each // width).astype(np.int64) - first, minlength=last + 1 - first)
            for kind, each in times.items()
        }
        return {
            "start": first * width,
            "width": width,
            "known": clock.known,
            **{kind: count.tolist() for kind, count in counts.items()},
        }


def alert_bars(
    alerts: Sequence[AlertRecord],
    place_of: Callable[[str], int | None],
    now: float,
    clock: AcquisitionClock,
) -> list[dict[str, Any]]:
    """Alerts as bars from their begin to their end, in rows in which none covers another.

    Parameters
    ----------
    alerts
        In any order.
    place_of
        Tells the order of an exposure in the session by its name.
    now
        Where what still holds ends for now, in the time of the acquisition.
    clock
        That of the acquisition.
    """
    spans = {alert.id: clock.span(alert) for alert in alerts}
    ordered = sorted(alerts, key=lambda alert: spans[alert.id][0])
    start = min((since for since, _ in spans.values()), default=now)
    gap = _BESIDE * max(now - start, 60.0)
    free: list[float] = []
    bars = []
    for alert in ordered:
        since, until = spans[alert.id]
        end = now if until is None else until
        lane = next((row for row, start in enumerate(free) if start <= since), len(free))
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
                "order": place_of(alert.exposure),
                "since": since,
                "cleared": until,
                "told": alert.raised,
                "acknowledged": alert.acknowledged,
                "seen": None if alert.acknowledged is None else clock.now(alert.acknowledged),
                "acknowledged_by": alert.acknowledged_by,
                "adopted": alert.adopted,
                "adopted_by": alert.adopted_by,
                "muted": alert.muted,
                "muted_by": alert.muted_by,
            }
        )
    return bars


def change_marks(
    history: Sequence[HistoryRecord], now: float, clock: AcquisitionClock
) -> list[dict[str, Any]]:
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
                    "at": clock.now(record.time),
                    "until": record.time,
                    "count": 1,
                    "who": record.who,
                    "by_session": record.by_session,
                    "what": decided_words(record),
                }
            )
        last = record
    return marks
