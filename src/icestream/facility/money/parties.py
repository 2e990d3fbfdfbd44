"""Whose time it is, and what was recorded of it: values, read from the registry."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from icestream.facility.money.spans import Spans

__all__ = ["Billed", "Booked", "Books", "Charge", "Kind", "Party", "Payer", "Worked"]

Kind = Literal["booking", "session", "item"]
"""What a line of an invoice is about; with a number it names one thing in the registry."""


@dataclass(frozen=True, slots=True)
class Payer:
    """A team that pays."""

    team: str
    title: str = ""
    address: str = ""
    vat: str = ""
    reference: str = ""
    price_class: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Whose time it is."""

    project: str = ""
    """Code of the project."""
    who: str = ""
    """Who booked, or sat there."""
    payer: Payer | None = None
    missing: str = ""
    """Why nobody pays, where there is no payer."""
    reference: str = ""
    """The project's own reference, for the payer's books."""
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking, in whole seconds since the epoch."""

    id: int
    microscope: str
    begins: int
    ends: int
    party: Party
    state: Literal["booked", "pending", "cancelled"] = "booked"
    cancelled: int | None = None
    """When it was cancelled, where that is known: at the earliest."""
    noticed: int | None = None
    """When it was seen to be: it was cancelled by then at the latest."""


@dataclass(frozen=True, slots=True)
class Worked:
    """A session, in whole seconds since the epoch."""

    id: int
    name: str
    microscope: str
    begins: int
    ends: int | None
    """None while it lasts."""
    party: Party
    booking: int | None = None
    exposures: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """Things or services that a team is to pay."""

    id: int
    item: str
    quantity: Decimal
    at: int
    party: Party
    note: str = ""


@dataclass(frozen=True, slots=True)
class Billed:
    """A line of an issued invoice that was not credited."""

    kind: Kind
    source: int
    spans: Spans
    """Its time at the microscope; of an item, none."""
    microscope: str
    team: str
    share: Decimal
    invoice: str
    line: int


@dataclass(frozen=True, slots=True)
class Books:
    """All that was recorded."""

    bookings: tuple[Booked, ...] = ()
    sessions: tuple[Worked, ...] = ()
    charges: tuple[Charge, ...] = ()
    downtime: dict[str, Spans] = field(default_factory=dict)
    """For each microscope."""
    billed: tuple[Billed, ...] = ()
    titles: dict[str, str] = field(default_factory=dict)
    """Of microscopes, as people read them."""
