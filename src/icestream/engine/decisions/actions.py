"""What is to be done, as `decide` says it."""

from dataclasses import dataclass, field

from icestream.engine.decisions.ready import Ready
from icestream.model import RevisionId, StepStatus

__all__ = [
    "Action",
    "AskGate",
    "CancelLease",
    "ChangeStep",
    "CloseGate",
    "FormBatch",
    "Refill",
    "Release",
    "RestartMonitors",
    "SetGate",
    "Start",
    "StartSource",
]


@dataclass(frozen=True, slots=True)
class Start:
    """Send a lease."""

    lease: str
    step: RevisionId
    tasks: tuple[Ready, ...]
    seconds: float = field(default=0.0, compare=False)
    """That it will take, by what tasks of the step took so far; 0: nobody knows."""


@dataclass(frozen=True, slots=True)
class CancelLease:
    """End a lease that runs."""

    lease: str


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """Record a step's new state."""

    step: RevisionId
    state: StepStatus
    reason: str = ""
    alarm: bool = False
    """Whether people should be alerted."""


@dataclass(frozen=True, slots=True)
class Refill:
    """Read the best ready tasks of a step from the store."""

    step: RevisionId


@dataclass(frozen=True, slots=True)
class FormBatch:
    """Make a batch of what has arrived at a step."""

    step: RevisionId
    final: bool


@dataclass(frozen=True, slots=True)
class AskGate:
    """Ask a trigger whether to let its stream, or a part of it, through."""

    step: RevisionId
    items: int
    size: int
    closed: bool
    lot: str = ""
    passed_items: int = 0
    passed_size: int = 0
    first: float = 0.0
    """When the first of those held came."""


@dataclass(frozen=True, slots=True)
class SetGate:
    """Open a trigger's gate, or shut it for good."""

    step: RevisionId
    gate: str
    """open or shut."""


@dataclass(frozen=True, slots=True)
class CloseGate:
    """Let nothing through for a reason, whatever the trigger says; or no more so, without one."""

    step: RevisionId
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """Let what is held of a part of a stream through, leave it out, or draw the rest of it."""

    step: RevisionId
    lot: str
    how: str
    """pass, leave or draw."""


@dataclass(frozen=True, slots=True)
class StartSource:
    """Have a source look anew, from the beginning."""

    step: RevisionId


@dataclass(frozen=True, slots=True)
class RestartMonitors:
    """Have the monitors look with the present parameters."""


Action = (
    Start
    | CancelLease
    | ChangeStep
    | Refill
    | FormBatch
    | AskGate
    | SetGate
    | CloseGate
    | Release
    | StartSource
    | RestartMonitors
)
