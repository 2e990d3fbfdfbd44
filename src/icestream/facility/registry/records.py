"""What the registry answers: frozen values, with names in the place of numbers."""

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "BookingKind",
    "BookingState",
    "DataHold",
    "DutyState",
    "KnownBooking",
    "KnownDrift",
    "KnownFigure",
    "KnownMicroscope",
    "KnownPerson",
    "KnownProject",
    "KnownSession",
    "KnownSource",
    "KnownTeam",
    "MeasuredSession",
    "Notice",
    "Occasion",
    "PlaceState",
    "Removal",
    "RemovalState",
]

BookingKind = Literal["booked", "downtime", "maintenance"]
BookingState = Literal["booked", "pending", "cancelled"]
PlaceState = Literal["new", "running", "stopped", "done", "failed", "archived", "gone"]
"""Of a session, as the facility sees it; archived and gone ones have no results here any more."""
RemovalState = Literal["moving", "removed", "undoing", "undone", "purging", "gone"]
"""Moving and undoing are under way; what is removed lies aside until it is gone for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTeam:
    """People who answer to one principal investigator, and pay together."""

    id: int
    name: str
    title: str = ""
    institution: str = ""
    address: str = ""
    vat: str = ""
    """Its number for value added tax."""
    price_class: str = ""
    reference: str = ""
    """What its invoices have to name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """Somebody who comes to the facility, or works there."""

    id: int
    name: str
    """The login."""
    title: str = ""
    """The name as it is written."""
    email: str = ""
    team: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProject:
    """A proposal, an application, an order: what microscope time is given to."""

    id: int
    code: str
    title: str = ""
    team: str = ""
    pi: str = ""
    """Login of the principal investigator."""
    confidential: bool = False
    begins: float | None = None
    ends: float | None = None
    reference: str = ""
    source: str = ""
    state: str = "open"
    people: tuple[str, ...] = ()
    """Logins of those who may see it, the principal investigator among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMicroscope:
    """A microscope of the facility."""

    id: int
    name: str
    title: str = ""
    model: str = ""
    retired: float | None = None
    """Since when the facility file does not have it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """Where bookings or projects are read from."""

    name: str
    read: float | None = None
    """When it was last read whole."""
    problem: str = ""
    """Why it could not be read since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBooking:
    """Time at a microscope that somebody has, or that nobody can have."""

    id: int
    source: str
    reference: str
    microscope: str
    begins: float
    ends: float
    title: str = ""
    who: str = ""
    """Login of the owner, where it is known."""
    name: str = ""
    """The owner as it is written."""
    email: str = ""
    project: str = ""
    """Code of the project, where it is known."""
    kind: BookingKind = "booked"
    state: BookingState = "booked"
    cancelled: float | None = None
    """When it was seen to be cancelled."""
    seen: float = 0.0
    """When the source last had it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSession:
    """A session that was begun for somebody."""

    id: int
    name: str
    place: str
    """Its folder in the tree of the facility."""
    folder: str
    """Of the session itself, with its store."""
    key: str
    """The session's own identity, which stays when its folder is moved."""
    microscope: str = ""
    detector: str = ""
    project: str = ""
    team: str = ""
    """That of the project, else that of the operator."""
    booking: int | None = None
    operator: str = ""
    workflow: str = ""
    sample: str = ""
    began: float
    ended: float | None = None
    taken: float | None = None
    """When its last movie was found."""
    state: PlaceState = "new"
    reason: str = ""
    confidential: bool = False
    """Itself, or by its project."""
    exposures: int | None = None
    revived: float | None = None
    """When its process was last started again by itself."""
    revivals: int = 0
    """How often it was, since it last did well."""
    note: str = ""

    @property
    def shown(self) -> str:
        """What it is called in logs and messages: of a confidential one no name."""
        return "a confidential session" if self.confidential else self.name

    def said(self, text: str) -> str:
        """What is said of it in logs and messages: of a confidential one not even folders."""
        return f"{self.name}: {text}" if not self.confidential else f"{self.shown} has trouble"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something that happened to a microscope: service, a realignment, a new camera."""

    id: int
    microscope: str
    at: float
    until: float | None
    kind: str
    text: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyState:
    """How one of the facility's duties goes."""

    name: str
    began: float | None = None
    """When it last began."""
    ended: float | None = None
    """When it last ended well."""
    said: str = ""
    failing_since: float | None = None
    """None: it does not fail."""
    problem: str = ""
    failures: int = 0
    """In a row."""
    holder: str = ""
    """The process that does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTrouble:
    """Something that is wrong, until staff know that it is over."""

    key: str
    """The same in what tells that it is so and in what tells that it is over."""
    level: str
    message: str
    since: float
    tried: float | None = None
    """When it was tried last to tell staff."""
    told: float | None = None
    """When they were told that it is so."""
    over: float | None = None
    """Since when it is so no more: that is what they do not know yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataHold:
    """Somebody's word that a session, or a class of its data, stays."""

    id: int
    session: int
    kind: str
    """The class of data; empty for everything of the session."""
    why: str
    who: str
    at: float
    until: float | None = None
    """It ends by itself then; None: when it is released."""
    released: float | None = None
    released_by: str = ""

    def holds(self, kind: str, now: float) -> bool:
        """Whether it keeps a class of data at a time."""
        over = self.released is not None or (self.until is not None and self.until <= now)
        return not over and self.kind in ("", kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Files of one class of a session that were put aside, to be removed for good later."""

    id: int
    session: int
    kind: str
    rule: str
    """What asked for it, in words."""
    who: str
    state: RemovalState
    at: float
    until: float
    """Until when it can be undone."""
    files: int = 0
    bytes: int = 0
    ended: float | None = None
    """When it was undone, or its files were removed for good."""
    said: str = ""
    """What could not be done, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Somebody was told that a class of a session's data will be removed."""

    session: int
    kind: str
    before: float
    """Days before, as the rule says."""
    due: float
    """When it was said to be."""
    told: float
    whom: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFigure:
    """One figure of a session."""

    name: str
    value: float
    """In the unit of the figure."""
    spread: float | None = None
    """Standard deviation of what it is the median of; None: of nothing."""
    count: int = 0
    """Exposures that it is made of."""
    by: str = ""
    """Name of the protocol that measured it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredSession:
    """That the figures of a session were made."""

    session_id: int
    at: float
    over: bool
    """Whether the session was over then."""
    exposures: int
    pixel: float | None = None
    """Å."""
    apart: str = ""
    """Why it is compared with no other session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDrift:
    """A figure of a microscope that is not what it used to be."""

    id: int
    microscope: str
    figure: str
    series: str
    """Which sessions are compared."""
    session: int
    """Number of the one that showed it."""
    began: float
    over: float | None
    """When it was seen to be over."""
    message: str
    told: float | None
    """When staff were told of it."""
    told_over: float | None
