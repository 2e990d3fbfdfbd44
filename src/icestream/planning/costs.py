"""What one exposure costs, what a machine has, and what is asked of it: values, nothing else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

__all__ = ["RAW", "Demand", "Hardware", "NotPlanned", "SessionCosts", "StepCost", "doublings"]

RAW = "raw"
"""Class of movies, as the rules for keeping data name it."""


class NotPlanned(ValueError):
    """What was asked cannot be planned; the message says all that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCost:
    """What one step takes for each exposure that is found, whether it is run for it or not."""

    name: str
    seconds: float
    """Of a core."""
    cores: int = 1
    """That a task holds."""
    gpus: int = 0
    """That a task holds."""
    memory: float = 0.0
    """Bytes that a task holds: what it asks for, or had at its peak where that was more."""
    gathers: bool = False
    """Whether it works on what many exposures left, one task at a time in each session."""
    writes: Mapping[str, float] = field(default_factory=dict)
    """Bytes that it leaves, by the class of data that they are kept as."""
    feeds: bool = False
    """Whether another step reads what it left."""
    tasks: int = 0
    """That were measured."""
    once: float = 0.0
    """Seconds of a core that it takes in a session beside that, however many exposures come."""
    first: float = 0.0
    """Exposures of a session with which it takes that first, and as much again each time there are
    twice as many; 0: it takes it once only."""
    anew: bool = False
    """Whether it is run again for what had come when the classes taught the picker."""

    @property
    def memory_seconds(self) -> float:
        """Bytes times seconds for which they are held."""
        return self.seconds / self.cores * self.memory

    @property
    def gpu_seconds(self) -> float:
        """Seconds of a GPU."""
        return self.seconds / self.cores * self.gpus


def doublings(first: float, exposures: float) -> float:
    """How often something is taken that is taken first with some exposures, and with each twice.

    Where it has no first it is taken once.
    """
    if first <= 0:
        return 1.0
    return 1.0 + math.log2(exposures / first) if exposures >= first else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCosts:
    """What an exposure costs in a session, and what it was told from."""

    workflow: str
    steps: tuple[StepCost, ...]
    movie: float
    """Bytes of the file of a movie."""
    engine: float = 0.0
    """Seconds of a core that the session's own process and its report take for an exposure, while
    exposures come as fast as they can be processed."""
    exposures: int = 0
    """That had been found when it was measured."""
    unknown: tuple[str, ...] = ()
    """Steps whose cost is not known, which is taken to be nothing."""
    lessons: tuple[float, ...] = ()
    """Exposures of a session after which its classes teach the picker, each time they do."""
    per_core: float = 1.0
    """Seconds that tasks of one core held it for each second that they computed: more than 1 where
    others used the machine, or a disk was waited for."""

    def in_session(self, exposures: float) -> "SessionCosts":
        """The same, with each exposure's part of what a session of so many takes beside it."""
        lessons = [lesson for lesson in self.lessons if lesson <= exposures]
        steps = []
        for step in self.steps:
            begun = [exposures, *lessons] if step.anew else [exposures]
            once = step.once * sum(doublings(step.first, reached) for reached in begun)
            seconds = step.seconds * (1.0 + step.anew * sum(lessons) / exposures)
            steps.append(replace(step, seconds=seconds + once / exposures, once=0.0))
        return replace(self, steps=tuple(steps), lessons=())

    @property
    def seconds(self) -> float:
        """Of a core, for all steps and the session's own process."""
        return self.engine + sum(step.seconds for step in self.steps)

    @property
    def written(self) -> Mapping[str, float]:
        """Bytes that an exposure leaves, by class; its movie is among them."""
        sums = {RAW: self.movie}
        for step in self.steps:
            for kind, count in step.writes.items():
                sums[kind] = sums.get(kind, 0.0) + count
        return sums

    @property
    def read(self) -> float:
        """Bytes that are read from the disk: the movie, and results that steps read, once each."""
        return self.movie + sum(sum(step.writes.values()) for step in self.steps if step.feeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What a machine has for sessions."""

    cores: int
    memory: float
    """Bytes."""
    gpus: int = 0
    write: float | None = None
    """Bytes that the disk of the sessions takes in a second; None: not measured."""
    read: float | None = None
    """Bytes that it gives in a second; None: not measured."""
    free: float | None = None
    """Bytes that are free on it; None: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is asked of a machine."""

    microscopes: int = 1
    rate: float
    """Movies in an hour, of each microscope."""
    hours: float = 24.0
    """Of a day in which movies come."""
    spare: float = 0.25
    """Part by which what is needed is more than the mean."""
    keep: Mapping[str, float] = field(default_factory=dict)
    """Days that a class of data is on the disk; what is not named stays for ever."""

    def __post_init__(self) -> None:
        wrong = [
            f"{name} is {value:g}: it must be {rule}"
            for name, value, fine, rule in (
                ("microscopes", self.microscopes, self.microscopes >= 1, "1 or more"),
                ("rate", self.rate, 0 < self.rate <= 100_000, "above 0, at most 100000 movies/h"),
                ("hours", self.hours, 0 < self.hours <= 24, "above 0, at most 24 h a day"),
                ("spare", 100 * self.spare, 0 <= self.spare <= 10, "0 to 1000 %"),
            )
            if not fine
        ]
        if wrong:
            raise NotPlanned("this cannot be planned: " + "; ".join(wrong))

    @property
    def total(self) -> float:
        """Movies in an hour of all microscopes."""
        return self.microscopes * self.rate

    @property
    def movies_a_day(self) -> float:
        """Of all microscopes."""
        return self.total * self.hours

    @property
    def session(self) -> float:
        """Movies of a session, which is a day of one microscope."""
        return self.rate * self.hours
