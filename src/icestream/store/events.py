"""The catalogue of events: every kind of thing that is said to have happened, with its fields.

Whoever writes an event writes one of these values; `EVENTS` has them by kind. Whoever follows
events gets kind and document, of which `icestream.store.event_reading` makes the value again.

`SCHEMA` counts the versions of the catalogue. It goes up when a kind is added or a field changes
its meaning; a field that is added has a default, for the events of before. The session keeps the
newest version that has written to it, and each `EpochStarted` says its own.

What has no event: a task that becomes ready, is held, starts, or is tried again. Events would be
doubled by it; `icestream.store.queries.steps` has the counts. A result of a task whose step was
revised while it ran has its event when the step returns to that revision.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

__all__ = [
    "EVENTS",
    "SCHEMA",
    "AlertAcknowledged",
    "AlertAdopted",
    "AlertCleared",
    "AlertMuted",
    "AlertRaised",
    "AlertRearmed",
    "AlertSent",
    "AlertUnsent",
    "AlertUpdated",
    "BranchAdopted",
    "BranchCreated",
    "BranchDropped",
    "ChangeUndone",
    "EpochLeft",
    "EpochStarted",
    "Event",
    "ExposureFound",
    "ExposureJudged",
    "ExposureStateChanged",
    "FiguresDrawn",
    "GateMoved",
    "PicksCorrected",
    "RequestAnswered",
    "RequestAsked",
    "SamplesTaken",
    "SegmentWritten",
    "SessionStateChanged",
    "SourceRaised",
    "SourceWaiting",
    "StepAdded",
    "StepRemoved",
    "StepRevised",
    "StepStateChanged",
    "TaskDone",
    "TaskFailed",
    "TaskSkipped",
    "document_of",
]

SCHEMA = 4
"""Version of this catalogue."""

Json = Mapping[str, Any]
"""A JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened."""

    kind: ClassVar[str]
    since: ClassVar[int] = 1
    """Version of the catalogue that had it first; 0: it was written before there was one."""
    step: ClassVar[str] = ""
    """What the event's step is; empty: it has none."""
    exposure: ClassVar[str] = ""
    """What the event's exposure is; empty: it has none."""


# -- the session and its coordinators --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochStarted(Event):
    """A coordinator took the session over. What was running is ready again."""

    kind: ClassVar[str] = "epoch.started"
    since: ClassVar[int] = 0
    epoch: int
    """Its number, from 1."""
    host: str = ""
    folder: str = ""
    """Where the session was then."""
    holder: str = ""
    """``pid@host``."""
    who: str = ""
    """The person who ran it."""
    workflow: str = ""
    """Name of the workflow."""
    order: str = ""
    """``newest`` or ``oldest`` exposure first, or ``both`` in turn."""
    events: int = 0
    """Version of the catalogue that it writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochLeft(Event):
    """A coordinator left the session; one that was killed could not say so."""

    kind: ClassVar[str] = "epoch.left"
    epoch: int
    state: str
    """``done`` or ``stopped``."""
    reason: str = ""
    """What made it impossible to go on; empty where nothing did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStateChanged(Event):
    """The session has another state."""

    kind: ClassVar[str] = "session.state"
    since: ClassVar[int] = 0
    state: str
    """running, paused, draining, stopped, done."""
    reason: str = ""


# -- steps -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAdded(Event):
    """The workflow of a branch has a step more."""

    kind: ClassVar[str] = "step.added"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the new one"
    protocol: str = ""
    revision: int = 1
    """Number of its revision; not the first where it was there before."""
    who: str = ""
    """Who added it; empty for a workflow that was given when the session was run."""
    branch: str = "main"
    """Name of the branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRemoved(Event):
    """The workflow of a branch has a step less; what it made stays."""

    kind: ClassVar[str] = "step.removed"
    step: ClassVar[str] = "the one that was taken out"
    who: str
    branch: str
    """Name of the branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRevised(Event):
    """A step has other parameters, or something else feeds it."""

    kind: ClassVar[str] = "step.revised"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the one that was revised"
    revision: int
    """Number of the revision that it has now, an earlier one perhaps."""
    who: str
    """Who changed it; empty for a workflow that was given when the session was run."""
    changed: Json
    """All parameters that a person set, with their values now."""
    branch: str = "main"
    """Name of the branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchCreated(Event):
    """There is a branch more."""

    kind: ClassVar[str] = "branch.created"
    branch: str
    """Its name."""
    who: str
    sample: int | None = None
    """How many exposures it is for; None for all."""
    base: str = ""
    """Name of the branch that it was made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchAdopted(Event):
    """A branch is the one that people mean from now on; the one before rests."""

    kind: ClassVar[str] = "branch.adopted"
    branch: str
    """Its name."""
    before: str
    """Name of the one before."""
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchDropped(Event):
    """A branch is processed no more."""

    kind: ClassVar[str] = "branch.dropped"
    branch: str
    """Its name."""
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeUndone(Event):
    """What is said at the same moment takes back the change before it."""

    kind: ClassVar[str] = "change.undone"
    since: ClassVar[int] = 3
    branch: str
    """Name of the branch that is adopted from now on."""
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStateChanged(Event):
    """A step has another state."""

    kind: ClassVar[str] = "step.state"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the one whose state it is"
    state: str
    """waiting, running, paused, draining, done, failed."""
    reason: str = ""
    branch: str = ""
    """Name of the branch, where only others than the adopted one have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateMoved(Event):
    """A trigger lets its stream or a part of it through, or shuts it out."""

    kind: ClassVar[str] = "step.gate"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the trigger"
    gate: str
    """``open`` or ``shut``; ``closed`` by another step, or ``held`` when that closes it no more."""
    lot: str = ""
    """The part of the stream, such as a grid square; empty for all of it."""
    reason: str = ""
    """Why it is closed."""
    branch: str = ""
    """Name of the branch, where only others than the adopted one have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWaiting(Event):
    """Another number of files has been seen that are not whole yet."""

    kind: ClassVar[str] = "source.waiting"
    step: ClassVar[str] = "the source"
    waiting: int
    branch: str = ""
    """Name of the branch, where only others than the adopted one have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRaised(Event):
    """A source could not look for new items."""

    kind: ClassVar[str] = "source.failed"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the source"
    details: str
    """Traceback."""
    reason: str = ""
    final: bool = False
    """It is not asked again."""


# -- exposures and tasks ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureFound(Event):
    """An exposure was taken in; it is going."""

    kind: ClassVar[str] = "exposure.found"
    since: ClassVar[int] = 0
    exposure: ClassVar[str] = "the new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureStateChanged(Event):
    """An exposure has come to an end, goes on again, or has other reasons."""

    kind: ClassVar[str] = "exposure.state"
    exposure: ClassVar[str] = "the one whose state it is"
    state: str
    """going, done, rejected, failed."""
    reasons: Sequence[str]
    """Why it was rejected or failed, each with the step's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureJudged(Event):
    """A person accepted or rejected an exposure."""

    kind: ClassVar[str] = "exposure.judged"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the selection, sampler, trigger or source at which the word holds"
    exposure: ClassVar[str] = "the one that was judged"
    accepted: bool
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PicksCorrected(Event):
    """A person changed the picks of an exposure by hand, or took that back."""

    kind: ClassVar[str] = "picks.corrected"
    since: ClassVar[int] = 4
    step: ClassVar[str] = "the one whose picks they are"
    exposure: ClassVar[str] = "the one whose picks they are"
    added: int
    """How many picks are added by hand now, all in all; 0 where all was taken back."""
    removed: int
    """How many are removed by hand now, all in all."""
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone(Event):
    """A task ended well, or what it would have made was there."""

    kind: ClassVar[str] = "task.done"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the task's"
    exposure: ClassVar[str] = "the task's; none for a batch"
    result: int | None
    """Number of its result; none at a trigger, which makes nothing."""
    branch: str = ""
    """Name of the branch, where only others than the adopted one have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailed(Event):
    """A task failed for good."""

    kind: ClassVar[str] = "task.failed"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the task's"
    exposure: ClassVar[str] = "the task's; none for a batch"
    reason: str
    branch: str = ""
    """Name of the branch, where only others than the adopted one have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSkipped(Event):
    """A task need not be done, because of what came before it."""

    kind: ClassVar[str] = "task.skipped"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the task's"
    exposure: ClassVar[str] = "the task's"
    reason: str
    branch: str = ""
    """Name of the branch, where only others than the adopted one have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentWritten(Event):
    """Particles were gathered in a Parquet file."""

    kind: ClassVar[str] = "segment.written"
    step: ClassVar[str] = "the one that made the particles"
    path: str
    """Relative to the session's folder."""
    rows: int


# -- alerts and what monitors measure --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Event):
    """There is something that a person should know."""

    kind: ClassVar[str] = "alert.raised"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the one that raised it; none where it is about the session"
    alert: int
    """Its number."""
    key: str = ""
    level: str = ""
    message: str = ""
    about: str | None = None
    """Name of the exposure that it is about."""
    offer: Json | None = None
    """``step`` and ``changes`` that would fix it, and whether ``automatic``ally."""
    began: float | None = None
    """When its first exposure was taken."""
    extent: Json | None = None
    """Which exposures show it: ``first``, ``last``, ``count``, ``grid_square`` ..."""
    cause: str = ""
    """What is likely to have caused it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertUpdated(Event):
    """An alert that holds says something else."""

    kind: ClassVar[str] = "alert.updated"
    step: ClassVar[str] = "the one that raised it; none where it is about the session"
    alert: int
    key: str
    level: str
    message: str
    about: str | None
    """Name of the exposure that it is about."""
    offer: Json | None
    began: float | None = None
    """When its first exposure was taken."""
    extent: Json | None = None
    """Which exposures show it: ``first``, ``last``, ``count``, ``grid_square`` ..."""
    cause: str = ""
    """What is likely to have caused it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCleared(Event):
    """An alert holds no longer."""

    kind: ClassVar[str] = "alert.cleared"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the one that raised it; none where it is about the session"
    alert: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAcknowledged(Event):
    """Somebody has seen an alert."""

    kind: ClassVar[str] = "alert.acknowledged"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the one that raised it; none where it is about the session"
    alert: int
    who: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMuted(Event):
    """Alerts of a key are sent to nobody for a time."""

    kind: ClassVar[str] = "alert.muted"
    since: ClassVar[int] = 2
    step: ClassVar[str] = "the one whose alerts are meant; none where it is those of all"
    key: str
    until: float
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRearmed(Event):
    """Alerts of a key are sent again, also those that were acknowledged."""

    kind: ClassVar[str] = "alert.rearmed"
    since: ClassVar[int] = 2
    step: ClassVar[str] = "the one whose alerts are meant; none where it is those of all"
    key: str
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSent(Event):
    """A channel took an alert, or that it is over."""

    kind: ClassVar[str] = "alert.sent"
    since: ClassVar[int] = 2
    step: ClassVar[str] = "the one that raised it; none where it is about the session"
    alert: int
    channel: str
    over: bool
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertUnsent(Event):
    """An alert could not be sent over a channel for a day, and was given up."""

    kind: ClassVar[str] = "alert.unsent"
    since: ClassVar[int] = 2
    step: ClassVar[str] = "the one that raised it; none where it is about the session"
    alert: int
    channel: str
    over: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAdopted(Event):
    """What an alert offers was adopted: by a person, or by the session, which asks for it then."""

    kind: ClassVar[str] = "alert.adopted"
    since: ClassVar[int] = 0
    step: ClassVar[str] = "the one that raised it"
    alert: int
    who: str
    offer: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesTaken(Event):
    """A monitor measured something: one event for an inspection."""

    kind: ClassVar[str] = "samples.taken"
    step: ClassVar[str] = "the monitor"
    names: Sequence[str]
    """Of the time series that have new values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresDrawn(Event):
    """A monitor drew its figures anew."""

    kind: ClassVar[str] = "figures.drawn"
    step: ClassVar[str] = "the monitor"
    titles: Sequence[str]


# -- requests --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAsked(Event):
    """The coordinator has read a request; it was asked at the time that its row says."""

    kind: ClassVar[str] = "request.asked"
    token: str
    verb: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAnswered(Event):
    """A request was carried out or refused."""

    kind: ClassVar[str] = "request.answered"
    since: ClassVar[int] = 0
    verb: str
    verdict: str
    """``done`` or ``refused``."""
    answer: str
    token: str = ""
    who: str = ""


EVENTS: Mapping[str, type[Event]] = {
    event.kind: event
    for event in (
        *(EpochStarted, EpochLeft, SessionStateChanged),
        *(BranchCreated, BranchAdopted, BranchDropped, ChangeUndone),
        *(StepAdded, StepRevised, StepRemoved),
        *(StepStateChanged, GateMoved, SourceWaiting, SourceRaised),
        *(ExposureFound, ExposureStateChanged, ExposureJudged, PicksCorrected),
        *(TaskDone, TaskFailed, TaskSkipped, SegmentWritten),
        *(AlertRaised, AlertUpdated, AlertCleared, AlertAcknowledged, AlertAdopted),
        *(AlertMuted, AlertRearmed, AlertSent, AlertUnsent),
        *(SamplesTaken, FiguresDrawn, RequestAsked, RequestAnswered),
    )
}
"""Every kind of event."""

_encode = json.JSONEncoder(default=str).encode
_NAMES = {event: tuple(field.name for field in fields(event)) for event in EVENTS.values()}


def document_of(event: Event) -> str:
    """The fields of an event as JSON."""
    return _encode({name: getattr(event, name) for name in _NAMES[type(event)]})
