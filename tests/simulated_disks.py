"""Nights of a disk that fills, with rates that change, and when it is really full.

Movies come in runs with pauses between them, and what is made of them is written by and by. Now and
then the rate is another, acquisition stands still for a while, or a large copy comes or is deleted.
"""

import random
from dataclasses import dataclass

from icestream.model.filling import Filling, FreeSpace, filling_of

HOUR = 3600.0
STEP = 60.0
"""Seconds between two readings."""
LAST = 72.0 * HOUR
"""Seconds that are simulated, unless the disk is full before."""


@dataclass(frozen=True)
class Look:
    """One forecast, and what came true."""

    time: float
    said: Filling
    full: float | None
    """When the disk was really full; None: not within the time that was simulated."""


def free_space(seed: int, *, moved: bool = False, rough: bool = False) -> list[float]:
    """Bytes free, minute by minute, until the disk is full.

    Parameters
    ----------
    moved
        Whether what is finished is moved away once in an hour or so.
    rough
        Whether the rate changes by up to a half instead of a quarter.
    """
    chance = random.Random(seed)
    spread = (0.5, 1.5) if rough else (0.75, 1.25)
    usual = chance.uniform(0.05e9, 0.4e9)  # bytes a second within a run
    free = usual * chance.uniform(3.0, 30.0) * HOUR
    late = chance.uniform(0.3, 1.5)  # what processing writes for a byte of movies
    rate, behind, time = usual, 0.0, 0.0
    change = chance.uniform(1.5, 4.0) * HOUR
    turn, running = chance.uniform(25.0, 70.0) * 60.0, True
    away = chance.uniform(0.7, 1.3) * HOUR
    part, written = chance.uniform(0.3, 0.8), 0.0
    extra = chance.uniform(2.0, 20.0) * HOUR
    readings = [free]
    while free > 0.0 and time < LAST:
        time += STEP
        if time >= change:
            rate = usual * chance.uniform(*spread)
            change = time + chance.uniform(1.5, 4.0) * HOUR
        if time >= turn:
            running = not running
            longer = chance.random() < 0.1
            rests = chance.uniform(15.0, 35.0) if longer else chance.uniform(4.0, 12.0)
            turn = time + 60.0 * (chance.uniform(25.0, 70.0) if running else rests)
        came = rate * STEP * chance.uniform(0.85, 1.15) if running else 0.0
        behind += late * came
        made = min(behind, late * usual * STEP * 0.95)
        behind -= made
        free -= came + made
        written += came + made
        if moved and time >= away:
            free += part * written
            written, away = 0.0, time + chance.uniform(0.7, 1.3) * HOUR
        if time >= extra:  # somebody copies, or deletes, once
            free -= chance.choice((-1.0, 1.0)) * usual * HOUR * chance.uniform(0.1, 0.6)
            extra = float("inf")
        readings.append(free)
    return readings


def looks(seed: int, *, moved: bool = False, rough: bool = False) -> list[Look]:
    """Forecasts every half hour of one night, with when the disk was really full."""
    readings = free_space(seed, moved=moved, rough=rough)
    full = STEP * (len(readings) - 1) if readings[-1] <= 0.0 else None
    space, made = FreeSpace(), []
    for minute, free in enumerate(readings[:-1]):
        space.add(STEP * minute, free)
        if minute and minute % 30 == 0:
            made.append(Look(STEP * minute, filling_of(space.readings), full))
    return made
