"""The section ``[bookings]`` of the facility file: where bookings are read from, and how."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from icestream.channels.secret import Secret
from icestream.facility.bookings.clock import checked_zone
from icestream.facility.kinds import Days, Hours, Seconds, Section, WholePath

__all__ = [
    "BookingPattern",
    "BookingsSection",
    "Calendar",
    "CsvBookings",
    "EmhubBookings",
    "IcalBookings",
    "IspybBookings",
    "LibreBookingBookings",
    "NoBookings",
    "WebAddress",
]


def _web(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"write an address that begins with https:// or http://, found {url!r}")
    if parts.username or parts.password:
        raise ValueError("user and password have places of their own, not in the address")
    if parts.query or parts.fragment:
        raise ValueError("write the address up to where ? or # would follow")
    return f"{parts.scheme}{url[len(parts.scheme) :]}".rstrip("/")


def _pattern(text: str) -> str:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None
    if pattern.search(""):
        raise ValueError(f"{text!r} finds the empty text, so it would find something everywhere")
    if pattern.groups > 1 and "code" not in pattern.groupindex:
        raise ValueError(
            f"{text!r} has {pattern.groups} groups: call the one that is meant (?P<code>…)"
        )
    return text


WebAddress = Annotated[str, AfterValidator(_web)]
"""Where a web service begins."""

BookingPattern = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_pattern)]
"""A regular expression that finds something: where it has a group, that, else the whole."""

Zone = Annotated[str, AfterValidator(checked_zone)]


class _Bookings(Section):
    """What all ways of reading bookings have."""

    time_zone: Zone | None = None
    """Zone of times that the source gives without one; that of the facility where not given."""
    every: Annotated[Seconds, Field(ge=30)] = 300.0
    """Time between two readings."""
    ahead: Annotated[Days, Field(ge=1, le=800)] = 60.0
    """How far ahead bookings are read."""
    back: Annotated[Days, Field(ge=0, le=800)] = 3.0
    """How far back they are read again, for those that are changed afterwards."""
    early: Annotated[Hours, Field(le=48)] = 1.0
    """How long before its beginning a booking is offered to who begins a session."""
    late: Annotated[Hours, Field(le=48)] = 2.0
    """How long after its end a booking is still offered."""
    project: BookingPattern = r"(?i)\b(?:cem|sll|dbb|fac)\d{5}(?!\d)"
    """Finds the code of a project in the title of a booking, such as cem00123."""
    letters: Literal["upper", "lower", "as written"] = "upper"
    """How the letters of such a code are taken."""
    downtime: BookingPattern = r"(?i)^\W*(?:down ?-?time|broken|out of order)\b"
    """Finds, in the title, bookings in which the microscope cannot be used."""
    maintenance: BookingPattern = r"(?i)^\W*(?:maintenance|service|(?:cryo[- ]?)?cycle)\b"
    """Finds, in the title, bookings in which the microscope is worked on."""


class LibreBookingBookings(_Bookings):
    """LibreBooking, or Booked Scheduler 2.7 and later, by its REST interface.

    It has to be switched on there: ``$conf['settings']['api']['enabled'] = 'true'``.
    """

    kind: Literal["librebooking"]
    """Of the source: this one."""
    url: WebAddress
    """The address up to and with ``/Web/Services/index.php``."""
    user: Annotated[str, StringConstraints(min_length=1)]
    """Who sees all bookings of the microscopes, and their owners: others see a part."""
    password: Secret
    """Of the user."""
    project_attribute: str | None = None
    """Label of the reservation's own attribute that holds the project's code, if it has one."""
    certificates: WholePath | None = None
    """A file with the authority that signed the server's certificate, where the system has none."""


class EmhubBookings(_Bookings):
    """EMhub, by its REST interface."""

    kind: Literal["emhub"]
    """Of the source: this one."""
    url: WebAddress
    """The address of EMhub, without ``/api``."""
    user: Annotated[str, StringConstraints(min_length=1)]
    """A user with the role of a manager."""
    password: Secret
    """Of the user."""
    certificates: WholePath | None = None
    """A file with the authority that signed the server's certificate, where the system has none."""


class IspybBookings(_Bookings):
    """ISPyB: visits (``BLSession``) of proposals, read from its database."""

    kind: Literal["ispyb"]
    """Of the source: this one."""
    server: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]+$")]
    """Name of the machine with the database."""
    port: Annotated[int, Field(ge=1, le=65535)] = 3306
    """Where the database answers."""
    database: Annotated[str, StringConstraints(min_length=1)] = "ispyb"
    """Its name."""
    user: Annotated[str, StringConstraints(min_length=1)]
    """Who may read BLSession, Proposal and Person."""
    password: Secret
    """Of the user."""
    certificates: WholePath | None = None
    """The authority of the database's certificate; without it the connection is not encrypted."""


class Calendar(Section):
    """A calendar in the format iCalendar: a file, or an address that is read over the web."""

    file: WholePath | None = None
    """A file that something else keeps up to date."""
    url: Secret | None = None
    """An address; it is kept as a secret, since whoever has it can often read the calendar."""
    microscope: str | None = None
    """What the calendar is of; where not given, an event's location says it."""
    user: str | None = None
    """Login that the server asks for."""
    password: Secret | None = None
    """Of the user."""
    certificates: WholePath | None = None
    """A file with the authority that signed the server's certificate, where the system has none."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.file is None) == (self.url is None):
            raise ValueError("give one of file and url")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        return self


class IcalBookings(_Bookings):
    """Calendars in the format iCalendar: of Google, Outlook, Nextcloud, Booked and many others."""

    kind: Literal["ical"]
    """Of the source: this one."""
    calendars: Annotated[tuple[Calendar, ...], Field(min_length=1)]
    """The calendars; one for each microscope, or one whose events name it as their location."""


class CsvBookings(_Bookings):
    """A table of bookings in a file, which people or another program write."""

    kind: Literal["csv"]
    """Of the source: this one."""
    file: WholePath
    """Its columns are described in the how-to; the first line names them."""
    separator: Literal[",", ";", "\t"] = ","
    """What stands between two columns."""


class NoBookings(_Bookings):
    """No booking system: whoever begins a session says whose it is."""

    kind: Literal["none"]
    """Of the source: this one."""


BookingsSection = Annotated[
    LibreBookingBookings | EmhubBookings | IspybBookings | IcalBookings | CsvBookings | NoBookings,
    Field(discriminator="kind"),
]
"""Where bookings are read from."""
