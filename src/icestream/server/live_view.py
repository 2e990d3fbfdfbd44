"""Where a session stands, as its page is told every few seconds; what is in it has its type here.

The keys are those of `icestream.report.live.live_document`, in the units that people are shown.
"""

from typing import Any

from pydantic import BaseModel

from icestream.server.result_links import PictureLink

__all__ = ["LiveView", "NewestExposure"]


class LiveSession(BaseModel):
    """The session."""

    name: str
    workflow: str
    state: str
    reason: str
    finished: bool
    started: float
    ended: float | None
    beside: str
    """Name of the branch that is told of, where that is not the adopted one."""


class LiveCounts(BaseModel):
    """Exposures of the branch by what has become of them."""

    found: int
    settled: int
    behind: int
    pending: int
    accepted: int
    rejected: int
    failed: int
    of_session: int
    """All that the session has found; a branch may have a part of them."""


class LiveCalled(BaseModel):
    """What comes in, in words."""

    one: str
    many: str


class LiveVerdict(BaseModel):
    """One of three answers: does the microscope deliver, are the data good, is it kept up with."""

    about: str
    state: str
    """good, watch, bad, unknown, ended."""
    word: str
    why: str


class LiveSpark(BaseModel):
    """Counts by minute of the last hour."""

    found: tuple[int, ...]
    settled: tuple[int, ...]


class LiveRates(BaseModel):
    """How fast movies come and are processed; null without evidence."""

    found: float | None
    settled: float | None
    latency: float | None
    last: float | None
    awaited: float | None
    """Since when the next one is awaited: the last was found, or the session went on, then."""
    now: float
    usual: float | None
    """Usual seconds between two movies."""
    spark: LiveSpark
    forecast: dict[str, Any] | None
    """`icestream.model.outlook.forecast_document`."""
    disk: dict[str, Any] | None
    """`icestream.model.outlook.filling_document`."""


class LiveTile(BaseModel):
    """A number at the head of the page."""

    title: str
    value: float
    text: str
    unit: str
    below: tuple[str, ...]


class LiveDecision(BaseModel):
    """Something that was decided."""

    time: float
    who: str
    by_session: bool
    what: str
    why: str


class LiveStep(BaseModel):
    """One step and how far it is."""

    name: str
    title: str
    kind: str
    state: str
    reason: str
    again: int
    """Exposures that wait to be done again."""
    set: LiveDecision | None
    """The last change of its parameters."""
    ready: int
    running: int
    held: int
    done: int
    rejected: int
    failed: int
    skipped: int
    seconds: float | None
    limits: tuple[str, ...]
    """What it refuses or warns of, in words."""


class LiveAgain(BaseModel):
    """What waits to be run again."""

    text: str
    until: float | None
    who: str
    command: str


class LiveAlert(BaseModel):
    """An alert that holds, or one of the last that have passed."""

    number: int
    level: str
    message: str
    step: str
    exposure: str
    order: int | None
    since: float
    until: float | None
    told: float
    extent: str
    cause: str
    note: str
    cleared: float | None
    acknowledged: float | None
    acknowledged_by: str
    acknowledged_why: str
    muted: float | None
    muted_by: str
    offer: dict[str, Any] | None
    command: str
    """What does what it offers, on the command line."""
    adopted: float | None
    adopted_by: str


class LiveLoad(BaseModel):
    """A measured value of the machine over the last hour."""

    name: str
    title: str
    unit: str
    now: float | None
    text: str
    note: str
    points: tuple[tuple[float, float | None], ...]


class LiveQuality(BaseModel):
    """What is said of a quality wherever a value of it is shown."""

    title: str
    short: str
    unit: str
    whole: bool
    digits: int
    meaning: str
    limits: dict[str, Any]
    """`lines` to draw, and `words`: what is refused and what is warned of, in the shown unit."""


class NewestExposure(BaseModel):
    """The exposure that was processed last."""

    name: str
    number: int
    state: str
    found: float
    time: float | None
    pictures: tuple[PictureLink, ...]
    qualities: dict[str, float]
    """In the unit of files."""


class LiveView(BaseModel):
    """Where a session stands; its size does not grow with the session."""

    written: float
    last_event: int
    """Number of the newest event that is in it; subscribe from there."""
    session: LiveSession
    counts: LiveCounts
    called: LiveCalled
    verdicts: tuple[LiveVerdict, ...]
    rates: LiveRates
    headline: tuple[LiveTile, ...]
    steps: tuple[LiveStep, ...]
    again: LiveAgain | None
    decisions: tuple[LiveDecision, ...]
    """The last of the history, the newest first."""
    links: tuple[tuple[str, str], ...]
    """Which step feeds which."""
    alerts: tuple[LiveAlert, ...]
    machine: tuple[LiveLoad, ...]
    chunks: dict[str, Any]
    qualities: dict[str, LiveQuality]
    order: tuple[str, ...]
    """Names of the qualities in the order of the page."""
    columns: tuple[str, ...]
    newest: NewestExposure | None
