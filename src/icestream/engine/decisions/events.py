"""What happened, as `decide` is told it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from icestream.engine.decisions.ready import Order, Ready
from icestream.engine.decisions.state import StepState
from icestream.engine.graph.plan import Lane
from icestream.model import RevisionId, TaskId

__all__ = [
    "Abandoned",
    "Asked",
    "AtGate",
    "Backfilling",
    "BatchFormed",
    "Event",
    "GateAnswered",
    "Granted",
    "LeaseEnded",
    "LeftPaused",
    "Reconciled",
    "Refilled",
    "Reopened",
    "Replanned",
    "SlotsChanged",
    "StepBroken",
    "StreamEnded",
    "TasksReady",
    "Tick",
    "Trouble",
]


@dataclass(frozen=True, slots=True)
class AtGate:
    """How much more, or less, a trigger holds of a part of its stream, and has let through."""

    step: RevisionId
    lot: str
    items: int = 0
    size: int = 0
    passed_items: int = 0
    passed_size: int = 0
    when: float = 0.0


@dataclass(frozen=True, slots=True)
class TasksReady:
    """Tasks that can start, and what else a transaction changed."""

    tasks: tuple[Ready, ...] = ()
    withdrawn: tuple[tuple[TaskId, RevisionId], ...] = ()
    """(task, step) of ready tasks that must not start after all."""
    arrived: tuple[tuple[RevisionId, int], ...] = ()
    """(step, size) of items that came to batches and groups; an empty item has the size 0."""
    left: tuple[tuple[RevisionId, int], ...] = ()
    """(step, size) of those that went on in a task, or are missing after all."""
    withheld: tuple[tuple[RevisionId, int], ...] = ()
    """(step, how many more, or fewer) of tasks that wait for others which do the same work."""
    settled: tuple[tuple[RevisionId, int], ...] = ()
    """(step, how many) of a sample's exposures that a step has not to wait for any more."""
    gates: tuple[AtGate, ...] = ()
    made: tuple[tuple[RevisionId, int, int], ...] = ()
    """(step, items, size) that a step which triggers listen to has made more, or fewer."""


@dataclass(frozen=True, slots=True)
class LeaseEnded:
    """What became of a lease's tasks, by their numbers."""

    lease: str
    done: tuple[TaskId, ...] = ()
    failed: tuple[TaskId, ...] = ()
    """With an unexpected error, or after all attempts."""
    refused: tuple[TaskId, ...] = ()
    """Their protocol says that they cannot be processed."""
    again: tuple[tuple[TaskId, float], ...] = ()
    """(task, when to try again)."""
    returned: tuple[TaskId, ...] = ()
    """Not their own fault: ready again at once."""
    seconds: float = 0.0
    """Mean of the done ones."""
    reason: str = ""
    """Of the last failure."""


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """A source will bring nothing more (or will, after all)."""

    step: RevisionId
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Refilled:
    """The best ready tasks of a step, from the store."""

    step: RevisionId
    tasks: tuple[Ready, ...]


@dataclass(frozen=True, slots=True)
class Backfilling:
    """A step's earlier exposures are being looked at, or no longer."""

    step: RevisionId
    active: bool


@dataclass(frozen=True, slots=True)
class BatchFormed:
    """What came of forming a batch."""

    step: RevisionId
    formed: bool
    final: bool


@dataclass(frozen=True, slots=True)
class GateAnswered:
    """What a trigger said when it was asked."""

    step: RevisionId
    ready: bool
    closed: bool
    """Whether the stream had ended when it was asked."""
    late: bool = False
    """Its gate had been opened or shut already: these came before that, and were heard of after."""
    lot: str = ""
    """The part of the stream that it was asked about."""


@dataclass(frozen=True, slots=True)
class StepBroken:
    """An author's method failed in the coordinator itself."""

    step: RevisionId
    reason: str


@dataclass(frozen=True, slots=True)
class Replanned:
    """Branches have other revisions now."""

    fresh: tuple[StepState, ...]
    """Steps that are new, or to be taken up anew: their states, from the store."""
    gone: tuple[RevisionId, ...] = ()
    """Steps that no branch has any more."""
    replaced: Mapping[RevisionId, RevisionId] = field(default_factory=dict)
    """Those that are gone by those that came in their places."""
    lanes: Mapping[RevisionId, Lane] = field(default_factory=dict)
    """Of steps that are in another lane, perhaps, since another branch was adopted."""
    made: Mapping[RevisionId, tuple[int, int]] = field(default_factory=dict)
    """Items and size of what steps that triggers listen to have made."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """Sources may bring something again: what they refused may be whole now."""

    steps: tuple[RevisionId, ...]


@dataclass(frozen=True, slots=True)
class LeftPaused:
    """Steps that an earlier run left paused: whoever paused them may be gone."""

    steps: tuple[RevisionId, ...]


@dataclass(frozen=True, slots=True)
class Granted:
    """The session has another share of the machine, by kind of the machine's ledger."""

    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SlotsChanged:
    """The executor can run so many leases at once now; those that run beyond that go on."""

    slots: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Steps, or the session, are to be paused, resumed, stopped or aborted."""

    verb: str
    steps: tuple[RevisionId, ...] = ()
    """Empty: the whole session."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """Other exposures are to go first."""

    order: Order


@dataclass(frozen=True, slots=True)
class Trouble:
    """The store or the disk cannot be written (or can again, when `reason` is empty)."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the store says, after something could not be recorded."""

    lost: tuple[str, ...]
    """Leases that the store knows nothing of."""
    steps: tuple[StepState, ...]


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The session is left as it is: nothing can be recorded any more."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = (
    TasksReady
    | LeaseEnded
    | StreamEnded
    | Refilled
    | Backfilling
    | BatchFormed
    | GateAnswered
    | StepBroken
    | Replanned
    | Reopened
    | LeftPaused
    | Granted
    | SlotsChanged
    | Asked
    | OrderChanged
    | Trouble
    | Reconciled
    | Abandoned
    | Tick
)
