"""Nights of acquisition and processing, simulated task by task, with rates that change.

An engine of a few lines works as icestream's does: the deepest step first, the newest exposure
first, batches one after another. What its store would hold is what the forecast gets to see; when
it had really caught up is known afterwards.
"""

import heapq
import math
import random
from dataclasses import dataclass

from icestream.model.forecast import Forecast, forecast, near_of
from icestream.model.workload import NEWEST, StepLoad, Workload
from icestream.store.costs import LATELY, lately

HOUR = 3600.0
COSTS = {"align": 40.0, "ctf": 12.0, "pick": 10.0, "extract": 8.0}
"""Core seconds of an exposure by the steps of a chain."""
BATCH, BATCH_SECONDS = 50, 500.0
"""Exposures of a batch of the last step, and its seconds of one core."""
STEPS = (*COSTS, "classify")


@dataclass
class Night:
    """What comes, and what changes: all of it drawn from a seed."""

    arrivals: list[float]
    end: float
    cores: list[tuple[float, int]]
    """From when on there are so many."""
    slower: list[tuple[float, str, float]]
    """From when on a step takes so many times as long."""

    rates: list[tuple[float, float]]
    """From when on so many exposures an hour come, in a run."""
    late: float
    """When the processing began; what had come by then was found together."""
    refill: float
    """When a pause begins that is longer than all others."""

    @property
    def changes(self) -> list[float]:
        """Moments at which something changed that nobody could know before."""
        told = (*self.cores[1:], *self.slower, *self.rates[1:])
        return [self.refill, *(time for time, *_ in told)]


def night(seed: int, *, rough: bool = False) -> Night:
    """A night of ten hours: squares with pauses between them, rates that change, a late beginning.

    In a `rough` one the rate changes more, cores are lost and come back, and a step is slower for
    an hour and a half.
    """
    chance = random.Random(seed)
    spread = (0.5, 1.3) if rough else (0.75, 1.25)
    end, time = 10.0 * HOUR, 0.0
    usual = chance.uniform(250.0, 450.0)
    rate = usual
    rates, arrivals, refill = [(0.0, rate)], list[float](), end
    turn = chance.uniform(2.0, 4.0) * HOUR
    long_pause = chance.uniform(3.0, 7.0) * HOUR
    while time < end:
        leave = time + chance.uniform(25.0, 70.0) * 60.0
        while time < min(leave, end):
            arrivals.append(time)
            time += HOUR / rate * chance.uniform(0.6, 1.4)
            if time > turn:
                rate, turn = usual * chance.uniform(*spread), time + chance.uniform(1.5, 4.0) * HOUR
                rates.append((time, rate))
        time += chance.uniform(4.0, 12.0) * 60.0
        if time > long_pause:
            refill, long_pause = time, float("inf")
            time += chance.uniform(15.0, 35.0) * 60.0
    each = sum(COSTS.values()) + BATCH_SECONDS / BATCH
    enough = len(arrivals) / end * each
    many = math.ceil(enough / chance.uniform(0.55, 0.85))
    first, second = sorted(chance.uniform(1.0, 8.0) * HOUR for _ in range(2))
    fewer, more = math.floor(chance.uniform(0.5, 0.9) * many), chance.choice((0, 0, 2, 4))
    cores = [(0.0, many), (first, fewer), (second, many + more)]
    begin = chance.uniform(1.0, 6.0) * HOUR
    step = chance.choice(tuple(COSTS))
    slower = [(begin, step, chance.uniform(1.3, 2.5)), (begin + 1.5 * HOUR, step, 1.0)]
    late = chance.choice((0.0, 0.0, 1.0, 2.0)) * HOUR
    if not rough:
        cores, slower = cores[:1], []
    return Night(arrivals, end, cores, slower, rates, late, refill)


@dataclass
class Look:
    """What was forecast at some moment, and what came of it."""

    time: float
    said: Forecast
    caught_up: float | None = None
    """When it had really caught up; None: never before the end of the simulation."""


class _Engine:
    """Runs one night."""

    def __init__(self, night: Night, seed: int, told: bool) -> None:
        self.night, self.told = night, told
        self.chance = random.Random(1000 + seed)
        self.ready: dict[str, list[int]] = {step: [] for step in STEPS}
        """Exposures as negative numbers: heaps of which the newest is first."""
        self.done = dict.fromkeys(STEPS, 0)
        self.ran: dict[str, list[float]] = {step: [] for step in STEPS}
        self.settled: list[float] = []
        self.gathered = 0
        self.found = 0
        self.running: list[tuple[float, str, int, float]] = []
        self.classifying = False
        self.begun = 0
        """Batches."""

    def cores(self, now: float) -> int:
        return [many for since, many in self.night.cores if since <= now][-1]

    def near(self, now: float) -> float:
        """Exposures that wait when it has caught up."""
        costs = [COSTS[step] * self.slowness(step, now) for step in COSTS]
        able = self.cores(now) / (sum(costs) + BATCH_SECONDS / BATCH)
        return near_of(able, self.cores(now))

    def slowness(self, step: str, now: float) -> float:
        values = [
            times for since, name, times in self.night.slower if since <= now and name == step
        ]
        return values[-1] if values else 1.0

    def start(self, now: float) -> None:
        """The deepest step first, the newest exposure first."""
        while len(self.running) < self.cores(now):
            if self.gathered >= BATCH and not self.classifying:
                self.gathered -= BATCH
                self.classifying = True
                self.begun += 1
                self._run("classify", 0, BATCH_SECONDS, now)
                continue
            step = next((step for step in reversed(tuple(COSTS)) if self.ready[step]), None)
            if step is None:
                return
            exposure = -heapq.heappop(self.ready[step])
            self._run(step, exposure, COSTS[step] * self.slowness(step, now), now)

    def _run(self, step: str, exposure: int, seconds: float, now: float) -> None:
        seconds *= self.chance.lognormvariate(0.0, 0.15)
        heapq.heappush(self.running, (now + seconds, step, exposure, seconds))

    def end(self) -> None:
        ended, step, exposure, seconds = heapq.heappop(self.running)
        self.ran[step] = [*self.ran[step][-LATELY + 1 :], seconds]
        self.done[step] += 1
        if step == "classify":
            self.classifying = False
            return
        after = STEPS[STEPS.index(step) + 1]
        if after == "classify":
            self.gathered += 1
            self.settled.append(ended)
        else:
            heapq.heappush(self.ready[after], -exposure)

    def workload(self, now: float) -> Workload:
        """What the store would show."""
        behind, cores = self.found - len(self.settled), float(self.cores(now))
        loads = [
            StepLoad(name=step, seconds=lately(self.ran[step]), left=self.found - self.done[step])
            for step in COSTS
        ]
        batches = lately(self.ran["classify"])
        loads.append(
            StepLoad(
                name="classify",
                seconds=None
                if batches is None
                else batches * self.begun / max(1, len(self.settled) - self.gathered),
                left=behind + self.gathered,
                later=True,
                at_once=1.0,
            )
        )
        return Workload(
            now=now,
            taken=tuple(self.night.arrivals[: self.found][-NEWEST:]),
            behind=behind,
            steps=tuple(loads),
            cores=cores,
            busy=float(len(self.running)) if any(self.ready.values()) else None,
            open=now < self.night.end,
            ends=self.night.end if self.told else None,
        )


def simulate(
    seed: int, *, rough: bool = False, told: bool = False, every: float = 300.0
) -> tuple[Night, list[Look]]:
    """A night, and what was forecast every five minutes while work waited.

    `told`: somebody has said when the acquisition is to end.
    """
    made = night(seed, rough=rough)
    engine, looks = _Engine(made, seed, told), []
    now, look_at = made.late, made.late + every
    waits: list[Look] = []
    moments = sorted({time for time, _ in made.cores})
    while now < made.end + 12 * HOUR:
        more = engine.found < len(made.arrivals)
        coming = max(made.late, made.arrivals[engine.found]) if more else float("inf")
        ends = engine.running[0][0] if engine.running else float("inf")
        change = next((moment for moment in moments if moment > now), float("inf"))
        now = min(coming, ends, look_at, change)
        if now == look_at:
            look_at += every
            behind = engine.found - len(engine.settled)
            if behind > engine.near(now):
                look = Look(now, forecast(engine.workload(now)))
                looks.append(look)
                waits.append(look)
        elif now == ends:
            engine.end()
        elif now == coming:
            heapq.heappush(engine.ready["align"], -engine.found)
            engine.found += 1
        engine.start(now)
        behind = engine.found - len(engine.settled)
        over = now > made.end and not more
        if (waits or over) and behind <= engine.near(now):
            for look in waits:
                look.caught_up = now
            waits = []
            if over:
                break
    return made, looks


# -- what could be known ---------------------------------------------------------------------------

_FUTURES = 300


def knowing(made: Night, look: Look) -> float | None:
    """Seconds to go, said by one who knows the law by which nights are drawn, but not the luck.

    Rate, cores, costs and how long the run has lasted are known exactly; when it ends, how long the
    pauses are and when the rate changes is drawn as `night` draws it. Of nights that are not
    `rough`. No forecast can be right much more often. None where nothing is known to be left.
    """
    if look.said.alone is None:
        return None
    chance = random.Random(int(look.time))
    able = made.cores[0][1] / (sum(COSTS.values()) + BATCH_SECONDS / BATCH)
    futures = sorted(
        _luck(made, look.time, look.said.alone * able, able, chance) for _ in range(_FUTURES)
    )
    return futures[len(futures) // 2]


def _luck(made: Night, now: float, left: float, able: float, chance: random.Random) -> float:
    """Seconds until nothing is left, in one future of a night."""

    def rest(least: float, most: float, since: float) -> float:
        lower = max(least, since)
        return chance.uniform(lower, max(lower, most)) - since

    taken = [time for time in made.arrivals if time <= now]
    begun = next(
        (
            late
            for early, late in zip(taken[-2::-1], taken[:0:-1], strict=True)
            if late - early > 200
        ),
        taken[0],
    )
    rates = [known for known in made.rates if known[0] <= now]
    (turned, rate), usual = rates[-1], made.rates[0][1]
    running, silent = now - taken[-1] < 60.0, now - taken[-1]
    turn = now + rest((2.0 if len(rates) == 1 else 1.5) * HOUR, 4.0 * HOUR, now - turned)
    long_pause = now + rest(3.0 * HOUR, 7.0 * HOUR, now) if now < made.refill else math.inf
    change = now + (rest(1500.0, 4200.0, now - begun) if running else rest(240.0, 720.0, silent))
    time = now
    while time < made.end:
        until = min(change, made.end, turn if running else math.inf)
        fewer = able - (rate / HOUR if running else 0.0)
        if fewer > 0.0 and left <= fewer * (until - time):
            return time + left / fewer - now
        left, time = max(0.0, left - fewer * (until - time)), until
        if running and time == turn:
            rate = usual * chance.uniform(0.75, 1.25)
            turn = time + chance.uniform(1.5, 4.0) * HOUR
        if time == change:
            running = not running
            change += chance.uniform(1500.0, 4200.0) if running else chance.uniform(240.0, 720.0)
            if not running and change > long_pause:
                change, long_pause = change + chance.uniform(900.0, 2100.0), math.inf
    return time + left / able - now
