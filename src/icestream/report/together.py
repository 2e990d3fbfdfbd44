"""Exposures by what they have in common, a grid square or an exposure group: counts and medians."""

from array import array
from typing import Any

import numpy as np

from icestream.model import quality_of
from icestream.report.table import STATES, ExposureTable
from icestream.report.trends import rounded

__all__ = ["Together", "group_key", "shifts_of"]

_MOST = 1000
"""Exposures from which the median of a gathering is taken, evenly spread."""
_MOST_SHIFTS = 900
"""Exposures whose beam shifts are drawn, evenly spread."""


class Together:
    """Keeps exposures by a key; an update costs what has changed.

    Parameters
    ----------
    table
        The exposures.
    """

    def __init__(self, table: ExposureTable) -> None:
        self._table = table
        self._orders: dict[str, array[int]] = {}
        self._counts: dict[str, dict[str, int]] = {}
        self._known: dict[int, tuple[str, str]] = {}
        """Key and state of each exposure, as they are counted."""
        self._stale: set[str] = set()
        self._summaries: dict[str, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def put(self, order: int, key: str) -> None:
        """Take in an exposure, or what has changed of it; one without a key is in no gathering."""
        state = chr(self._table.state[order])
        before = self._known.get(order)
        if before is not None:
            self._counts[before[0]][before[1]] -= 1
            self._stale.add(before[0])
        if not key:
            if before is not None:
                self._leave(order, before[0])
            return
        if before is None or before[0] != key:
            if before is not None:
                self._leave(order, before[0])
            self._orders.setdefault(key, array("q")).append(order)
            self._counts.setdefault(key, dict.fromkeys(STATES, 0))
        self._known[order] = (key, state)
        self._counts[key][state] += 1
        self._stale.add(key)

    def _leave(self, order: int, key: str) -> None:
        self._orders[key].remove(order)
        del self._known[order]
        if not self._orders[key]:
            for of_key in (self._orders, self._counts, self._summaries):
                of_key.pop(key, None)
            self._stale.discard(key)

    def document(self) -> list[dict[str, Any]]:
        """All gatherings in the order in which they were first seen."""
        for key in self._stale:
            self._summaries[key] = self._summary(key)
        self._stale.clear()
        return [self._summaries[key] for key in self._orders]

    def _summary(self, key: str) -> dict[str, Any]:
        orders, counts = self._orders[key], self._counts[key]
        some = np.asarray(orders[:: max(1, -(-len(orders) // _MOST))])
        medians = {}
        for name, histogram in self._table.qualities.items():
            values = np.asarray(histogram.values)[some[some < len(histogram.values)]]
            values = values[np.isfinite(values)]
            if len(values):
                medians[name] = rounded(float(np.median(values)) * quality_of(name).scale)
        return {
            "name": key,
            "count": len(orders),
            "accepted": counts["a"],
            "rejected": counts["r"],
            "failed": counts["f"],
            "first": self._table.numbers[orders[0]] - 1,
            "medians": medians,
        }


def group_key(table: ExposureTable, order: int) -> str:
    """By what an exposure is put together with those of its exposure group; empty without one."""
    group = table.where.group[order]
    return str(group) if group else ""


def shifts_of(table: ExposureTable) -> dict[str, Any]:
    """Beam shifts of some exposures, in the microscope's own unit, with their groups."""
    total = len(table)
    some = range(0, total, max(1, -(-total // _MOST_SHIFTS)))
    known = [(n, table.where[n]) for n in some if np.isfinite(table.where[n].shift_x)]
    return {
        "order": [table.numbers[order] - 1 for order, _ in known],
        "group": [where.group for _, where in known],
        "x": [where.shift_x for _, where in known],
        "y": [where.shift_y for _, where in known],
    }
