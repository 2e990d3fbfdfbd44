"""Qualities over time and as histograms, kept so that an update costs what changed."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BINS",
    "MEANINGS",
    "PREFERRED",
    "Histogram",
    "Trend",
    "bins_of",
    "in_page_order",
    "is_count",
    "rounded",
    "run_width",
]

MOST_POINTS = 480
"""Points in a plot; beyond that neighbours are merged, two by two."""
_MOST_DIRTY = 4 * MOST_POINTS
"""Runs of exposures that are remembered to have changed; nobody may look for long."""
BINS = 28
"""Of a histogram."""
_FEW = 50
"""Up to so many values the range follows each one that lies beyond it."""
_FIRST = 3
"""So few values are all in range, in the middle of it."""
_LEAST = 1e-3
"""What lies closer together than this is equal: no quality is known so well."""
_SPREADS = 3.0
"""What lies farther out than so many times the spread of the others does not set the range."""

PREFERRED = (
    "ctf.resolution",
    "ctf.defocus",
    "ctf.astigmatism",
    "motion.total",
    "ctf.ice_ring",
    "micrograph.score",
    "picks.count",
    "motion.early",
    "motion.late",
    "ctf.score",
    "particles.count",
    "ctf.phase_shift",
)
"""Order on the page; qualities of other protocols follow by name."""


MEANINGS = {
    "ctf.resolution": "resolution to which the Thon rings follow the fitted CTF",
    "ctf.defocus": "mean of the two principal defoci; underfocus is positive",
    "ctf.astigmatism": "difference between the two principal defoci",
    "ctf.tilt": "of the specimen, from the defocus gradient; 0 where none can be told",
    "ctf.thickness": "from the node in the Thon rings, where one is seen",
    "ctf.score": "correlation between the Thon rings and the fit, at most 1",
    "ctf.ice_ring": "excess power at 3.7 Å: 0 for vitreous ice, 1 for twice the background",
    "ctf.agreement": "resolution at which the phases of the estimates come to differ by 90°",
    "motion.agreement": "between the tracks of alignments, root mean square over the frames",
    "picks.agreement": "share of the particles of either picker that both have found",
    "motion.total": "path length of the specimen over the whole movie",
    "motion.early": "path length over the first 4 e/Å²",
    "motion.fastest": "from one frame to the next",
    "motion.late": "path length after the first 4 e/Å²",
    "micrograph.score": "0 to 1; usable above 0.5",
    "micrograph.texture": "power at 45 to 120 Å relative to the noise; 1 means nothing is seen",
    "micrograph.objects": "area far darker or brighter than the rest",
    "picks.count": "per micrograph",
    "particles.count": "per micrograph",
}
"""What the number says, in a line."""


def is_count(name: str) -> bool:
    """Whether the quality is a number of things."""
    return name.endswith(".count")


def rounded(value: float, digits: int = 4) -> float | None:
    """Few digits for a small file; not a number becomes None."""
    if not np.isfinite(value):
        return None
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


class Histogram:
    """Counts of a quality in equal bins, apart for kept and rejected exposures.

    The range covers the values at the last rebuild, but those that lie far from all others; what
    lies beyond is counted in the outermost bins and in `beyond`. A rebuild follows each doubling
    of the values, so its cost per value stays the same however long the session is. Whole
    numbers get bins of whole width, so that no bin holds more numbers than its neighbour.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole
        self.values = array("d")
        self._rejected = bytearray()
        self._counts: NDArray[np.int64] = np.zeros((2, BINS), dtype=np.int64)
        self.beyond = [0, 0]
        """Values below the range and above it."""
        self._low = 0.0
        self._step = 0.0
        self._next_rebuild = 1
        self.filled = 0
        """Exposures that have a value."""
        self.kept_sum = 0.0
        """Sum over the exposures that are not rejected."""

    def put(self, order: int, value: float, *, rejected: bool) -> None:
        """Set the value of one exposure; NaN takes it out."""
        while len(self.values) <= order:
            self.values.append(np.nan)
            self._rejected.append(0)
        self._count(order, -1)
        self.filled += int(np.isfinite(value)) - int(np.isfinite(self.values[order]))
        self.values[order] = value
        self._rejected[order] = rejected
        self._count(order, +1)
        if self.filled >= self._next_rebuild or (self.filled <= _FEW and self._beyond(value)):
            self._rebuild()

    def put_many(
        self, orders: NDArray[np.int64], values: NDArray[np.float64], rejected: NDArray[np.bool_]
    ) -> None:
        """Set the values of many exposures at once, as `put` would one by one in their order."""
        first = 0
        while first < len(orders) and self.filled <= _FEW:
            order, value = int(orders[first]), float(values[first])
            self.put(order, value, rejected=bool(rejected[first]))
            first += 1
        orders, values, rejected = orders[first:], values[first:], rejected[first:]
        if not len(orders):
            return
        missing = int(orders.max()) + 1 - len(self.values)
        self.values.extend(np.full(max(0, missing), np.nan))
        self._rejected.extend(bytes(max(0, missing)))
        new = np.zeros(len(orders), dtype=np.int64)
        new[np.unique(orders, return_index=True)[1]] = 1
        new[~np.isnan(np.frombuffer(self.values)[orders]) | ~np.isfinite(values)] = 0
        filled, cut = self.filled + np.cumsum(new), 0
        if filled[-1] >= self._next_rebuild:
            while 2 * self._next_rebuild <= filled[-1]:
                self._next_rebuild *= 2
            cut = int(np.searchsorted(filled, self._next_rebuild)) + 1
            self._set(orders[:cut], values[:cut], rejected[:cut])
            self._rebuild()
        self._set(orders[cut:], values[cut:], rejected[cut:])
        self._recount()

    def _set(
        self, orders: NDArray[np.int64], values: NDArray[np.float64], rejected: NDArray[np.bool_]
    ) -> None:
        whole = np.frombuffer(self.values)
        whole[orders] = values
        marks = np.frombuffer(self._rejected, dtype=np.uint8)
        marks[orders] = rejected
        known = np.isfinite(whole)
        self.filled = int(known.sum())
        self.kept_sum = float(whole[known & (marks == 0)].sum())

    def _beyond(self, value: float) -> bool:
        low, high = self.range
        return not low <= value <= high and bool(np.isfinite(value))

    def _count(self, order: int, change: int) -> None:
        value = self.values[order]
        if np.isfinite(value) and not self._rejected[order]:
            self.kept_sum += change * value
        if self._step > 0 and np.isfinite(value):
            low, high = self.range
            bin_ = min(BINS - 1, max(0, int((value - low) / self._step)))
            self._counts[self._rejected[order], bin_] += change
            self.beyond[0] += change * (value < low)
            self.beyond[1] += change * (value > high)

    def _rebuild(self) -> None:
        self._next_rebuild = max(8, self._next_rebuild * 2) if self.filled > 8 else self.filled + 1
        values = np.asarray(self.values)
        known = np.isfinite(values)
        chosen = values[known]
        if len(chosen) == 0:
            return
        self._low, self._step = bins_of(chosen, whole=self._whole)
        self._recount()

    def _recount(self) -> None:
        """Count all values in the bins that there are."""
        values = np.asarray(self.values)
        known = np.isfinite(values)
        chosen = values[known]
        bins = np.clip(((chosen - self._low) / self._step).astype(np.int64), 0, BINS - 1)
        first, last = self.range
        self.beyond = [int((chosen < first).sum()), int((chosen > last).sum())]
        group = np.frombuffer(self._rejected, dtype=np.uint8)[known]
        for kind in (0, 1):
            self._counts[kind] = np.bincount(bins[group == kind], minlength=BINS)

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest edge of the bins."""
        return self._low, self._low + BINS * self._step

    @property
    def varies(self) -> bool:
        """Whether the values fall into more than one bin."""
        return int((self._counts.sum(axis=0) > 0).sum()) > 1

    def median(self) -> float:
        """Median of all values, from the counts: exact to a part of a bin."""
        counts = self._counts.sum(axis=0)
        total = int(counts.sum())
        if total == 0:
            return float("nan")
        if self.filled <= 2000:
            return float(np.nanmedian(np.asarray(self.values)))
        passed = np.cumsum(counts)
        bin_ = int(np.searchsorted(passed, total / 2))
        before = int(passed[bin_] - counts[bin_])
        inside = (total / 2 - before) / max(1, int(counts[bin_]))
        return float(self._low + self._step * (bin_ + inside))

    def shown(self, scale: float) -> dict[str, Any]:
        """What the page draws, in the unit of the page."""
        return {
            "low": rounded(self._low * scale, 6),
            "step": rounded(self._step * scale, 6),
            "kept": self._counts[0].tolist(),
            "rejected": self._counts[1].tolist(),
        }


def bins_of(values: NDArray[np.float64], *, whole: bool = False) -> tuple[float, float]:
    """First edge and width of `BINS` bins for a quality: where most of its values lie.

    Parameters
    ----------
    values
        One at least, all finite.
    whole
        Whether they are numbers of things.
    """
    low, high = _ends(values)
    # One or two values say nothing of how far others will lie from them.
    least = 0.02 if len(values) > _FIRST else 0.4
    spread = max(high - low, least * abs(high), _LEAST)
    room = 0.08 * spread + 0.5 * (spread - (high - low))
    reach = max(0.0, float(low - room)) if values.min() >= 0.0 else low - room
    return _round_bins(float(reach), float(high + room), whole)


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    """Ends of the values but for the few that lie far from all others.

    One of the lowest and highest may do so, of many values one in twenty, one in a hundred at
    most: they are left out, and what then lies within three times the spread of the rest, or
    within half of the median, comes in again.
    """
    count = len(values)
    if count <= _FIRST:
        return float(values.min()), float(values.max())
    ordered = np.sort(values)
    cut = max(1, min(count // 20, 10), count // 100)
    low, high = ordered[cut], ordered[-1 - cut]
    reach = max(_SPREADS * (high - low), 0.5 * abs(float(ordered[count // 2])))
    inside = ordered[(ordered >= low - reach) & (ordered <= high + reach)]
    return float(inside[0]), float(inside[-1])


def _round_bins(low: float, high: float, whole: bool) -> tuple[float, float]:
    """Bins with edges at round numbers that cover `low` to `high`: the first edge, and the width.

    Whole numbers lie in the middle of their bins.
    """
    raw = (high - low) / BINS
    if whole:
        step = float(max(1, np.ceil(raw)))
        spare = BINS * step - (high - low)
        return max(0.0, float(np.floor(low - spare / 2))) - 0.5, step
    power = 10.0 ** np.floor(np.log10(raw))
    for factor in (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0):
        step = float(factor * power)
        start = float(np.floor(low / step) * step)
        if start + BINS * step >= high:
            return start, step
    raise AssertionError("a step of 15 powers always covers the range")


class Trend:
    """Low, median and high of a quality for runs of exposures in order, at most 480 of them."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self._dirty: set[int] = set()
        self._all = False
        """Whether more have changed than are remembered one by one."""
        self._width = 1
        self._points: list[tuple[float | None, float | None, float | None]] = []

    def touch(self, order: int) -> None:
        """Remember that the value of an exposure has changed."""
        if not self._all:
            self._dirty.add(order // self._width)
            if len(self._dirty) > _MOST_DIRTY:
                self.touch_all()

    def touch_all(self) -> None:
        """Remember that all values may have changed."""
        self._all = True
        self._dirty.clear()

    def points(
        self, width: int, total: int, scale: float
    ) -> Sequence[tuple[float | None, float | None, float | None]]:
        """(low, median, high) for each run of `width` exposures among `total`."""
        if width != self._width or self._all:
            self._width, self._all = width, False
            self._points = []
            self._dirty = set(range(-(-total // width)))
        wanted = -(-total // width)
        self._points.extend([(None, None, None)] * (wanted - len(self._points)))
        for run in self._dirty:
            self._points[run] = self._run(run, scale)
        self._dirty.clear()
        return self._points

    def _run(self, start: int, scale: float) -> tuple[float | None, float | None, float | None]:
        part = self._histogram.values[start * self._width : (start + 1) * self._width]
        known = [value for value in part if np.isfinite(value)]
        if not known:
            return (None, None, None)
        if len(known) == 1:
            alone = rounded(known[0] * scale)
            return (alone, alone, alone)
        middle = float(np.median(known))
        return (
            rounded(min(known) * scale),
            rounded(middle * scale),
            rounded(max(known) * scale),
        )


def run_width(total: int) -> int:
    """How many exposures one point stands for: 1, 2, 4, 8 ..."""
    width = 1
    while total > width * MOST_POINTS:
        width *= 2
    return width


def in_page_order(names: Iterable[str]) -> list[str]:
    """Qualities in the order of the page."""
    order = {name: index for index, name in enumerate(PREFERRED)}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))
