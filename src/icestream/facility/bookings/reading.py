"""Reading bookings into the registry, where they hold while the booking system is down."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from icestream.facility.asking import SourceChanged, SourceError
from icestream.facility.bookings.booking import Booking, BookingSource
from icestream.facility.bookings.kinds import BookingsSection, NoBookings
from icestream.facility.bookings.opening import booking_source
from icestream.facility.file import FacilityFile
from icestream.facility.opened import Facility
from icestream.facility.registry import bookings as rows
from icestream.facility.registry.people import keep_person, people, projects
from icestream.facility.registry.records import BookingKind, KnownBooking

__all__ = [
    "ReadBookings",
    "code_in",
    "kind_of",
    "microscopes_booked",
    "read_bookings",
    "source_name",
]

_DAY = 86400.0
_FAR = 730 * _DAY
"""How far ahead a booking is looked for that is not where it was."""
_SUSPICIOUS = 3
"""Bookings of a microscope that are known to be ahead, from which on none is not believed."""
_LONGEST = 256
"""Characters of a title in which something is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBookings:
    """What came of reading the bookings."""

    there: int = 0
    """Of the facility's microscopes, in the time that was read."""
    new: int = 0
    changed: int = 0
    cancelled: int = 0
    elsewhere: tuple[str, ...] = ()
    """What else the source has bookings of."""

    def __str__(self) -> str:
        said = f"{self.there} booking{'' if self.there == 1 else 's'}"
        told = (("new", self.new), ("changed", self.changed), ("cancelled", self.cancelled))
        parts = [f"{number} {word}" for word, number in told if number]
        return f"{said}, {', '.join(parts)}" if parts else f"{said}, as before"


def source_name(section: BookingsSection) -> str:
    """How the source is called in the registry."""
    return f"bookings.{section.kind}"


def microscopes_booked(file: FacilityFile) -> dict[str, str]:
    """Names of the microscopes by what the booking system calls them, in small letters."""
    return {(one.booking or name).casefold(): name for name, one in file.microscopes.items()}


def code_in(section: BookingsSection, text: str) -> str:
    """The code of a project in a text; empty where there is none."""
    code = _found(section.project, text)
    return code if section.letters == "as written" else getattr(code, section.letters)()


def kind_of(section: BookingsSection, title: str) -> BookingKind:
    """Whether a title says that the microscope cannot be used."""
    if _found(section.downtime, title):
        return "downtime"
    return "maintenance" if _found(section.maintenance, title) else "booked"


def read_bookings(
    facility: Facility, *, believe_empty: bool = False, now: float | None = None
) -> ReadBookings:
    """Read the bookings of now and of what lies ahead, and write down what has changed.

    A booking that is no more where it was, nor anywhere ahead, is cancelled, never deleted; one
    that is over only where the source still tells of others that are: some calendars forget all
    that is. Where the source cannot tell all, nothing is changed but that this is written down.

    Parameters
    ----------
    believe_empty
        Whether it is believed that a microscope has no booking although many were known.
    now
        Seconds since the epoch.

    Raises
    ------
    SourceError
        If the source does not tell.
    """
    section = facility.file.bookings
    if section is None or isinstance(section, NoBookings):
        return ReadBookings()
    now = time.time() if now is None else now
    source = booking_source(section, facility.file.facility.time_zone)
    assert source is not None
    try:
        return _read(facility, section, source, now, believe_empty=believe_empty)
    except SourceError as error:
        with facility.registry.write() as connection:
            rows.keep_source(connection, source_name(section), problem=str(error))
        raise


def _read(
    facility: Facility,
    section: BookingsSection,
    source: BookingSource,
    now: float,
    *,
    believe_empty: bool,
) -> ReadBookings:
    begins, ends = now - section.back * _DAY, now + section.ahead * _DAY
    told = source.bookings(begins, ends)
    own = source_name(section)
    with facility.registry.read() as connection:
        known = {
            one.reference: one
            for one in rows.bookings(connection, begins=begins, ends=ends)
            if one.source == own
        }
    ahead = [one for one in known.values() if one.ends > now]
    there = {one.reference for one in told}
    if any(one.reference not in there for one in ahead):
        # Moved to a time that was not asked for, perhaps: looked for far ahead, too.
        told = source.bookings(begins, now + _FAR)
    called = microscopes_booked(facility.file)
    if not believe_empty:
        _check_emptiness(source, ahead, {_microscope(one, called) for one in told})
    with facility.registry.write() as connection:
        past = believe_empty or any(one.ends <= now for one in told)
        times = (begins if past else now, ends, now)
        read = _write(connection, section, told, called, times)
        rows.keep_source(connection, own, read=now)
    return read


def _check_emptiness(
    source: BookingSource, ahead: Iterable[KnownBooking], there: Iterable[str | None]
) -> None:
    """That no microscope has lost all of many bookings at once, as it does with a right to see."""
    lost = Counter(one.microscope for one in ahead)
    for name in there:
        lost.pop(name or "", None)
    many = {name: number for name, number in lost.items() if number >= _SUSPICIOUS}
    if many:
        said = ", ".join(f"{number} of {name}" for name, number in sorted(many.items()))
        raise SourceChanged(
            f"{source.place} has no booking at all any more where many were known to be ahead "
            f"({said}): may its user see them no more? They hold. Where it is so: "
            "icestream facility bookings --refresh --believe-empty"
        )


def _write(
    connection: Connection,
    section: BookingsSection,
    told: Iterable[Booking],
    called: Mapping[str, str],
    times: tuple[float, float, float],
) -> ReadBookings:
    begins, ends, now = times
    own = source_name(section)
    told = list(told)
    there = rows.bookings(connection, begins=begins, ends=ends, cancelled=True)
    known = {one.reference: one for one in there if one.source == own}
    # Moved from a time that is not looked at, perhaps.
    others = [one.reference for one in told if one.reference not in known]
    known |= {one.reference: one for one in rows.bookings_named(connection, own, others)}
    known_people = people(connection)
    logins = {one.email.casefold(): one.name for one in known_people if one.email}
    # What another source or a person has said of somebody is not changed.
    strangers = {one.name for one in known_people if one.source not in ("", own)}
    codes = {one.code.casefold(): one.code for one in projects(connection)}
    elsewhere: set[str] = set()
    seen: set[str] = set()
    new = changed = cancelled = 0
    for booking in told:
        microscope = _microscope(booking, called)
        if microscope is None:
            elsewhere.add(next((name for name in reversed(booking.resources) if name), "?"))
            continue
        before = known.get(booking.reference)
        values = _values(section, booking, before, logins, now)
        # As the registry writes it: who begins a session for it makes no second project.
        values["project"] = codes.get(values["project"].casefold(), values["project"])
        seen.add(booking.reference)
        new += before is None
        if before is not None and _differs(before, microscope, values):
            gone = values["state"] == "cancelled" and before.state != "cancelled"
            cancelled, changed = cancelled + gone, changed + (not gone)
        rows.keep_booking(
            connection, own, booking.reference, microscope=microscope, seen=now, **values
        )
        login = _login(booking, logins)
        if login not in strangers:
            _keep_owner(connection, booking, own, login)
    for one in known.values():
        inside = one.begins < ends and one.ends > begins
        if inside and one.reference not in seen and one.state != "cancelled":
            _cancel(connection, one, now)
            cancelled += 1
    return ReadBookings(
        there=len(seen),
        new=new,
        changed=changed,
        cancelled=cancelled,
        elsewhere=tuple(sorted(elsewhere)),
    )


def _values(
    section: BookingsSection,
    booking: Booking,
    before: KnownBooking | None,
    logins: Mapping[str, str],
    now: float,
) -> dict[str, Any]:
    """What is written down of a booking."""
    login = _login(booking, logins)
    kind = booking.kind if booking.kind != "booked" else kind_of(section, booking.title)
    values: dict[str, Any] = {
        "begins": booking.begins,
        "ends": booking.ends,
        "title": booking.title,
        "who": login,
        "name": booking.name,
        "email": booking.email,
        "project": booking.project or code_in(section, booking.title),
        "kind": kind,
        "state": booking.state,
        "cancelled": None,
    }
    if before is not None:
        # What the source does not tell any more (privacy, a right that is gone) was true all the
        # same.
        for name in ("who", "name", "email"):
            values[name] = values[name] or getattr(before, name)
    if booking.state == "cancelled":
        values["cancelled"] = (
            now if before is None or before.cancelled is None else before.cancelled
        )
    return values


def _differs(before: KnownBooking, microscope: str, values: Mapping[str, Any]) -> bool:
    same = all(getattr(before, name) == value for name, value in values.items())
    return before.microscope != microscope or not same


def _cancel(connection: Connection, one: KnownBooking, now: float) -> None:
    kept = ("begins", "ends", "title", "who", "name", "email", "project", "kind", "seen")
    rows.keep_booking(
        connection,
        one.source,
        one.reference,
        microscope=one.microscope,
        **{name: getattr(one, name) for name in kept},
        state="cancelled",
        cancelled=now,
    )


def _keep_owner(connection: Connection, booking: Booking, source: str, login: str) -> None:
    told = {"title": booking.name, "email": booking.email}
    values = {name: value for name, value in told.items() if value}
    if login and values:
        keep_person(connection, login, **values, source=source)


def _login(booking: Booking, logins: Mapping[str, str]) -> str:
    """Who the owner is here: by the login, or by the e-mail address, which may be the login."""
    email = booking.email.casefold()
    return booking.login or logins.get(email, "") or email


def _microscope(booking: Booking, called: Mapping[str, str]) -> str | None:
    names = (called.get(name.casefold()) for name in booking.resources)
    return next((name for name in names if name), None)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text[:_LONGEST])
    if found is None:
        return ""
    if "code" in found.re.groupindex:
        return found["code"] or ""
    return found[1] if found.re.groups == 1 and found[1] else found[0]
