"""Bookings of calendars in the format iCalendar (RFC 5545), from files and over the web.

Repeated events, those of them that were moved or left out, and the time zones of all makers are
read by libraries that do nothing else: own rules for them would be wrong in a country or two.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from icestream.facility.asking import (
    SourceChanged,
    SourceDown,
    WebService,
    plain_text,
    secret_of,
    shown_address,
)
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.clock import seconds_of
from icestream.facility.bookings.kinds import Calendar, IcalBookings
from icestream.facility.registry.records import BookingState

__all__ = ["Ical"]

_MOST = 20_000_000
"""Bytes of a file."""
_TOO_OFTEN = re.compile(rb"FREQ=(SECONDLY|MINUTELY)", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")
_NOT_OF_PEOPLE = "calendar.google.com"
_STATES: dict[str, BookingState] = {"CANCELLED": "cancelled", "TENTATIVE": "pending"}


class Ical:
    """Calendars as a source of bookings."""

    def __init__(self, section: IcalBookings, zone: ZoneInfo) -> None:
        self._section = section
        self._zone = zone

    @property
    def place(self) -> str:
        """Files and servers of the calendars."""
        return f"the calendars {', '.join(map(_place, self._section.calendars))}"

    def bookings(self, begins: float, ends: float) -> tuple[Booking, ...]:
        """All events of all calendars that reach into a time; each time of a repeated one."""
        found: dict[str, Booking] = {}
        for calendar in self._section.calendars:
            text = _text(calendar)
            for booking in _events(calendar, text, (begins, ends), self._zone):
                found[booking.reference] = booking
        return tuple(found.values())

    def resources(self) -> None:
        """A calendar has no list of what can be booked."""


def _place(calendar: Calendar) -> str:
    if calendar.file is not None:
        return str(calendar.file)
    assert calendar.url is not None
    return shown_address(secret_of(calendar.url, "bookings.calendars.url"), secret=True)


def _text(calendar: Calendar) -> bytes:
    if calendar.file is not None:
        try:
            with calendar.file.open("rb") as opened:
                text = opened.read(_MOST + 1)
        except OSError as error:
            raise SourceDown(f"{calendar.file} cannot be read: {error.strerror}") from None
        if len(text) > _MOST:
            raise SourceChanged(f"{calendar.file} has more than {_MOST // 1_000_000} MB; not read")
        return text
    assert calendar.url is not None
    url = secret_of(calendar.url, "bookings.calendars.url")
    url = re.sub(r"^webcals?://", "https://", url)
    login = None
    if calendar.user is not None and calendar.password is not None:
        login = (calendar.user, secret_of(calendar.password, "bookings.calendars.password"))
    with WebService(url, login=login, certificates=calendar.certificates, secret=True) as service:
        return service.ask("GET").body


def _events(
    calendar: Calendar, text: bytes, window: tuple[float, float], zone: ZoneInfo
) -> list[Booking]:
    import icalendar
    import recurring_ical_events

    place = _place(calendar)
    if not text.lstrip(b"\xef\xbb\xbf \r\n").upper().startswith(b"BEGIN:VCALENDAR"):
        raise SourceChanged(f"{place} is no calendar: it does not begin with BEGIN:VCALENDAR")
    if not text.rstrip().upper().endswith(b"END:VCALENDAR"):
        raise SourceChanged(f"{place} was cut short: it does not end with END:VCALENDAR. Not used")
    if _TOO_OFTEN.search(text):
        raise SourceChanged(f"{place} has an event that is repeated every minute; not used")
    first, last = (datetime.fromtimestamp(at, UTC) for at in window)
    try:
        read = icalendar.Calendar.from_ical(text)
        repeated = _repeated(read)
        # Events whose time is by the clock on the wall are looked for by that of the site.
        query = recurring_ical_events.of(_without_rubbish(read), components=("VEVENT",))
        events = query.between(first.astimezone(zone), last.astimezone(zone))
        bookings = [_booking(calendar, event, repeated, zone) for event in events]
    except SourceChanged:
        raise
    except Exception as error:  # the libraries raise what they like on bad calendars
        said = str(error) or type(error).__name__
        raise SourceChanged(f"{place} is not read as a calendar: {said[:200]}") from None
    return [one for one in bookings if one is not None]


def _booking(
    calendar: Calendar, event: Any, repeated: frozenset[str], zone: ZoneInfo
) -> Booking | None:
    """An event as a booking; None where its maker says that it takes nobody's time."""
    if str(event.get("TRANSP", "OPAQUE")).upper() == "TRANSPARENT":
        return None
    begins, ends = _time(event.start, zone), _time(event.end, zone, end=True)
    number = plain_text(event.get("UID", ""))
    if not number:
        raise SourceChanged(f"{_place(calendar)} has an event without UID at {event.start}")
    if number in repeated:
        which = event.get("RECURRENCE-ID")
        at = _time(which.dt, zone) if which is not None else begins
        number = f"{number}/{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"
    name, email = _owner(event)
    place = calendar.microscope or plain_text(event.get("LOCATION", ""))
    return Booking(
        reference=number,
        resources=(place,),
        begins=begins,
        ends=max(begins, ends),
        title=plain_text(event.get("SUMMARY", "")),
        name=name,
        email=email,
        state=_STATES.get(str(event.get("STATUS", "")).upper(), "booked"),
    )


def _owner(event: Any) -> tuple[str, str]:
    """Name and e-mail of who an event is of; Booked writes another address than the real one."""
    owner = event.get("ORGANIZER")
    if isinstance(owner, list):
        owner = owner[0] if owner else None
    if owner is None:
        return "", ""
    given = owner.params.get("CN", "")
    # Booked writes names without quotes: a comma in one makes a list of it.
    name = ", ".join(map(plain_text, given)) if isinstance(given, list) else plain_text(given)
    email = re.split(r"(?i)mailto:", plain_text(owner))[-1].strip()
    if not _EMAIL.fullmatch(email) or "-noreply@" in email or email.endswith(_NOT_OF_PEOPLE):
        email = ""
    return ("" if name == str(owner) else name), email


def _time(when: date | datetime, zone: ZoneInfo, *, end: bool = False) -> float:
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return seconds_of(when, zone, end=end)


def _repeated(calendar: Any) -> frozenset[str]:
    """UIDs of the events that come more than once."""
    return frozenset(
        str(event.get("UID", ""))
        for event in calendar.walk("VEVENT")
        if any(name in event for name in ("RRULE", "RDATE", "RECURRENCE-ID"))
    )


def _without_rubbish(calendar: Any) -> Any:
    """The calendar without what may be in it that is no event, such as alarms of unknown kinds."""
    for event in calendar.walk("VEVENT"):
        event.subcomponents.clear()
    return calendar
