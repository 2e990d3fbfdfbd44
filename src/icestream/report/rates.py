"""How fast movies come and are processed, and when a session will have caught up, drawn."""

from dataclasses import replace
from typing import Any

from icestream.model.forecast import forecast
from icestream.model.outlook import behind_words, filling_document, forecast_document
from icestream.store.filling import filling
from icestream.store.open import Store
from icestream.store.pace import pace
from icestream.store.workload import workload

__all__ = ["Minutes", "rates"]

_MINUTES = 60


class _Tally:
    """Events of the last hour by minute, and the first and last of all."""

    def __init__(self) -> None:
        self.minutes: dict[int, int] = {}
        self.first = float("inf")
        self.last = 0.0

    def add(self, time: float) -> None:
        self.first = min(self.first, time)
        self.last = max(self.last, time)
        minute = int(time // 60)
        self.minutes[minute] = self.minutes.get(minute, 0) + 1

    def shown(self, now: float) -> list[int]:
        last = int(now // 60)
        for minute in [each for each in self.minutes if each < last - _MINUTES]:
            del self.minutes[minute]
        first = max(int(self.first // 60) if self.last else last, last - _MINUTES + 1)
        return [self.minutes.get(minute, 0) for minute in range(first, last + 1)]


class Minutes:
    """Counts by minute what was found and what is settled: processed, rejected or failed."""

    def __init__(self) -> None:
        self._found = _Tally()
        self._settled = _Tally()

    def found(self, time: float) -> None:
        """A movie was taken in."""
        self._found.add(time)

    def settled(self, time: float) -> None:
        """An exposure needs nothing more."""
        self._settled.add(time)

    @property
    def last(self) -> float:
        """When something was last found or settled."""
        return max(self._found.last, self._settled.last)

    def shown(self, now: float) -> dict[str, list[int]]:
        """Those of the last hour."""
        return {"found": self._found.shown(now), "settled": self._settled.shown(now)}


def rates(
    store: Store,
    minutes: Minutes,
    now: float,
    *,
    finished: bool,
    many: str = "movies",
    adopted: bool = True,
) -> dict[str, Any]:
    """What the page draws; rates are None until there is evidence for them.

    Those of what is found and settled are over the same time: the last ten minutes, or since the
    first movie if that is less; the whole time when the session is finished. Of a branch that is
    not `adopted` nobody keeps how fast it is processed: that is None, and nothing is foreseen.
    """
    told = pace(store, now, finished=finished)
    if not adopted:
        told = replace(told, processed=None, delay=None)
    now = minutes.last if finished else now
    document: dict[str, Any] = {
        "found": told.found,
        "settled": told.processed,
        "latency": told.delay,
        "last": told.last,
        "awaited": told.awaited,
        "usual": told.interval,
        "now": now,
        "spark": minutes.shown(now),
        "forecast": None,
        "disk": None,
    }
    if not finished and adopted:
        said = forecast(workload(store, now))
        told_behind = behind_words(said, many)
        document["forecast"] = forecast_document(said, now) | {"waiting": told_behind}
    if not finished:
        disk = filling(store, now)
        document["disk"] = None if disk is None else filling_document(disk, now)
    return document
