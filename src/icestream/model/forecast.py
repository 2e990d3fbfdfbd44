"""When a session will have caught up with the microscope, and what would help where it will not.

The forecast follows what is left, in core seconds, while more comes and cores work on it. Movies
come in runs with pauses between them, from one grid square to the next; those that will come are
taken to be like those that came: many futures are drawn from the last runs and pauses, and the
forecast is their median. Every number is measured; where there is no evidence, it says so.
"""

import math
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from icestream.model.arrivals import Rhythm, rhythm_of
from icestream.model.workload import StepLoad, Workload

__all__ = ["Forecast", "Outlook", "Remedy", "forecast", "near_of"]

Outlook = Literal["unknown", "halted", "up to date", "catching up", "level", "falling behind"]

_HOUR = 3600.0
_FUTURES = 60
_HORIZON = 48 * _HOUR
"""What would take longer is called never."""
_DELAY = 300.0
"""Seconds of work that wait and are no backlog."""
_LEVEL = 0.02
"""A lead or a lack of less than this part is none."""
_NOISE = 0.04
"""Relative uncertainty of what the machine can do."""
_LONGER = 3.0
"""Times the longest pause, or run, that a longer one may last."""
_MARGIN = 1.05
"""Times what is needed to keep up, so that what waits is worked off, too."""
_DRIFT = 0.12
"""Relative change of the rate that nobody can know before."""
_WORTH = 0.05
"""Steps that cost less than this part of all are not worth leaving for later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Something that would help, by how much."""

    kind: Literal["later", "cores", "others"]
    steps: tuple[str, ...] = ()
    """That would be left for later."""
    cores: int = 0
    """How many more."""
    share: float = 0.0
    """Of the costs that the steps are."""
    able: float
    """Exposures in an hour that could be processed then."""
    enough: bool
    """Whether the session would keep up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How far a session is behind, and when it will have caught up."""

    outlook: Outlook = "unknown"
    behind: int = 0
    hours: float | None = None
    """Of acquisition that wait to be processed."""
    found: float | None = None
    """Exposures that come in an hour, pauses included."""
    able: float | None = None
    """Exposures in an hour that the session can process."""
    until: float | None = None
    """When it will have caught up, seconds since the epoch; None: unknown, or not in two days."""
    soonest: float | None = None
    latest: float | None = None
    """Between these it is in eight of ten futures; None: no end to it within two days."""
    alone: float | None = None
    """Seconds that it would take if nothing more came."""
    slow: float | None = None
    """Part by which it is too slow to keep up; None where it is not."""
    ends: float | None = None
    """When the acquisition is to end, as somebody said."""
    closed: bool = False
    """Whether nothing more comes, or is expected."""
    costs: tuple[StepLoad, ...] = ()
    """Steps whose costs are known, the dearest first."""
    remedies: tuple[Remedy, ...] = ()
    """What would help; empty where it keeps up."""

    @property
    def cost(self) -> float:
        """Core seconds of one exposure through all steps."""
        return sum(step.seconds or 0.0 for step in self.costs)


@dataclass(frozen=True, slots=True)
class _Machine:
    """What is left and how fast it goes, in exposures."""

    left: float
    able: float
    """Exposures in a second."""


def forecast(work: Workload) -> Forecast:
    """When the session will have caught up, from what it has to do, what comes, and what works."""
    going = work.open and (work.ends is None or work.now < work.ends)
    rhythm = rhythm_of(work.taken, work.now) if work.open else None
    late = rhythm is not None and rhythm.pausing and not going
    closed = not work.open or late or (rhythm is not None and rhythm.over)
    mean = 0.0 if closed else None if rhythm is None else rhythm.mean
    known = tuple(step for step in work.steps if step.seconds)
    costs = tuple(sorted(known, key=lambda step: -(step.seconds or 0.0)))
    cores = work.busy or work.cores
    unknown = any(not step.seconds and step.left and not step.later for step in work.steps)
    machine = None if unknown or not cores else _machine(costs, cores)
    hours = work.behind / mean / _HOUR if mean and work.behind else None
    said = Forecast(
        behind=work.behind,
        hours=hours,
        found=None if mean is None else mean * _HOUR,
        able=None if machine is None else machine.able * _HOUR,
        ends=work.ends,
        closed=closed,
        costs=costs,
    )
    if work.halted:
        return replace(said, outlook="halted")
    if machine is None or mean is None or not cores:
        return said
    near = near_of(machine.able, cores)
    short = mean > machine.able * (1.0 + _LEVEL)
    slow = 1.0 - machine.able / mean if short else None
    remedies = tuple(_remedies(work, costs, cores, mean)) if short else ()
    said = replace(said, slow=slow, remedies=remedies)
    if work.behind <= near:
        return replace(said, outlook="up to date")
    left = max(0.0, machine.left - near)
    said = replace(said, alone=left / machine.able)
    ends = work.ends - work.now if work.ends is not None and going else math.inf
    times = sorted(_futures(left, machine.able, None if closed else rhythm, ends))
    return _timed(said, times, work.now)


def near_of(able: float, cores: float) -> float:
    """Exposures that may be behind when a session has caught up: those in work, and a few more.

    Parameters
    ----------
    able
        Exposures that can be processed in a second.
    cores
        That work on them.
    """
    return max(2.0, cores, able * _DELAY)


def _timed(said: Forecast, times: Sequence[float], now: float) -> Forecast:
    """The forecast with what the futures say of the time."""
    median, low, high = (_quantile(times, part) for part in (0.5, 0.1, 0.9))
    outlook: Outlook = "level" if said.slow is None else "falling behind"
    return replace(
        said,
        outlook="catching up" if math.isfinite(median) else outlook,
        until=now + median if math.isfinite(median) else None,
        soonest=now + low if math.isfinite(low) else None,
        latest=now + high if math.isfinite(high) else None,
    )


def _quantile(values: Sequence[float], part: float) -> float:
    return values[min(len(values) - 1, int(part * len(values)))]


def _machine(costs: Sequence[StepLoad], cores: float) -> _Machine | None:
    """What is left and how fast it goes; what can use only some cores leaves the others free."""
    each = sum(step.seconds or 0.0 for step in costs)
    left = sum((step.seconds or 0.0) * step.left for step in costs)
    if not each:
        return None
    free, capped = list(costs), 0.0
    able = cores / each
    for step in costs:
        if (
            step.at_once is not None
            and able * (step.seconds or 0.0) > step.at_once < cores - capped
        ):
            free.remove(step)
            capped += step.at_once
            each = sum(other.seconds or 0.0 for other in free)
            left = sum((other.seconds or 0.0) * other.left for other in free)
            if not each:
                return None
            able = (cores - capped) / each
    return _Machine(left / each, able)


def _futures(left: float, able: float, rhythm: Rhythm | None, ends: float) -> Iterator[float]:
    """Seconds until nothing is left, in each of many futures; the same for the same evidence.

    After `ends`, seconds from now, nothing more comes.
    """
    chance = random.Random(1)
    for _ in range(_FUTURES):
        speed = able * max(0.2, chance.gauss(1.0, _NOISE))
        if rhythm is None:
            yield left / speed
            continue
        rate = rhythm.rate * max(0.2, chance.gauss(1.0, math.hypot(rhythm.spread, _DRIFT)))
        yield _emptied(left, (speed, rate), rhythm, ends, chance)


def _emptied(
    left: float, rates: tuple[float, float], rhythm: Rhythm, ends: float, chance: random.Random
) -> float:
    """Seconds until nothing is left, in one future of runs and pauses.

    `rates` are those at which it goes, and at which more comes.
    """
    (speed, rate), gone, pausing = rates, 0.0, rhythm.pausing
    lasts = _rest(rhythm.pauses if pausing else rhythm.runs, rhythm.since, chance)
    while gone < _HORIZON:
        if gone + lasts >= ends:
            lasts = ends - gone
            left += lasts * ((0.0 if pausing else rate) - speed)
            # What is left by then, or was emptied in the last run, goes without anything coming.
            return ends + left / speed
        change = (0.0 if pausing else rate) - speed
        if change < 0.0 and left <= -change * lasts:
            return gone + left / -change
        left += change * lasts
        gone += lasts
        pausing = not pausing
        kind = rhythm.pauses if pausing else rhythm.runs
        lasts = _drawn(kind, chance) if kind else rhythm.since
    return math.inf


def _drawn(kind: Sequence[float], chance: random.Random) -> float:
    """How long the next lasts: like one of the last, or, as one in so many, longer than all."""
    if chance.random() * (len(kind) + 1) < 1.0:
        return max(kind) * chance.uniform(1.0, _LONGER)
    return chance.choice(kind)


def _rest(kind: Sequence[float], since: float, chance: random.Random) -> float:
    """How long what has lasted for some time will go on, told from others that lasted longer."""
    longer = [lasted - since for lasted in kind if lasted > since]
    if longer:
        return chance.choice(longer)
    return 0.5 * max(since, statistics.median(kind)) if kind else _HORIZON


def _remedies(
    work: Workload, costs: Sequence[StepLoad], cores: float, mean: float
) -> Iterator[Remedy]:
    """What would help by so much: steps that can wait, and cores."""
    each = sum(step.seconds or 0.0 for step in costs)
    left_out: list[StepLoad] = []
    for step in (step for step in costs if step.later):
        if (step.seconds or 0.0) < _WORTH * each:
            break
        left_out.append(step)
        machine = _machine([other for other in costs if other not in left_out], cores)
        if machine is None:
            break
        share = sum(other.seconds or 0.0 for other in left_out) / each
        names = tuple(other.name for other in left_out)
        enough = machine.able >= mean
        yield Remedy(
            kind="later", steps=names, share=share, able=machine.able * _HOUR, enough=enough
        )
        if enough:
            break
    # Cores that come do as much as those that are there do now.
    part = min(1.0, cores / work.cores) if work.cores else 1.0
    more = max(1, math.ceil((_MARGIN * mean * each - cores) / part))
    if work.others >= 1.0:
        machine = _machine(costs, cores + part * work.others)
        if machine is not None:
            enough = machine.able >= mean
            yield Remedy(
                kind="others", cores=int(work.others), able=machine.able * _HOUR, enough=enough
            )
    machine = _machine(costs, cores + part * more)
    if machine is not None:
        yield Remedy(kind="cores", cores=more, able=machine.able * _HOUR, enough=True)
