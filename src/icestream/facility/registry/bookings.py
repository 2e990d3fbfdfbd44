"""Bookings as they were last read, and how it went with their sources."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from icestream.facility.registry import tables as t
from icestream.facility.registry.records import KnownBooking, KnownSource
from icestream.facility.registry.rows import keep, number_of

__all__ = ["bookings", "bookings_named", "keep_booking", "keep_source", "source"]

_AT_ONCE = 500
"""References that are asked for at once."""


def keep_booking(
    connection: Connection, source: str, reference: str, *, microscope: str, **values: Any
) -> None:
    """Write a booking down as its source has it now."""
    of = number_of(connection, t.microscope, name=microscope)
    keep(
        connection,
        t.booking,
        {"source": source, "reference": reference},
        {"seen": time.time(), "cancelled": None, **values, "microscope_id": of},
    )


def bookings(
    connection: Connection,
    *,
    begins: float = float("-inf"),
    ends: float = float("inf"),
    microscope: str | None = None,
    cancelled: bool = False,
) -> tuple[KnownBooking, ...]:
    """Bookings that reach into the time between `begins` and `ends`, the earliest first."""
    b = t.booking
    asked = _asked().where(b.c.begins < ends, b.c.ends > begins)
    if microscope is not None:
        asked = asked.where(t.microscope.c.name == microscope)
    if not cancelled:
        asked = asked.where(b.c.state != "cancelled")
    return tuple(_booking(dict(row)) for row in connection.execute(asked).mappings())


def bookings_named(
    connection: Connection, source: str, references: Sequence[str]
) -> tuple[KnownBooking, ...]:
    """Bookings of a source by its references, the earliest first, whether cancelled or not."""
    found: list[KnownBooking] = []
    for first in range(0, len(references), _AT_ONCE):
        some = references[first : first + _AT_ONCE]
        asked = _asked().where(t.booking.c.source == source, t.booking.c.reference.in_(some))
        found += [_booking(dict(row)) for row in connection.execute(asked).mappings()]
    return tuple(sorted(found, key=lambda one: (one.begins, one.id)))


def _asked() -> Select[Any]:
    b = t.booking
    return (
        select(b, t.microscope.c.name.label("microscope"))
        .join(t.microscope, t.microscope.c.id == b.c.microscope_id, isouter=True)
        .order_by(b.c.begins, b.c.id)
    )


def _booking(told: dict[str, Any]) -> KnownBooking:
    told.pop("microscope_id")
    return KnownBooking(**{**told, "microscope": told["microscope"] or ""})


def keep_source(
    connection: Connection, name: str, *, read: float | None = None, problem: str = ""
) -> None:
    """Write down that a source was read at a time, or why it could not be."""
    values: dict[str, Any] = {"problem": problem}
    if read is not None:
        values["read"] = read
    keep(connection, t.source, {"name": name}, values)


def source(connection: Connection, name: str) -> KnownSource:
    """How it went with a source; one that was never read has no time."""
    asked = select(t.source).where(t.source.c.name == name)
    row = connection.execute(asked).mappings().one_or_none()
    return KnownSource(name=name) if row is None else KnownSource(**row)
