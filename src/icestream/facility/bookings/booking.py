"""A booking as its source has it, and what a source of bookings is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from icestream.facility.registry.records import BookingKind, BookingState

__all__ = ["Booking", "BookingSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """Time at a microscope, as the booking system has it."""

    reference: str
    """By which the source knows it, and finds it again when it was moved."""
    resources: tuple[str, ...]
    """What the source calls the microscope: its number, its name; any of them is enough."""
    begins: float
    """Seconds since the epoch."""
    ends: float
    title: str = ""
    login: str = ""
    """Of the owner; empty where the source does not tell."""
    name: str = ""
    """Of the owner, as it is written."""
    email: str = ""
    project: str = ""
    """Code of the project where the source has a field for it."""
    kind: BookingKind = "booked"
    state: BookingState = "booked"


class BookingSource(Protocol):
    """Where bookings are read from."""

    @property
    def place(self) -> str:
        """Where it is, without what is secret."""

    def bookings(self, begins: float, ends: float) -> tuple[Booking, ...]:
        """All bookings that reach into the time from `begins` to `ends`, or an error.

        Never a part of them: what is missing from the answer is taken for cancelled.

        Raises
        ------
        SourceError
            If it cannot tell all.
        """

    def resources(self) -> Mapping[str, str] | None:
        """Names of what can be booked by their numbers there; None where it has no such list.

        Raises
        ------
        SourceError
            If it cannot tell.
        """
