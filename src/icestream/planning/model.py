"""What rate of movies a machine keeps up with, and what a rate needs.

An exposure holds cores, memory and GPUs for some seconds, and moves some bytes. What is held of
something at a time is the rate times what one exposure takes of it (Little's law): so much is
needed, and what there is of it, divided by what one exposure takes, is the rate that it allows.
Only a step that gathers exposures is otherwise: it has one task at a time, so that it takes a core
of a session at most, and takes more exposures at once where that is not enough.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from icestream.planning.costs import Demand, Hardware, NotPlanned, SessionCosts, StepCost

__all__ = ["CapacityPlan", "PaceLimit", "Requirement", "Resource", "Staying", "able", "plan"]

Resource = Literal["cores", "memory", "GPUs", "disk"]
_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceLimit:
    """The rate up to which there is enough of something."""

    resource: Resource
    rate: float
    """Movies in an hour of all sessions; infinity where an exposure takes nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a rate needs at least."""

    cores: float
    memory: float
    """Bytes; of the largest task at least."""
    gpus: float
    write: float
    """Bytes that disks have to take in a second, the movies as they are copied included."""
    read: float
    """Bytes that they have to give in a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staying:
    """What becomes of a class of data."""

    kind: str
    a_day: float
    """Bytes that come in a day."""
    days: float
    """That it stays; infinity: for ever."""

    @property
    def level(self) -> float:
        """Bytes that lie there once as much goes as comes; infinity where nothing goes."""
        return self.a_day * self.days if self.a_day else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPlan:
    """What was asked, and what follows."""

    demand: Demand
    measured: SessionCosts
    costs: SessionCosts
    """The same, with each exposure's part of what a session takes once."""
    hardware: Hardware
    alone: float
    """Movies in an hour that the machine keeps up with in one session."""
    together: float
    """The same in a session for each microscope, all together."""
    limits: tuple[PaceLimit, ...]
    """Of all microscopes together, the tightest first."""
    needed: Requirement
    each: Requirement
    """The same for one microscope."""
    machines: int
    """Like this one, that are needed."""
    spread: bool
    """Whether one of them is too small for one microscope."""
    stays: tuple[Staying, ...]

    @property
    def keeps_up(self) -> bool:
        """Whether this machine keeps up with all microscopes, by its mean pace."""
        return self.together >= self.demand.total

    @property
    def bottleneck(self) -> PaceLimit:
        """What limits the machine."""
        return self.limits[0]

    @property
    def dearest(self) -> StepCost | None:
        """The step that takes most of what limits the machine; None where no step does."""
        steps = self.costs.steps
        found = max(steps, key=self._taken, default=None)
        return found if found is not None and self._taken(found) > 0 else None

    @property
    def full_in(self) -> float:
        """Days until what is free is full while more comes than goes; infinity: never."""
        if self.hardware.free is None:
            return math.inf
        return _days_until(self.hardware.free, self.stays)

    def _taken(self, step: StepCost) -> float:
        match self.bottleneck.resource:
            case "memory":
                return step.memory_seconds
            case "GPUs":
                return step.gpu_seconds
            case "disk":
                return sum(step.writes.values())
            case _:
                return step.seconds


def plan(costs: SessionCosts, hardware: Hardware, demand: Demand) -> CapacityPlan:
    """What follows from what an exposure costs, for a machine and for what is asked of it.

    Raises
    ------
    NotPlanned
        If no step has a cost: then nothing follows.
    """
    if not any(step.seconds > 0 for step in costs.steps):
        raise NotPlanned("no step has been measured: nothing can be planned from that")
    whole, costs = costs, costs.in_session(demand.session)
    limits = sorted(_limits(costs, hardware, demand.microscopes), key=lambda one: one.rate)
    each = _needed(costs, demand, 1)
    machines, spread = _machines(costs, hardware, demand)
    return CapacityPlan(
        demand=demand,
        measured=whole,
        costs=costs,
        hardware=hardware,
        alone=min(one.rate for one in _limits(costs, hardware, 1)),
        together=limits[0].rate,
        limits=tuple(limits),
        needed=_needed(costs, demand, demand.microscopes),
        each=each,
        machines=machines,
        spread=spread,
        stays=tuple(
            Staying(
                kind=kind,
                a_day=count * demand.movies_a_day,
                days=demand.keep.get(kind, math.inf),
            )
            for kind, count in costs.written.items()
        ),
    )


def able(costs: SessionCosts, cores: float, sessions: int = 1) -> float:
    """Exposures in a second that so many cores process, in so many sessions at once.

    Infinity where the only steps are such as gather exposures: these are never waited for.
    """
    each = costs.engine + sum(step.seconds for step in costs.steps if not step.gathers)
    gathering = sorted(step.seconds for step in costs.steps if step.gathers and step.seconds > 0)
    left = float(cores)
    while True:
        seconds = each + sum(gathering)
        rate = left / seconds if seconds > 0 else math.inf
        # Those that are cheaper take less than a core of each session, too.
        if not gathering or rate * gathering[-1] < sessions * (1.0 - 1e-12):
            return rate
        gathering.pop()
        left -= sessions


def _limits(costs: SessionCosts, hardware: Hardware, sessions: int) -> Iterator[PaceLimit]:
    yield PaceLimit(resource="cores", rate=able(costs, hardware.cores, sessions) * _HOUR)
    held = sum(step.memory_seconds for step in costs.steps)
    yield PaceLimit(resource="memory", rate=_per_hour(hardware.memory, held))
    on_gpus = sum(step.gpu_seconds for step in costs.steps)
    yield PaceLimit(resource="GPUs", rate=_per_hour(hardware.gpus, on_gpus))
    if hardware.write and hardware.read:
        # One disk: while it takes, it does not give.
        busy = sum(costs.written.values()) / hardware.write + costs.read / hardware.read
        yield PaceLimit(resource="disk", rate=_per_hour(1.0, busy))


def _per_hour(there: float, taken: float) -> float:
    return there / taken * _HOUR if taken > 0 else math.inf


def _needed(costs: SessionCosts, demand: Demand, microscopes: int) -> Requirement:
    rate = demand.rate / _HOUR * (1.0 + demand.spare)  # exposures a second, of one microscope
    cores = rate * costs.engine + sum(_cores(step, rate) for step in costs.steps)
    every = rate * microscopes
    return Requirement(
        cores=microscopes * cores,
        memory=max(
            every * sum(step.memory_seconds for step in costs.steps),
            *(step.memory for step in costs.steps),
        ),
        gpus=max(
            every * sum(step.gpu_seconds for step in costs.steps),
            *(float(step.gpus) for step in costs.steps),
        ),
        write=every * sum(costs.written.values()),
        read=every * costs.read,
    )


def _cores(step: StepCost, rate: float) -> float:
    return min(1.0, rate * step.seconds) if step.gathers else rate * step.seconds


def _machines(costs: SessionCosts, hardware: Hardware, demand: Demand) -> tuple[int, bool]:
    """Machines that are needed, and whether one is too small for a microscope; 0: none can."""
    together = 0
    while together < demand.microscopes and _part(costs, hardware, demand, together + 1) <= 1.0:
        together += 1
    if together:
        return math.ceil(demand.microscopes / together), False
    part = _part(costs, hardware, demand, demand.microscopes)
    return (0 if math.isinf(part) else math.ceil(part)), True


def _part(costs: SessionCosts, hardware: Hardware, demand: Demand, microscopes: int) -> float:
    """How much of the machine so many microscopes need of what they need most of."""
    needed = _needed(costs, demand, microscopes)
    return max(
        (of / there if there else math.inf)
        for of, there in (
            (needed.cores, hardware.cores),
            (needed.memory, hardware.memory),
            (needed.gpus, hardware.gpus),
        )
        if of > 0
    )


def _days_until(free: float, stays: Sequence[Staying]) -> float:
    """Days until so many bytes have come and not gone; each class grows until its days are over."""
    growing = sorted((one for one in stays if one.a_day > 0), key=lambda one: one.days)
    day, filled = 0.0, 0.0
    while growing:
        a_day = sum(one.a_day for one in growing)
        ends = growing[0].days
        if filled + a_day * (ends - day) >= free:
            return day + (free - filled) / a_day
        filled += a_day * (ends - day)
        day = ends
        growing = [one for one in growing if one.days > ends]
    return math.inf
