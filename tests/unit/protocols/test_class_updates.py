"""What has become worse over the updates of the 2D classes."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.model import Classes, column
from icestream.protocols.class_updates import (
    class_resolution,
    classes_in_use,
    good_share,
    since_begun,
    worse_classes,
)

BATCH = 300


def update(
    number: int,
    resolution: float = 12.0,
    share: float = 0.8,
    used: float = 12.0,
    particles: int | None = None,
) -> Classes:
    """Classes of which the first four of five hold `share` of the particles, and are good."""
    total = BATCH * (number + 9) if particles is None else particles
    each = np.arange(40)
    spread = np.exp(-each / used)
    good = np.arange(40) % 5 < 4
    counts = np.where(
        good, share * spread / spread[good].sum(), (1 - share) * spread / spread[~good].sum()
    )
    return Classes(
        averages=Path("classes.mrcs"),
        box=64,
        pixel_size=4.0,
        counts=column(np.round(total * counts)),
        resolution=column(np.where(good, resolution, 30.0)),
        score=column(np.where(good, 0.8, 0.1)),
        assignments=Path("assignments.parquet"),
        particles=total,
        iteration=number,
        diameter=160.0,
        selected=column(good),
    )


def session(
    resolutions: Sequence[float] = (12.0,) * 9,
    shares: Sequence[float] = (0.8,) * 9,
    used: Sequence[float] = (12.0,) * 9,
) -> list[Classes]:
    every = zip(resolutions, shares, used, strict=True)
    return [update(place + 1, *values) for place, values in enumerate(every)]


def test_values_are_of_the_particles_not_of_the_classes() -> None:
    even = replace(
        update(1),
        counts=column(np.array([100.0, 300.0, 400.0])),
        resolution=column(np.array([8.0, 16.0, 30.0])),
        selected=column(np.array([1.0, 1.0, 0.0])),
    )
    known = class_resolution(even)
    assert known is not None
    assert math.log2(known) == pytest.approx(3.75)
    assert good_share(even) == pytest.approx(0.5)
    assert class_resolution(replace(even, resolution=column(np.zeros(3)))) is None
    assert good_share(replace(even, selected=None)) is None
    four = replace(even, counts=column(np.array([5.0, 5.0, 5.0, 5.0, 0.0])))
    assert classes_in_use(four) == pytest.approx(4.0)
    assert classes_in_use(replace(even, counts=column(np.zeros(1)))) is None


def test_classes_that_blur_are_told_with_the_update() -> None:
    alert = worse_classes(session([12.0] * 6 + [15.6] * 3))
    assert alert is not None
    assert (alert.key, alert.level) == ("classes.worse", "warning")
    assert alert.message.startswith(
        "resolution of the good 2D classes got worse from 12.0 to 15.6 Å at update 7 "
        "(4800 particles): the particles that came since blur the classes"
    )


def test_what_changed_together_says_the_cause() -> None:
    junk = worse_classes(session(shares=[0.8] * 6 + [0.5] * 3))
    assert junk is not None
    assert junk.message.startswith("particles in good 2D classes fell from 80 to 50 % at update 7")
    assert junk.cause == "more of what is picked is no particle"
    both = worse_classes(session([12.0] * 6 + [15.6] * 3, [0.8] * 6 + [0.5] * 3))
    assert both is not None
    assert both.cause is not None
    assert both.cause.startswith("the particles since are worse")
    assert "(with it: " in both.message
    few = worse_classes(session(used=[12.0] * 6 + [3.0] * 3))
    assert few is not None
    assert few.message.startswith("2D classes that hold the particles fell from 27.9 to 8.6")
    assert few.cause is not None
    assert few.cause.startswith("more and more particles go to few classes")


def test_resolution_that_more_classes_cost_is_told_so() -> None:
    every = session([12.0] * 6 + [15.6] * 3)
    for place in range(6):
        counts = np.asarray(every[place].counts) * (np.arange(40) < 20)
        every[place] = replace(every[place], counts=column(counts))
    alert = worse_classes(every)
    assert alert is not None
    assert alert.cause == "the particles are spread over more classes than before"


def test_nothing_is_said_of_fewer_than_five_updates_nor_of_one_bad() -> None:
    worse = [12.0] * 3 + [18.0] * 2
    assert worse_classes(session(worse, [0.8] * 5, [12.0] * 5)) is not None
    assert worse_classes(session(worse[:4], [0.8] * 4, [12.0] * 4)) is None
    once = [12.0] * 5 + [18.0] + [12.0] * 3
    assert all(worse_classes(session(once)[:end]) is None for end in range(10))
    assert worse_classes([]) is None


def test_it_holds_until_most_has_come_back() -> None:
    some = session([12.0] * 5 + [18.0] * 3 + [16.0] * 2, [0.8] * 10, [12.0] * 10)
    assert worse_classes(some) is not None
    back = session([12.0] * 5 + [18.0] * 3 + [12.5] * 2, [0.8] * 10, [12.0] * 10)
    assert worse_classes(back[:9]) is not None
    assert worse_classes(back) is None


def test_classes_that_are_begun_anew_begin_anew_here() -> None:
    """A taught picker, another diameter: what was before says nothing of what is usual now."""
    before = [update(number, 12.0) for number in range(1, 7)]
    again = [update(number, 18.0) for number in range(1, 5)]
    assert since_begun([*before, *again]) == again
    assert worse_classes([*before, *again]) is None
    wider = [replace(update(number, 18.0), diameter=200.0) for number in range(7, 11)]
    assert since_begun([*before, *wider]) == wider
    fewer = [update(number, 18.0, particles=900 + 300 * number) for number in range(7, 11)]
    assert since_begun([*before, *fewer]) == fewer
    assert since_begun(before) == before
    on = [update(number, 18.0) for number in range(7, 11)]
    assert worse_classes([*before, *on]) is not None


def test_classes_that_still_form_are_not_looked_at() -> None:
    young = [update(n, 8.0, particles=100 * n) for n in range(1, 7)]
    formed = [update(n, 14.0, particles=1000 + 300 * n) for n in range(7, 11)]
    assert worse_classes([*young, *formed]) is None


def noisy(seed: int, count: int, trend: float = 0.0, junk: float = 0.0) -> list[Classes]:
    """Updates that scatter: resolution by 5 %, the share by 0.04, the classes in use by 8 %.

    From the seventh on so much of what comes is no particle; the share is of all that came so far.
    """
    random = np.random.default_rng(seed)
    made, good = [], 0.8 * 9 * BATCH
    for place in range(count):
        good += 0.8 * BATCH * (1.0 - junk if place >= 6 else 1.0)
        share = float(np.clip(good / (BATCH * (place + 10)) + 0.04 * random.normal(), 0.05, 0.98))
        better = trend * math.exp(-place / 2.5)
        resolution = 12.0 * math.exp(better + 0.05 * random.normal())
        used = 12.0 * math.exp(-better + 0.08 * random.normal())
        made.append(update(place + 1, resolution, share, used))
    return made


@pytest.mark.parametrize("trend", [0.0, 0.5])
def test_clean_classes_raise_next_to_nothing(trend: float) -> None:
    """Of two hundred sessions of twelve updates, looked at after each."""
    told = sum(
        any(worse_classes(made[:end]) is not None for end in range(5, 13))
        for made in (noisy(seed, 12, trend) for seed in range(200))
    )
    assert told <= 2


@pytest.mark.parametrize(
    ("factor", "drop", "least"), [(1.35, 0.0, 180), (1.0, 0.3, 180), (1.0, 0.2, 170)]
)
def test_planted_changes_are_found_where_they_were(factor: float, drop: float, least: int) -> None:
    """Three updates since the sixth, within one of it."""
    found = 0
    for seed in range(200):
        random = np.random.default_rng(1000 + seed)
        made = []
        for place in range(9):
            resolution = 12.0 * math.exp(0.05 * random.normal()) * (factor if place >= 6 else 1.0)
            share = min(0.8 + 0.04 * random.normal(), 0.98) - (drop if place >= 6 else 0.0)
            made.append(update(place + 1, resolution, share))
        alert = worse_classes(made)
        found += alert is not None and any(f"at update {n} " in alert.message for n in (6, 7, 8))
    assert found >= least


@pytest.mark.parametrize(("count", "least"), [(12, 110), (18, 180)])
def test_junk_that_all_particles_so_far_dilute_is_found_late(count: int, least: int) -> None:
    """From the seventh update on nothing that comes is a particle; the share falls slowly."""
    found = sum(
        worse_classes(noisy(1000 + seed, count, junk=1.0)) is not None for seed in range(200)
    )
    assert found >= least
