"""What the browser is told of the facility."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from icestream.facility.bookings.offer import BookingChoice, BookingOffer
from icestream.facility.duties.standing import Standing
from icestream.facility.kinds import Flaw
from icestream.facility.registry.records import KnownBooking, KnownSession, PlaceState

__all__ = [
    "BegunPlace",
    "CheckedFacility",
    "FacilityMicroscope",
    "NewMovies",
    "OfferedBooking",
    "PlacedSession",
    "PlacedSessionPage",
    "ShownBooking",
    "ShownDuty",
    "ShownOffer",
    "ShownProject",
    "placed_session",
    "shown_booking",
    "shown_offer",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBooking:
    """Time at a microscope; whose it is is empty where who asks may not know it."""

    id: int
    microscope: str
    begins: float
    """Seconds since the epoch."""
    ends: float
    title: str
    name: str
    """Whose it is, for people."""
    project: str
    kind: str
    """``booked``, ``downtime`` or ``maintenance``."""
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedBooking:
    """A booking that a session may be for."""

    booking: ShownBooking
    when: str
    """``now``, ``soon`` or ``just over``."""
    project_title: str
    sessions: tuple[str, ...]
    """Names of those that were begun for it already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOffer:
    """Who has booked a microscope now, and how sure that is."""

    choices: tuple[OfferedBooking, ...]
    """The likeliest first."""
    blocked: ShownBooking | None
    """Downtime or maintenance that runs now."""
    next: ShownBooking | None
    doubts: tuple[str, ...]
    """What is unsure, in sentences."""
    source: str
    """Where bookings come from; empty where there is no booking system."""
    age: float | None
    """Seconds since they were last read; None where they never were."""
    problem: str
    """Why they could not be read since."""
    time_zone: str
    """By whose clock these sentences say times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityMicroscope:
    """A microscope, and who has it."""

    name: str
    title: str
    model: str
    detector: str
    movies: str | None
    """The folder into which its camera writes."""
    workflow: str
    """The one that its sessions begin with where nobody says otherwise."""
    running: tuple[str, ...]
    """Names of the sessions that run there, of those that who asks may know of."""
    offer: ShownOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMovies:
    """A folder of movies that somebody has made at a microscope."""

    path: str
    changed: float
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProject:
    """A project that a session may be for."""

    code: str
    title: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedSession:
    """A session that was begun for somebody."""

    key: str
    name: str
    id: str | None
    """By which this server shows it; None where it does not."""
    microscope: str
    project: str
    operator: str
    workflow: str
    sample: str
    began: float
    """Seconds since the epoch."""
    ended: float | None
    state: PlaceState
    reason: str
    confidential: bool
    exposures: int | None
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedSessionPage:
    """Some of the sessions that were asked for, the newest first."""

    matching: int
    """All that were asked for."""
    offset: int
    """How many of them were passed over."""
    rows: tuple[PlacedSession, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunPlace:
    """A session that was begun."""

    session: PlacedSession
    running: bool
    """A process has it."""
    movies: str
    """Where its movies are taken from."""
    said: tuple[str, ...]
    """What was filled in unasked, in sentences."""
    advice: str
    """What to do where this server does not show it; empty where it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDuty:
    """Something that the facility does over and over, and how it goes."""

    name: str
    what: str
    every: float
    """Seconds between two times."""
    began: float | None
    """When it last began."""
    ended: float | None
    """When it last ended well."""
    said: str
    failing_since: float | None
    problem: str
    standing: Standing
    trouble: str
    """What is wrong, in a sentence; empty where nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFacility:
    """What is wrong with the facility file, and with what it names."""

    path: str
    flaws: tuple[Flaw, ...]


def placed_session(one: KnownSession, shown: dict[Path, str]) -> PlacedSession:
    """A session of the registry, with the id by which this server shows its folder."""
    told: dict[str, Any] = {
        field.name: getattr(one, field.name)
        for field in fields(PlacedSession)
        if field.name != "id"
    }
    return PlacedSession(**told, id=shown.get(Path(one.folder)))


def shown_booking(one: KnownBooking) -> ShownBooking:
    """A booking as the browser is told of it: without addresses of people."""
    told = {field.name: getattr(one, field.name) for field in fields(ShownBooking)}
    return ShownBooking(**{**told, "name": one.name or one.who})


def _maybe(one: KnownBooking | None) -> ShownBooking | None:
    return None if one is None else shown_booking(one)


def shown_offer(made: BookingOffer, time_zone: str) -> ShownOffer:
    """An offer as the browser is told of it."""
    return ShownOffer(
        choices=tuple(map(_shown_choice, made.choices)),
        blocked=_maybe(made.blocked),
        next=_maybe(made.next),
        doubts=made.doubts,
        source=made.source,
        age=made.age,
        problem=made.problem,
        time_zone=time_zone,
    )


def _shown_choice(one: BookingChoice) -> OfferedBooking:
    return OfferedBooking(
        booking=shown_booking(one.booking),
        when=one.when,
        project_title="" if one.project is None else one.project.title,
        sessions=one.sessions,
    )
