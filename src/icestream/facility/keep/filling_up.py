"""When the disk of the sessions will be full, and how sure that is.

Arrivals are drawn from what has been: bytes per day of each microscope, in whole weeks so that
weekends and runs of busy days stay together. Where bookings are known ahead, a day has the hours
that are booked, and bytes per hour of one of the microscope's past sessions. What the rules remove
leaves on its day: known amounts of what is here, and the same shares of what is drawn. Many such
futures are drawn; the middle one is the forecast, and the range in which eight of ten end is its
uncertainty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["HORIZON", "Disk", "DiskForecast", "History", "when_full"]

_FUTURES = 400
_WEEK = 7
HORIZON = 730
"""Days that are looked ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What has come from one microscope, and what is booked."""

    daily: Sequence[float]
    """Bytes that came on each of the past days, the oldest first; days without any are 0."""
    hourly: Sequence[float] = ()
    """Bytes per hour of past sessions."""
    booked: Sequence[float] = ()
    """Hours booked on each of the coming days, as far as bookings go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskForecast:
    """When the disk is full: days from now."""

    days: float | None
    """Half of the futures are full by then; None: not within two years."""
    early: float | None
    """One of ten is full by then."""
    late: float | None
    """Nine of ten are."""
    daily: float
    """Bytes that came per day, on average of the past that was looked at."""
    leaving: float
    """Bytes that the rules will remove, of what is here."""
    past: int
    """Days of the past that it rests on."""
    note: str = ""
    """Why there is none, or what makes it doubtful."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """What the forecast begins with."""

    free: float
    leaves: Mapping[int, float] = field(default_factory=dict)
    """Bytes of what is here that rules remove, by the day from now on which they are gone."""
    shares: Sequence[tuple[float, float]] = ()
    """(share of what arrives, days after which it is gone); the rest stays."""


def when_full(
    histories: Sequence[History], disk: Disk, *, futures: int = _FUTURES, seed: int = 0
) -> DiskForecast:
    """When the disk is full.

    Parameters
    ----------
    histories
        One for each microscope.
    disk
        What is free, and what will be.
    futures
        How many are drawn.
    seed
        Of the draws: the same facts give the same forecast.
    """
    past = min((len(one.daily) for one in histories), default=0)
    daily = sum(float(np.mean(one.daily)) for one in histories if len(one.daily))
    nothing = DiskForecast(
        days=None, early=None, late=None,
        daily=daily, leaving=sum(disk.leaves.values()), past=past,
    )  # fmt: skip
    if past < _WEEK:
        note = f"{past} days of history are too few: a week is needed"
        return replace(nothing, note=note)
    draw = np.random.default_rng(seed)
    arriving = sum(
        (_arrivals(one, futures, draw) for one in histories), np.zeros((futures, HORIZON))
    )
    net = arriving - _leaving(arriving, disk)
    full = np.cumsum(net, axis=1) >= disk.free
    first = np.where(full.any(axis=1), full.argmax(axis=1) + 1.0, np.inf)
    early, middle, late = (float(np.quantile(first, q, method="nearest")) for q in (0.1, 0.5, 0.9))
    note = "" if past >= 4 * _WEEK else f"it rests on {past} days alone"
    return replace(
        nothing, days=_finite(middle), early=_finite(early), late=_finite(late), note=note
    )


def _finite(days: float) -> float | None:
    return days if np.isfinite(days) else None


def _arrivals(one: History, futures: int, draw: np.random.Generator) -> NDArray[np.float64]:
    """Bytes per day of many futures, of shape (futures, days)."""
    past = np.asarray(one.daily, dtype=float)
    weeks = -(-HORIZON // _WEEK)
    # How much a facility makes in a season is known no better than from the weeks that were: each
    # future has the weeks of one draw of the past, and not all of the past anew.
    starts = _starts(len(past), draw, futures, weeks)
    days = (starts[:, :, None] + np.arange(_WEEK)) % len(past)
    drawn: NDArray[np.float64] = past[days].reshape(futures, -1)[:, :HORIZON]
    if len(one.booked) and len(one.hourly):
        ahead = min(len(one.booked), HORIZON)
        rates = draw.choice(np.asarray(one.hourly, dtype=float), size=(futures, ahead))
        drawn[:, :ahead] = rates * np.asarray(one.booked, dtype=float)[:ahead]
    return drawn


def _starts(past: int, draw: np.random.Generator, futures: int, weeks: int) -> NDArray[np.int64]:
    """First days of the weeks that are drawn: on the weekday on which they stand in the past."""
    whole = past // _WEEK
    offset = past % _WEEK  # tomorrow has the weekday of the day a week ago
    known = np.arange(whole) * _WEEK + offset
    own = draw.integers(0, whole, size=(futures, whole))  # the season of each future
    picked = draw.integers(0, whole, size=(futures, weeks))
    starts: NDArray[np.int64] = known[np.take_along_axis(own, picked, axis=1)]
    return starts


def _leaving(arriving: NDArray[np.float64], disk: Disk) -> NDArray[np.float64]:
    """Bytes that are removed on each day, of the same shape."""
    leaving = np.zeros_like(arriving)
    for day, size in disk.leaves.items():
        if day < HORIZON:
            leaving[:, max(day, 0)] += size
    for share, after in disk.shares:
        days = round(after)
        if days < HORIZON:
            leaving[:, days:] += share * arriving[:, : HORIZON - days]
    return leaving
