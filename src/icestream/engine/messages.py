"""Every message that the coordinator's inbox takes, from whichever thread it comes."""

from dataclasses import dataclass

from icestream.engine.executors.contract import CapacityChanged, Ended
from icestream.engine.machine.ledger import Grant, LedgerTrouble
from icestream.engine.machine.watched import ThreadDied
from icestream.model import Alert, ResultId, RevisionId, StepId
from icestream.protocol import Discovery, Figure, Sample

__all__ = [
    "LIMITS",
    "Compacted",
    "Delivered",
    "Discovered",
    "Inspected",
    "Message",
    "Rung",
    "SourceFailed",
    "StopAsked",
]

LIMITS = "limits."
"""How the key of an alert begins by which a selection offers limits of its own."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of a message to a channel."""

    channel: str
    deliveries: tuple[int, ...]
    """Numbers of what was in it."""
    error: str = ""
    """Why it could not be sent; empty: it was."""
    answer: str = ""
    refused: str = ""
    """Whom the server will not pass it to."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a source found."""

    step: RevisionId
    found: Discovery


@dataclass(frozen=True, slots=True)
class SourceFailed:
    """A source raised."""

    step: RevisionId
    reason: str
    details: str
    final: bool = False
    """It is not asked again."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a monitor said, or a selection of its limits."""

    step: RevisionId
    time: float
    alerts: tuple[Alert, ...] = ()
    samples: tuple[Sample, ...] = ()
    figures: tuple[Figure, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Compacted:
    """A segment that was written."""

    step: StepId
    revision: RevisionId
    path: str
    rows: int
    results: tuple[ResultId, ...]
    size: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    """Somebody wrote a request."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Somebody wants the coordinator to end."""

    drain: bool
    """After what runs now; otherwise at once."""


Message = (
    Ended
    | CapacityChanged
    | Discovered
    | SourceFailed
    | Inspected
    | Compacted
    | Delivered
    | ThreadDied
    | Grant
    | LedgerTrouble
    | Rung
    | StopAsked
)
