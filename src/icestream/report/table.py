"""All exposures of a session in columns, cut into chunks that the page loads on demand."""

from array import array
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.model import quality_of
from icestream.report.control import control_of
from icestream.report.limits import Drawn, Limits
from icestream.report.trends import Histogram, Trend, in_page_order, is_count, rounded, run_width
from icestream.report.where import NOWHERE, PlaceColumns, Where

__all__ = ["BEFORE", "CHUNK", "STATES", "ExposureTable", "Rank", "plotted_qualities"]

CHUNK = 250
"""Exposures in one file."""

Rank = tuple[int, int]
BEFORE: Rank = (-1, 0)
"""Rank of what was measured before a change: whatever is measured after it is shown instead."""

STATES = "parf"
"""In progress, accepted, rejected, failed."""


class ExposureTable:
    """Names, times, states, reasons and qualities of exposures, by order of arrival from 0."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.numbers = array("q")
        """As people have them: from 1, in order of arrival in the session."""
        self.order: dict[str, int] = {}
        self.found = array("d")
        self.time = array("d")
        self.state = bytearray()
        self.reasons: list[str] = []
        self.places: list[str] = []
        self.where = PlaceColumns()
        self.qualities: dict[str, Histogram] = {}
        self.trends: dict[str, Trend] = {}
        self.counts = dict.fromkeys(STATES, 0)
        self.chunk_counts: list[list[int]] = []
        self._texts: dict[str, str] = {}
        self._changed: set[int] = set()
        self._news: set[int] = set()
        self._ranks: dict[str, array[int]] = {}
        """Of the value of each exposure, by quality: its place in `_known_ranks`."""
        self._known_ranks: list[Rank] = [BEFORE]

    def __len__(self) -> int:
        return len(self.names)

    def add(
        self,
        name: str,
        *,
        number: int | None = None,
        found: float,
        time: float,
        place: str,
        where: Where = NOWHERE,
    ) -> int:
        """Append an exposure that is in progress; its order, which its number follows if None."""
        order = len(self.names)
        self.names.append(name)
        self.numbers.append(order + 1 if number is None else number)
        self.order[name] = order
        self.found.append(found)
        self.time.append(time)
        self.state.append(ord("p"))
        self.reasons.append("")
        self.places.append(self._shared(place))
        square, hole = self._shared(where.square), self._shared(where.hole)
        self.where.append(where._replace(square=square, hole=hole))
        self.counts["p"] += 1
        if order % CHUNK == 0:
            self.chunk_counts.append([0, 0, 0, 0])
        self.chunk_counts[-1][0] += 1
        self._note(order)
        return order

    def place_of(self, name: str) -> int | None:
        """Order of an exposure in the session, of which a branch may have a part; None: unknown."""
        order = self.order.get(name)
        return None if order is None else self.numbers[order] - 1

    def judge(self, order: int, state: str, reasons: Sequence[str]) -> bool:
        """Set the state of an exposure; whether that changed anything."""
        before = chr(self.state[order])
        text = "; ".join(reasons)
        if before == state and self.reasons[order] == text:
            return False
        counts = self.chunk_counts[order // CHUNK]
        counts[STATES.index(before)] -= 1
        counts[STATES.index(state)] += 1
        self.counts[before] -= 1
        self.counts[state] += 1
        self.state[order] = ord(state)
        self.reasons[order] = self._shared(text)
        self._note(order)
        if "r" in (before, state):
            for name, histogram in self.qualities.items():
                if order < len(histogram.values) and np.isfinite(histogram.values[order]):
                    self._put(name, order, histogram.values[order])
        return True

    def measure(self, order: int, name: str, value: float, rank: Rank) -> None:
        """Set a quality; where several steps measure it, that of the highest rank is shown."""
        ranks = self._ranks_of(name, order)
        if rank < self._known_ranks[ranks[order]]:
            return
        ranks[order] = self._place_of(rank)
        self._put(name, order, value)
        self._note(order)

    def measure_many(
        self,
        name: str,
        orders: NDArray[np.int64],
        values: NDArray[np.float64],
        rank: Rank,
    ) -> None:
        """Set a quality of many exposures at once; those of a higher rank are put after others."""
        ranks = self._ranks_of(name, int(orders.max()))
        np.frombuffer(ranks, dtype=np.uint16)[orders] = self._place_of(rank)
        self._begin(name)
        states = np.frombuffer(self.state, dtype=np.uint8)[orders]
        self.qualities[name].put_many(orders, values, states == ord("r"))
        self.trends[name].touch_all()
        self._news.update(orders.tolist())
        self._changed.update(np.unique(orders // CHUNK).tolist())

    def value(self, name: str, order: int) -> float:
        """A quality of an exposure; NaN when it has none."""
        histogram = self.qualities.get(name)
        if histogram is None or order >= len(histogram.values):
            return float("nan")
        return histogram.values[order]

    def _put(self, name: str, order: int, value: float) -> None:
        self._begin(name)
        self.qualities[name].put(order, value, rejected=self.state[order] == ord("r"))
        self.trends[name].touch(order)

    def _begin(self, name: str) -> None:
        if name not in self.qualities:
            self.qualities[name] = Histogram(whole=is_count(name))
            self.trends[name] = Trend(self.qualities[name])

    def _ranks_of(self, name: str, order: int) -> "array[int]":
        """The ranks of a quality's values, as far as an exposure at least."""
        ranks = self._ranks.setdefault(name, array("H"))
        if order >= len(ranks):
            ranks.frombytes(bytes(ranks.itemsize * (order + 1 - len(ranks))))
        return ranks

    def _place_of(self, rank: Rank) -> int:
        if rank not in self._known_ranks:
            self._known_ranks.append(rank)
        return self._known_ranks.index(rank)

    def _shared(self, text: str) -> str:
        """The same string object for the same text: reasons and places repeat."""
        return self._texts.setdefault(text, text)

    def _note(self, order: int) -> None:
        self._changed.add(order // CHUNK)
        self._news.add(order)

    def take_news(self) -> list[int]:
        """Exposures of which something changed since the last call."""
        news = sorted(self._news)
        self._news.clear()
        return news

    def take_changed(self) -> list[int]:
        """Numbers, from 0, of the chunks that changed since the last call."""
        changed = sorted(self._changed)
        self._changed.clear()
        return changed

    def chunk(self, index: int, version: int) -> dict[str, Any]:
        """What the page loads for chunk `number` (from 0): columns, in the units of the page."""
        first, last = index * CHUNK, min(len(self), (index + 1) * CHUNK)
        texts: dict[str, int] = {}

        def places_of(column: Sequence[str]) -> list[int]:
            return [texts.setdefault(text, len(texts)) for text in column[first:last]]

        reason, place = places_of(self.reasons), places_of(self.places)
        where = self.where[first:last]
        square = [texts.setdefault(each.square, len(texts)) for each in where]
        qualities = {}
        for name in sorted(self.qualities):
            scale = quality_of(name).scale
            column = [rounded(self.value(name, order) * scale) for order in range(first, last)]
            if any(value is not None for value in column):
                qualities[name] = column
        return {
            "number": index + 1,
            "version": version,
            "name": self.names[first:last],
            "time": [round(value, 1) for value in self.time[first:last]],
            "state": self.state[first:last].decode("ascii"),
            "reason": reason,
            "place": place,
            "texts": list(texts),
            "quality": qualities,
            "square": square,
            "group": [each.group for each in where],
            "stage": _points([(each.x, each.y) for each in where]),
            "shift": _points([(each.shift_x, each.shift_y) for each in where]),
        }

    def trend_document(
        self, names: Iterable[str], version: int, limits: Limits = MappingProxyType({})
    ) -> dict[str, Any]:
        """What the page draws as trends: at most 480 points, and a histogram for each quality."""
        total, plotted_names = len(self), list(names)
        width = run_width(total)
        starts = range(0, total, width)
        plotted = []
        for name in plotted_names:
            quality, histogram = quality_of(name), self.qualities[name]
            points = self.trends[name].points(width, total, quality.scale)
            first, last = (edge * quality.scale for edge in histogram.range)
            low, high = _with_limits(first, last, limits.get(name, ()))
            control = control_of(histogram.values)
            plotted.append(
                {
                    "name": name,
                    "title": quality.title,
                    "unit": quality.shown_unit,
                    "whole": is_count(name),
                    "median": rounded(histogram.median() * quality.scale),
                    "count": histogram.filled,
                    "range": {
                        "low": rounded(low, 6),
                        "high": rounded(high, 6),
                    },
                    "beyond": list(histogram.beyond),
                    "mid": [point[1] for point in points],
                    "low": [point[0] for point in points] if width > 1 else None,
                    "high": [point[2] for point in points] if width > 1 else None,
                    "histogram": histogram.shown(quality.scale),
                    "control": None if control is None else control.document(quality.scale),
                }
            )
        return {
            "version": version,
            "width": width,
            "first": [self.numbers[start] - 1 for start in starts],
            "time": [
                round(self._run_time(plotted_names, start, min(total, start + width)), 1)
                for start in starts
            ],
            "rejected": [self.state.count(b"r", start, start + width) for start in starts],
            "qualities": plotted,
        }

    def _run_time(self, names: Sequence[str], start: int, end: int) -> float:
        """When the run's first measured exposure was taken.

        One that was refused has no metadata: its time is that of its arrival, which in data
        taken long ago has nothing to do with the others.
        """
        for order in range(start, end):
            if any(np.isfinite(self.value(name, order)) for name in names):
                return self.time[order]
        return self.time[start]


def plotted_qualities(table: ExposureTable) -> list[str]:
    """Names of the qualities that have a trend, in the order of the page.

    An angle has no useful one, nor has what is the same for all.
    """
    return [name for name in in_page_order(table.qualities) if _is_plotted(table, name)]


def _is_plotted(table: ExposureTable, name: str) -> bool:
    if quality_of(name).unit == "°" and name.endswith("angle"):
        return False
    return table.qualities[name].varies or not name.endswith(("phase_shift", "tilt"))


def _points(points: Sequence[tuple[float, float]]) -> list[list[float | None]] | None:
    """Two columns; None where nothing is known of any."""
    columns = [[rounded(value, 6) for value in column] for column in zip(*points, strict=True)]
    return columns if any(value is not None for value in columns[0]) else None


def _with_limits(low: float, high: float, limits: Iterable[Drawn]) -> tuple[float, float]:
    """An axis that reaches as far as the limits which lie near it, and a little farther."""
    near = 0.6 * (high - low)
    ends = [
        end
        for limit in limits
        for end in (limit.low, limit.high)
        if end is not None and low - near <= end <= high + near
    ]
    room = 0.04 * (high - low)
    return (
        min([low, *(max(0.0, end - room) if low >= 0 else end - room for end in ends)]),
        max([high, *(end + room for end in ends)]),
    )
