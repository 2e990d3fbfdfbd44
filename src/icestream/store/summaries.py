"""A session at a glance, as the list of all sessions shows it."""

from dataclasses import dataclass, field

__all__ = ["AlertCounts", "ExposureCounts", "SessionRate", "SessionSummary", "SessionVerdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureCounts:
    """Exposures of a session."""

    found: int = 0
    """All of them."""
    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    behind: int = 0
    """Those that need something more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRate:
    """How a session gets on."""

    per_hour: float | None = None
    """Movies found in an hour; None where there is no evidence."""
    processed: float | None = None
    """Movies processed in an hour."""
    last: float | None = None
    """When the last movie was found, seconds since the epoch."""
    interval: float | None = None
    """Usual seconds between two movies."""
    words: str = ""
    """When it will have caught up, or by how much it is too slow; empty where it keeps up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCounts:
    """Alerts that hold, by their level."""

    critical: int = 0
    warning: int = 0
    notice: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionVerdict:
    """Whether a session is good, in a sentence."""

    level: str
    """good, watch, bad, unknown, or ended."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """One session, at a glance."""

    id: str
    """By which it is asked for."""
    folder: str
    name: str = ""
    workflow: str = ""
    """Name of the workflow."""
    state: str = ""
    """Empty where the session cannot be read."""
    reason: str = ""
    """Why it is in that state."""
    running: bool = False
    """Whether a coordinator holds it."""
    microscope: str = ""
    """By the name that the settings have for it; empty where nobody said."""
    created: float = 0.0
    """Seconds since the epoch."""
    changed: float = 0.0
    counts: ExposureCounts = field(default_factory=ExposureCounts)
    rate: SessionRate = field(default_factory=SessionRate)
    alerts: AlertCounts = field(default_factory=AlertCounts)
    verdict: SessionVerdict | None = None
    """None where the session cannot be read."""
    trend: tuple[float, ...] = ()
    """Resolution of the CTF fits of the newest exposures, Å, the oldest first."""
    people: tuple[str, ...] = ()
    """Those who may see it, besides staff."""
    problem: str | None = None
    """Why it cannot be read."""
    archived: bool = False
