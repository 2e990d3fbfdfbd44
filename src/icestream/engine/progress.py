"""How far a session is, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from icestream.model import Alert
from icestream.store.records import Counts

__all__ = ["Outcome", "Progress", "StepProgress"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress:
    """How far one step is."""

    name: str
    kind: str
    state: str
    reason: str
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A snapshot of a running session, cheap to take from any thread."""

    state: str = "starting"
    """starting, running, paused, draining, held, done, stopped."""
    reason: str = ""
    found: int = 0
    """Exposures taken in."""
    waiting: int = 0
    """Files seen that are not whole yet."""
    behind: int = 0
    """Exposures found that the slowest step has not come to yet."""
    steps: tuple[StepProgress, ...] = ()
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a session was left."""

    state: str
    """done: all streams closed and everything processed; stopped: left before that."""
    exposures: Mapping[str, int] = field(default_factory=dict)
    """Number in each state: going, done, rejected, failed."""
    steps: tuple[StepProgress, ...] = ()
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every exposure is done or has a stated reason why it is not."""
        return self.state == "done" and not self.exposures.get("going", 0)
