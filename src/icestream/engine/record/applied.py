"""What a transaction changed that is kept count of in memory, told when it is committed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from icestream.engine.decisions.events import AtGate, Event, StepBroken, TasksReady
from icestream.engine.decisions.ready import Ready
from icestream.engine.record.documents import Documents
from icestream.model import ResultId, RevisionId, SubjectId, TaskId

__all__ = ["Applied", "Memory", "Twin"]


@dataclass(frozen=True, slots=True)
class Twin:
    """A task that waits for another that does the same work."""

    task: TaskId
    step: RevisionId
    subject: SubjectId


@dataclass(slots=True)
class Memory:
    """What the record keeps in memory between transactions."""

    documents: Documents = field(default_factory=Documents)
    running: set[str] = field(default_factory=set)
    """Keys of the tasks that are out."""
    twins: dict[str, list[Twin]] = field(default_factory=dict)
    """Tasks that wait for the one that is out, by its key."""
    settled: dict[RevisionId, set[SubjectId]] = field(default_factory=dict)
    """Exposures of a sample whose inputs at a step have come, or will not."""
    made: dict[RevisionId, dict[SubjectId, int]] = field(default_factory=dict)
    """Sizes of what has passed at steps that triggers listen to, by subject."""
    remade: dict[str, ResultId] = field(default_factory=dict)
    """Results whose files were lost and that are made again, by key."""
    silent: Counter[int] = field(default_factory=Counter)
    """How often the worker of a task did not answer any more."""
    unread: dict[RevisionId, str] = field(default_factory=dict)
    """The file that was the last that a step's tasks failed for, since it cannot be read."""
    unmade: list[str] = field(default_factory=list)
    """Why results could not be made again."""


@dataclass(slots=True)
class Applied:
    """What a transaction changed that the coordinator keeps count of in memory."""

    ready: list[Ready] = field(default_factory=list)
    withdrawn: dict[TaskId, RevisionId] = field(default_factory=dict)
    """Ready tasks that need not run after all: their steps by task."""
    arrived: dict[RevisionId, list[int]] = field(default_factory=dict)
    """Sizes of items that came to a step that gathers them, by step."""
    left: dict[RevisionId, list[int]] = field(default_factory=dict)
    """Sizes of items that left it, taken by a task or because they are missing after all."""
    withheld: dict[RevisionId, int] = field(default_factory=dict)
    """How many tasks more, or fewer, wait for others that do the same work."""
    twins: dict[str, list[Twin]] = field(default_factory=dict)
    """Those that wait from now on, by key."""
    released: set[str] = field(default_factory=set)
    """Keys that nobody waits for any more."""
    settled: dict[RevisionId, set[SubjectId]] = field(default_factory=dict)
    gates: list[AtGate] = field(default_factory=list)
    """What triggers hold more, or less, and have let through."""
    made: dict[tuple[RevisionId, SubjectId], int | None] = field(default_factory=dict)
    """Sizes of what has passed at a step that triggers listen to; None for what passes no more."""
    remade: dict[str, str] = field(default_factory=dict)
    """Keys of results that were made again, or not after all, with the reason why not."""
    broken: dict[RevisionId, str] = field(default_factory=dict)
    """Steps whose author's method failed, and how."""
    new_results: set[RevisionId] = field(default_factory=set)
    """Steps that have new results."""

    def events(
        self,
        settled: Sequence[tuple[RevisionId, int]],
        made: Sequence[tuple[RevisionId, int, int]] = (),
    ) -> list[Event]:
        """What follows for decisions, once it is committed.

        `settled` is new of a sample's, `made` what steps have made more for triggers that listen.
        """
        arrived, left = (
            tuple((step, size) for step, sizes in moved.items() for size in sizes)
            for moved in (self.arrived, self.left)
        )
        broken: list[Event] = [StepBroken(step, reason) for step, reason in self.broken.items()]
        told = TasksReady(
            tuple(self.ready),
            tuple(self.withdrawn.items()),
            arrived,
            left,
            tuple((step, change) for step, change in self.withheld.items() if change),
            tuple((step, count) for step, count in settled if count),
            tuple(self.gates),
            tuple(made),
        )
        return broken if told == TasksReady() else [told, *broken]
