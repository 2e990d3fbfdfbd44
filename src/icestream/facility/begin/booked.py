"""Who has a microscope now, as far as the registry knows."""

from dataclasses import dataclass

from icestream.facility.opened import Facility
from icestream.facility.registry.bookings import bookings
from icestream.facility.registry.records import KnownBooking

__all__ = ["GRACE", "booked_now", "booking_words"]

GRACE = 3600.0
"""Seconds before a booking begins in which it is the one that is meant, where no other is."""


@dataclass(frozen=True, slots=True)
class BookedNow:
    """Bookings of a microscope that may be meant."""

    bookings: tuple[KnownBooking, ...]
    """Those of people, the likeliest first."""
    closed: tuple[KnownBooking, ...]
    """Downtime and maintenance."""


def booked_now(facility: Facility, microscope: str, now: float) -> BookedNow:
    """Bookings that hold now, or begin within an hour, or ended within the last."""
    with facility.registry.read() as connection:
        near = bookings(connection, begins=now - GRACE, ends=now + GRACE, microscope=microscope)

    def distance(one: KnownBooking) -> float:
        return max(0.0, one.begins - now, now - one.ends)

    near = tuple(sorted(near, key=lambda one: (distance(one), -one.begins)))
    return BookedNow(
        tuple(one for one in near if one.kind == "booked"),
        tuple(one for one in near if one.kind != "booked" and distance(one) == 0.0),
    )


def booking_words(facility: Facility, one: KnownBooking) -> str:
    """A booking in a line: whose, for what, from when until when."""
    begins, ends = facility.local(one.begins), facility.local(one.ends)
    day = "" if begins.date() == ends.date() else f"{ends:%Y-%m-%d} "
    who = one.name or one.who or one.email or "somebody"
    about = ", ".join(filter(None, (one.project, one.title)))
    said = f"{who}{f' ({about})' if about else ''}"
    return f"{said}, {begins:%Y-%m-%d %H:%M} to {day}{ends:%H:%M}"
