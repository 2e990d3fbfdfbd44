"""When the disk is full: on simulated facilities of which it is known."""

import numpy as np
import pytest

from icestream.facility.keep.filling_up import Disk, History, when_full

TB = 1e12


def days_of(draw: np.random.Generator, days: int, rate: float) -> np.ndarray:
    """Bytes per day of a microscope: busy on weekdays, some weeks idle, sessions of all sizes."""
    weekday = np.arange(days) % 7 < 5
    idle = np.repeat(draw.random(days // 7 + 1) < 0.15, 7)[:days]
    size = rate * draw.lognormal(-0.18, 0.6, days)  # its mean is the rate
    return np.where(weekday & ~idle, size, 0.0)


def test_a_steady_facility_fills_when_it_must() -> None:
    found = when_full([History(daily=[TB] * 70)], Disk(free=100 * TB))
    assert (found.days, found.early, found.late) == (100.0, 100.0, 100.0)
    assert (found.daily, found.past, found.note) == (TB, 70, "")


def test_what_is_removed_puts_it_off() -> None:
    kept = when_full([History(daily=[TB] * 70)], Disk(free=100 * TB, leaves={50: 20 * TB}))
    assert kept.days == 120.0
    shares = when_full([History(daily=[TB] * 70)], Disk(free=100 * TB, shares=[(0.5, 20.0)]))
    assert shares.days == pytest.approx(180.0, abs=1.0)
    never = when_full([History(daily=[TB] * 70)], Disk(free=100 * TB, shares=[(1.0, 20.0)]))
    assert never.days is None


def test_booked_days_come_before_the_past() -> None:
    history = History(daily=[TB] * 70, hourly=[0.1 * TB], booked=[0.0] * 30)
    assert when_full([history], Disk(free=10 * TB)).days == 40.0
    busy = History(daily=[0.0] * 70, hourly=[0.1 * TB], booked=[24.0] * 10)
    assert when_full([busy], Disk(free=12 * TB)).days == 5.0


def test_too_little_history_is_no_forecast() -> None:
    found = when_full([History(daily=[TB] * 3)], Disk(free=TB))
    assert found.days is None
    assert found.note == "3 days of history are too few: a week is needed"
    assert when_full([History(daily=[TB] * 14)], Disk(free=20 * TB)).note.startswith("it rests on")


def test_eight_of_ten_facilities_fill_within_the_range() -> None:
    """Two microscopes, half a year of history, and what came after it."""
    inside, errors = 0, []
    trials = 60
    for seed in range(trials):
        draw = np.random.default_rng(seed)
        series = [days_of(draw, 182 + 364, rate) for rate in (2 * TB, 0.7 * TB)]
        after = np.cumsum(sum(one[182:] for one in series))
        free = float(draw.uniform(40, 200)) * TB
        truth = int(np.argmax(after >= free)) + 1
        found = when_full(
            [History(daily=one[:182]) for one in series], Disk(free=free), futures=200
        )
        assert found.days is not None
        assert found.early is not None
        assert found.late is not None
        inside += found.early <= truth <= found.late
        errors.append(abs(found.days - truth) / truth)
    print(f"\n{inside} of {trials} inside, median error {np.median(errors):.1%}, "
          f"90 % {np.quantile(errors, 0.9):.1%}")  # fmt: skip
    assert inside >= 0.7 * trials
    assert np.median(errors) < 0.12
