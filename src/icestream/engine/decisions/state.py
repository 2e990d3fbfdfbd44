"""What decisions depend on: the state between two events.

Only `decide` changes it. Everybody else sees it as a `StateView`, which has nothing that could be
assigned to.
"""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from icestream.engine.decisions.ready import Order, Ready
from icestream.engine.executors.contract import Fusing
from icestream.engine.graph.plan import Lane
from icestream.model import RevisionId, SessionState, StepKind, StepStatus, TaskId
from icestream.protocol import Resources

__all__ = [
    "WINDOW",
    "Free",
    "RunningLease",
    "State",
    "StateView",
    "StepState",
    "StepView",
    "kept_of",
]

WINDOW = 256
"""Ready tasks of a step that are kept in memory; the rest wait in the store."""
_OLDEST: Mapping[Order, float] = {"newest": 0.0, "oldest": 1.0, "both": 0.5}
"""Which part of them are the oldest; the others are the newest."""
_LOW = 8
"""Of what is kept, less than one in so many is too little: more is read from the store."""


def kept_of(order: Order) -> tuple[int, int]:
    """How many of the oldest and of the newest tasks of a step are kept in memory."""
    oldest = int(_OLDEST[order] * WINDOW)
    return oldest, WINDOW - oldest


@dataclass(slots=True)
class Free:
    """What this session may still use.

    Below zero is what it owes: what its leases hold and another session was given since. Which
    GPUs those are is the executor's affair.
    """

    cores: int
    memory: int
    gpus: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    """Copies of programs that may still start; a program that is not named is not limited."""

    def fits(self, need: Resources) -> bool:
        """Whether one more task with this need can start."""
        return (
            self.cores >= need.cores
            and self.memory >= need.memory
            and (not need.gpus or self.gpus >= need.gpus)
            and all(self.tokens.get(token, 1) > 0 for token in need.tokens)
        )

    def take(self, need: Resources) -> None:
        """Hold what a task needs."""
        self.cores -= need.cores
        self.memory -= need.memory
        for token in need.tokens:
            if token in self.tokens:
                self.tokens[token] -= 1
        self.gpus -= need.gpus

    def give_back(self, need: Resources) -> None:
        """Let go of what a task held."""
        self.cores += need.cores
        self.memory += need.memory
        for token in need.tokens:
            if token in self.tokens:
                self.tokens[token] += 1
        self.gpus += need.gpus


@dataclass(slots=True)
class StepState:
    """What is known of a step between two events."""

    id: RevisionId
    depth: int
    kind: StepKind
    need: Resources
    feeding: tuple[RevisionId, ...] = ()
    """Steps that feed it."""
    state: StepStatus = "waiting"
    window: list[tuple[int, int, Ready]] = field(default_factory=list)
    """Ready tasks that are next, the oldest first: (rank, id, task)."""
    stored: int = 0
    """Ready tasks in the store that are not in the window."""
    gap: int = 0
    """Where in the window those that are stored would be: after so many of the oldest."""
    order: Order = "newest"
    """Which task goes first."""
    oldest_next: bool = False
    """Whether the next is to be the oldest, where newest and oldest go in turn."""
    later: int = 0
    """Tasks that wait for another attempt."""
    running: int = 0
    closed: bool = False
    """Of a source: nothing more will come."""
    backfilling: bool = False
    """Whether exposures from before its last change are still to be looked at."""
    refilling: bool = False
    in_a_row: int = 0
    """Failures since the last success."""
    mean: float = 0.0
    """Seconds of a task, lately; 0 before the first."""
    waiting_size: int = 0
    """Of items that came to a batch or a trigger and are not through."""
    waiting_items: int = 0
    full: int = 0
    """Size at which a batch is full."""
    given_up: bool = False
    """Paused for its failures, or since an earlier run: nobody is expected to resume it now."""
    told: bool = True
    """Whether the last batch knew that nothing more would come."""
    asking: bool = False
    """Whether a batch is being formed, or a gate asked."""
    withheld: int = 0
    """Tasks that wait for others which do the same work, in another branch."""
    awaited: int | None = None
    """Exposures of a sample that have still to come, or will not; None where it is for all."""
    asked: tuple[int, bool] = (0, False)
    """Items and closing that the gate was last asked about."""
    lane: Lane = "live"
    """Whose tasks go first: live ones, before those that are done again."""

    @property
    def held(self) -> bool:
        """Whether none of its tasks may start."""
        return self.state in ("paused", "draining", "failed")

    @property
    def brings(self) -> bool:
        """Whether it is a source."""
        return self.kind == "source"

    @property
    def watches(self) -> bool:
        """Whether it is a monitor."""
        return self.kind == "monitor"

    @property
    def live(self) -> int:
        """Tasks that have not ended."""
        return len(self.window) + self.stored + self.later + self.running + self.withheld

    @property
    def low(self) -> bool:
        """Whether the window is to be read from the store again."""
        oldest, newest = kept_of(self.order)
        above = len(self.window) - self.gap
        return self.stored > 0 and (
            self.gap * _LOW < oldest or above * _LOW < newest or not self.window
        )

    def push(self, task: Ready) -> None:
        """Add a ready task: to the window when it is among the next, else to those stored."""
        entry = (task.rank, task.id, task)
        if not self.stored or (self.gap < len(self.window) and entry > self.window[self.gap]):
            bisect.insort(self.window, entry)
        elif self.gap and entry < self.window[self.gap - 1]:
            bisect.insort(self.window, entry)
            self.gap += 1
        else:
            self.stored += 1
            return
        if len(self.window) > WINDOW:
            self._put_away()

    def _put_away(self) -> None:
        """Leave one task to the store: one that both ends are far from."""
        oldest, _ = kept_of(self.order)
        if not self.stored:
            self.gap = oldest
        elif self.gap > oldest:
            self.gap -= 1
        del self.window[self.gap]
        self.stored += 1

    def fill(self, tasks: Sequence[Ready]) -> None:
        """Take those that are next from the store; fewer than a window are all that there are."""
        ready = len(self.window) + self.stored
        self.window = sorted((task.rank, task.id, task) for task in tasks)
        full = len(self.window) >= WINDOW
        self.stored = max(0, ready - len(self.window)) if full else 0
        self.gap = min(kept_of(self.order)[0], len(self.window))

    def turn(self, order: Order) -> None:
        """Take tasks in another order: those that are next then are still in the store."""
        self.order, self.oldest_next = order, False
        if self.stored:
            self.stored += len(self.window)
            self.window, self.gap = [], 0

    @property
    def next(self) -> Ready:
        """The task that goes first."""
        return self.window[0 if self._takes_oldest() else -1][2]

    def pop(self) -> Ready:
        """Take the task that goes first."""
        if not self._takes_oldest():
            self.oldest_next = True
            return self.window.pop()[2]
        self.oldest_next = False
        self.gap = max(0, self.gap - 1)
        return self.window.pop(0)[2]

    def _takes_oldest(self) -> bool:
        """Whether the oldest is next; where those of one end are in the store, the other's is."""
        if self.order != "both":
            return self.order == "oldest"
        if not self.stored:
            return self.oldest_next
        return self.gap > 0 and (self.oldest_next or self.gap >= len(self.window))

    def withdraw(self, task: TaskId) -> None:
        """Forget a ready task."""
        for index, entry in enumerate(self.window):
            if entry[1] == task:
                del self.window[index]
                self.gap -= index < self.gap
                return
        if self.stored:
            self.stored -= 1


@dataclass(frozen=True, slots=True)
class RunningLease:
    """A lease that is out."""

    step: RevisionId
    tasks: tuple[Ready, ...]
    need: Resources


@dataclass(slots=True)
class State:
    """Everything that decisions depend on."""

    steps: dict[RevisionId, StepState]
    free: Free
    slots: int
    """Leases that the executor can run at once, less those that run; below zero after it shrank."""
    leases: dict[str, RunningLease] = field(default_factory=dict)
    later: list[tuple[float, int, Ready]] = field(default_factory=list)
    """Heap of tasks to try again: (when, id, task)."""
    session: SessionState = "running"
    mark: str = ""
    """Beginning of the names of leases: the session and its epoch."""
    counted: int = 0
    """Leases so far."""
    passed_by: int = 0
    """Live leases that started while reprocessing waited and had nothing out."""
    fusing: Fusing = field(default_factory=Fusing)
    """How much work makes a lease worth sending."""

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do: all done, or drained."""
        if self.session == "draining":
            return not self.leases
        return self.session == "running" and all(s.state == "done" for s in self.steps.values())

    @property
    def next_try(self) -> float | None:
        """When the first of the tasks that wait for another attempt is ready; None without any."""
        return self.later[0][0] if self.later else None


class StepView(Protocol):
    """A step's state for those who may only look."""

    @property
    def id(self) -> RevisionId: ...
    @property
    def depth(self) -> int: ...
    @property
    def kind(self) -> StepKind: ...
    @property
    def need(self) -> Resources: ...
    @property
    def state(self) -> StepStatus: ...
    @property
    def window(self) -> Sequence[tuple[int, int, Ready]]: ...
    @property
    def stored(self) -> int: ...
    @property
    def order(self) -> Order: ...
    @property
    def backfilling(self) -> bool: ...
    @property
    def held(self) -> bool: ...


class StateView(Protocol):
    """The state for those who may only look."""

    @property
    def steps(self) -> Mapping[RevisionId, StepView]: ...
    @property
    def free(self) -> Free: ...
    @property
    def slots(self) -> int: ...
    @property
    def leases(self) -> Mapping[str, RunningLease]: ...
    @property
    def later(self) -> Sequence[tuple[float, int, Ready]]: ...
    @property
    def session(self) -> SessionState: ...
    @property
    def finished(self) -> bool: ...
    @property
    def next_try(self) -> float | None: ...
