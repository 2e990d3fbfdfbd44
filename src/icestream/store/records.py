"""What readers of a session get: frozen records, one kind per thing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from icestream.model import (
    BranchState,
    ExposureState,
    SessionState,
    StepKind,
    StepStatus,
    SubjectKind,
    TaskState,
)

__all__ = [
    "AlertRecord",
    "BranchRecord",
    "CorrectionRecord",
    "Counts",
    "DecisionRecord",
    "EpochRecord",
    "EventRecord",
    "ExposureRecord",
    "FailureRecord",
    "HistoryRecord",
    "LineageRecord",
    "LinkRecord",
    "PictureRecord",
    "QualityRecord",
    "RequestRecord",
    "RerunRecord",
    "ResultRecord",
    "RevisionRecord",
    "SampleRecord",
    "SessionRecord",
    "StandingRecord",
    "StepRecord",
    "WorkflowRecord",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """The session itself."""

    name: str
    workflow: str
    """Name of the workflow."""
    order: str
    """``newest`` or ``oldest`` exposure first."""
    state: SessionState
    reason: str
    """Why it is paused or held; empty otherwise."""
    branch: str
    """Name of the branch that was adopted."""
    epoch: int
    """How many coordinators have run it, the present one included."""
    holder: str
    """``pid@host`` of the coordinator that ran it last."""
    created: float
    """Seconds since the epoch."""
    changed: float
    uid: str = ""
    """Made with the session; its own wherever its folder is moved. A copied folder keeps it."""
    events: int = 0
    """Newest version of the catalogue of events that has written to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRecord:
    """A named set of revisions: a workflow as of some moment, beside others."""

    name: str
    workflow: str
    """Name of its workflow."""
    state: BranchState
    adopted: bool
    """Whether it is the one that people mean when they name none."""
    sample: int | None
    """How many exposures it is for; None for all."""
    created: float
    who: str
    base: str = ""
    """Name of the branch that it was made from; empty where that was not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Tasks of a step's current revision, by state."""

    ready: int = 0
    running: int = 0
    held: int = 0
    """By a trigger."""
    done: int = 0
    """The rejected ones included."""
    failed: int = 0
    skipped: int = 0
    """Not processed, because an earlier step failed or rejected the exposure."""
    rejected: int = 0
    reused: int = 0
    """Done without running, because the same work had been done before."""
    seconds: float = 0.0
    """Sum of the time that the done ones took."""
    cpu: float = 0.0
    """Sum of the processor time of the metered ones, with the programs that they ran, seconds."""
    metered: int = 0
    """Done ones whose processor time is known."""
    memory: float = 0.0
    """Most that a process of any of them had at its peak, bytes; 0: not known."""

    @property
    def total(self) -> int:
        """All tasks so far."""
        return self.ready + self.running + self.held + self.done + self.failed + self.skipped

    @property
    def ended(self) -> int:
        """Tasks that need nothing more."""
        return self.done + self.failed + self.skipped

    @property
    def mean_seconds(self) -> float:
        """Mean time of a task that ran; 0 before the first."""
        ran = self.done - self.reused
        return self.seconds / ran if ran > 0 else 0.0

    @property
    def mean_cpu(self) -> float | None:
        """Mean processor time of a task, seconds; None where it is known of none."""
        return self.cpu / self.metered if self.metered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """A protocol placed in the session's workflow."""

    id: int
    name: str
    protocol: str
    kind: StepKind
    depth: int
    """Links between it and the farthest source."""
    state: StepStatus
    reason: str
    """Why it is paused or failed; empty otherwise."""
    revision: int
    """Number of the current revision, from 1."""
    parameters: Mapping[str, Any]
    """All parameters of the current revision."""
    changed: Mapping[str, Any]
    """Those that a person set."""
    counts: Counts
    waiting: int = 0
    """Of a source: files that it has seen and that are not whole yet."""
    closed: str = ""
    """Of a trigger: by which other step it is closed, and why."""
    said_by: Mapping[str, str] = field(default_factory=dict)
    """Who said those of `changed` that no person did, by parameter."""
    within: tuple[str, ...] | None = None
    """Folders below which it reads, beside the session's own; None: wherever it is led."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRecord:
    """Parameters of a step as of some moment."""

    step: str
    number: int
    parameters: Mapping[str, Any]
    changed: Mapping[str, Any]
    version: int
    """Of the protocol."""
    created: float
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRecord:
    """What the adopted branch was before a change: results that stand until others replace them.

    Queries take it in the place of a branch's name.
    """

    branch: str
    """Name of the branch."""
    revisions: frozenset[int]
    steps: Mapping[str, int]
    """Number of the revision of each step."""
    until: float
    """When it was changed, seconds since the epoch."""
    who: str
    """Who changed it; empty for a workflow that was given when the session was run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRecord:
    """Something that a person, a program or the session itself decided."""

    time: float
    who: str
    """Empty for a workflow that was given when the session was run."""
    by_session: bool
    """Whether a step of the session, such as a monitor, did it by itself."""
    verb: str
    document: Mapping[str, Any]
    """What was asked, as the model of the verb has it; of a step that was only seen to be changed,
    its ``step`` and ``changes``."""
    why: str
    state: str
    """new (nobody has carried it out yet), done, refused."""
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunRecord:
    """A step that has to be run again, since it or what feeds it was changed."""

    step: str
    kind: StepKind
    waiting: int
    """Exposures or groups that have results of before and none of now; 0 for a batch step."""
    before: int
    """Those that had results before; batches for a batch step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """An output of one step that feeds an input of another."""

    step: str
    port: str
    source: str
    source_port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRecord:
    """The graph that the session runs."""

    name: str
    steps: tuple[StepRecord, ...]
    links: tuple[LinkRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureRecord:
    """One shot and how far it has come."""

    id: int
    """Of its subject: grows; follow new ones with ``after=``."""
    number: int
    """In order of arrival, from 1."""
    name: str
    state: ExposureState
    reasons: tuple[str, ...]
    """Why it was rejected or failed, each with the step's name."""
    found: float
    """When it was taken in, seconds since the epoch."""
    details: Mapping[str, Any]
    """The document of `icestream.model.Exposure`, as far as the metadata said."""
    steps: Mapping[str, str] = field(default_factory=dict)
    """State of its task at each step: ready, running, held, done, failed, skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRecord:
    """One measured quality of an exposure."""

    id: int
    """Grows; follow new ones with ``after=``. A newer record of an exposure replaces an older."""
    step: str
    exposure: str
    subject_id: int
    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRecord:
    """A file of a result that people look at."""

    port: str
    path: str
    """Inside the session relative to its folder."""
    title: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRecord:
    """What one task made."""

    serial: int
    """Sequence number of the event that committed it; follow new ones with ``after=``."""
    id: int
    step: str
    revision: int
    subject: str
    """Name of what it is about: of an exposure, a group, or a batch."""
    about: SubjectKind
    exposure: str
    """Name of the exposure; empty for the result of a group or a batch."""
    batch: int
    """Number of the batch from 1; 0 for other results."""
    key: str
    outputs: Mapping[str, Mapping[str, Any]]
    """Documents of the items by output port. A selection has ``verdict`` only."""
    seconds: float
    """Time that the task took."""
    cpu: float | None
    """Processor time of it and of the programs that it ran, seconds; None: not measured."""
    memory: float | None
    """Of the largest of its processes at its peak, bytes; None: not known."""
    finished: float
    """When it ended, seconds since the epoch."""
    passed: bool
    """Whether it goes on: False for a rejected exposure."""
    attempt: int
    host: str
    types: Mapping[str, str] = field(default_factory=dict)
    """``module:Class`` of the items by output port; `icestream.store.items` makes them."""
    pictures: tuple[PictureRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRecord:
    """A task that failed or was skipped, and why."""

    serial: int
    step: str
    exposure: str
    """Empty where it is about a group or a batch."""
    subject: str
    """Name of what it is about."""
    state: TaskState
    reason: str
    details: str
    """Traceback or last lines of the program's output; may be empty."""
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRecord:
    """Something that a person should know."""

    id: int
    step: str
    """Empty when it is about the session as a whole."""
    branch: str
    """The branch of the step."""
    key: str
    level: str
    message: str
    exposure: str
    raised: float
    cleared: float | None
    acknowledged: float | None
    acknowledged_by: str
    offer: Mapping[str, Any] | None = None
    """``step`` and ``changes`` that would fix it, and whether to do so ``automatic``ally."""
    adopted: float | None = None
    """When what it offers was done."""
    adopted_by: str = ""
    acknowledged_why: str = ""
    muted: float | None = None
    """Until when nothing of its kind is sent; None: it is not muted."""
    muted_by: str = ""
    muted_why: str = ""
    began: float | None = None
    """When its first exposure was taken."""
    extent: Mapping[str, Any] | None = None
    """Which exposures show it: ``first``, ``last``, ``count``, and ``grid_square``, ``foil_hole``
    or ``group`` where one alone does."""
    cause: str = ""
    """What is likely to have caused it."""

    @property
    def since(self) -> float:
        """When what it is about began, as well as is known."""
        return self.raised if self.began is None else self.began

    @property
    def ended(self) -> float | None:
        """When the last exposure was taken that shows it, where it is over and that is known."""
        return (self.extent or {}).get("ended")

    @property
    def until(self) -> float | None:
        """When it was over, as well as is known; None: it holds."""
        return self.cleared if self.ended is None else self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRecord:
    """One value of a time series."""

    id: int
    time: float
    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """Something that happened; `icestream.store.event_reading.read_event` makes a value of it."""

    seq: int
    time: float
    kind: str
    step: str
    exposure: str
    subject: str
    """Of a group or batch too."""
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A person's word on an exposure."""

    step: str
    exposure: str
    accepted: bool
    who: str
    why: str
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRecord:
    """What a person has changed by hand about what a step found in an exposure."""

    id: int
    step: str
    exposure: str
    added: int
    """How many picks were added by hand then, all in all; none where it was taken back."""
    removed: int
    """How many were removed by hand."""
    who: str
    why: str
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """What a person or a program asked of the session."""

    verb: str
    document: Mapping[str, Any]
    """What was asked, as the model of the verb has it."""
    who: str
    time: float
    state: str
    """new (nobody has answered yet), done, refused."""
    answer: str
    token: str = ""
    """By which it is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """One coordinator that ran the session."""

    number: int
    """From 1; `LineageRecord.epoch` points here."""
    started: float
    holder: str
    """``pid@host``."""
    software: Mapping[str, str]
    """Versions of Python and of the distributions that results depend on."""
    host: str = ""
    folder: str = ""
    """Where the session's folder was; empty for what an early version ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageRecord:
    """One result among the ancestors of another, with how it was made."""

    id: int
    step: str
    protocol: str
    version: int
    revision: int
    epoch: int
    """Number of the coordinator that ran it."""
    exposure: str
    """Empty where it is about a group or a batch."""
    subject: str
    """Name of what it is about."""
    key: str
    parameters: Mapping[str, Any]
    inputs: tuple[tuple[str, int], ...]
    """(port, id of the result that came in)."""
    types: Mapping[str, str]
    """``module:Class`` of what it is, by output port."""
    files: tuple[tuple[str, int], ...]
    """(path, bytes); paths inside the session are relative to its folder."""
    finished: float
    seconds: float
    host: str
    cpu: float | None = None
    """Processor time, with the programs that were run, seconds; None: not measured."""
    memory: float | None = None
    """Of the largest of its processes at its peak, bytes; None: not known."""
    by_hand: CorrectionRecord | None = None
    """The correction by which a person made it of its input ``corrected``; None: the step did."""
    said_by: Mapping[str, str] = field(default_factory=dict)
    """Who said those of `parameters` that no person did: the metadata, or a workflow's default."""
