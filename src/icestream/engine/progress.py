"""How far a session is, and how it ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from icestream.engine.graph.plan import Plan
from icestream.model import Alert, SessionState, StepKind, StepStatus, Taken, taken_words, type_name
from icestream.store import queries
from icestream.store.open import Store
from icestream.store.records import Counts

__all__ = ["Outcome", "Progress", "StepProgress", "look", "outcome", "taken_in"]

_MOVIES = Taken("movie", "movies")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress:
    """How far one step is."""

    name: str
    kind: StepKind
    state: StepStatus
    reason: str
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A snapshot of a running session, cheap to take from any thread."""

    state: SessionState = "starting"
    reason: str = ""
    found: int = 0
    """Exposures taken in."""
    taken: Taken = _MOVIES
    """What they come as, in words."""
    waiting: int = 0
    """Files seen that are not whole yet."""
    behind: int = 0
    """Exposures found that the slowest step has not come to yet."""
    outlook: str = ""
    """When it will have caught up, or by how much it is too slow; empty where it is up to date."""
    steps: tuple[StepProgress, ...] = ()
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a session was left."""

    state: SessionState
    """done: all streams closed and everything processed; stopped: left before that."""
    exposures: Mapping[str, int] = field(default_factory=dict)
    """Number in each state: going, done, rejected, failed."""
    taken: Taken = _MOVIES
    """What they come as, in words."""
    steps: tuple[StepProgress, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    """What made it impossible to go on; empty where nothing did."""

    @property
    def complete(self) -> bool:
        """Whether every exposure is done or has a stated reason why it is not."""
        return self.state == "done" and not self.exposures.get("going", 0)

    @property
    def lost(self) -> tuple[str, ...]:
        """Steps that failed with everything that came to them."""
        counts = {step.name: step.counts for step in self.steps}
        return tuple(name for name, count in counts.items() if count.failed and not count.done)


def look(
    store: Store,
    plan: Plan,
    state: SessionState,
    waiting: int,
    alerts: Iterable[Alert],
    outlook: str = "",
) -> Progress:
    """How far a session is, by its store."""
    steps = _steps(store)
    exposures = sum(step.counts.total for step in steps if step.kind == "source")
    waited_for = {
        step.name
        for step in plan.steps.values()
        if step.adopted and step.per_exposure and not step.protocol.brings
    }
    behind = [exposures - step.counts.ended for step in steps if step.name in waited_for]
    return Progress(
        state=state,
        found=exposures,
        taken=taken_in(plan),
        waiting=waiting,
        behind=max(behind, default=0),
        outlook=outlook,
        steps=steps,
        alerts=tuple(alerts),
    )


def taken_in(plan: Plan) -> Taken:
    """What the sources of a plan bring in."""
    brought = [step.protocol for step in plan.steps.values() if step.protocol.brings]
    return taken_words(type_name(port.item) for one in brought for port in one.outputs())


def outcome(
    store: Store, seconds: float, *, done: bool, reason: str = "", taken: Taken = _MOVIES
) -> Outcome:
    """How a session was left."""
    return Outcome(
        state="done" if done else "stopped",
        exposures=queries.count_exposures(store),
        steps=_steps(store),
        seconds=seconds,
        taken=taken,
        reason=reason,
    )


def _steps(store: Store) -> tuple[StepProgress, ...]:
    return tuple(
        StepProgress(
            name=step.name,
            kind=step.kind,
            state=step.state,
            reason=step.reason,
            counts=step.counts,
        )
        for step in queries.steps(store)
    )
