"""The section ``[bookings]``."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from icestream.facility.bookings.kinds import BookingsSection, IcalBookings, LibreBookingBookings
from icestream.facility.kinds import Section

READ = TypeAdapter(BookingsSection)

BOOKED = {
    "kind": "librebooking",
    "url": "https://booking.example/Web/Services/index.php/",
    "user": "robot",
    "password": {"env": "BOOKED"},
}


def test_a_section() -> None:
    section = READ.validate_python({**BOOKED, "every": "10 min", "early": "30 min", "back": "1 d"})
    assert isinstance(section, LibreBookingBookings)
    assert section.url == "https://booking.example/Web/Services/index.php"
    assert (section.every, section.early, section.back, section.ahead) == (600.0, 0.5, 1.0, 60.0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "booking.example"}, "begins with https:// or http://"),
        ({"url": "https://u:p@booking.example"}, "places of their own"),
        ({"url": "https://booking.example/x?key=1"}, "up to where"),
        ({"time_zone": "Madrid"}, "is no time zone"),
        ({"project": "cem("}, "no regular expression"),
        ({"project": "(cem)?"}, "finds the empty text"),
        ({"project": "(cem)([0-9]+)"}, "P<code>"),
        ({"every": "1 s"}, "greater than or equal to 30"),
        ({"passwort": "x"}, "Extra inputs"),
        ({"kind": "outlook"}, "outlook"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        READ.validate_python({**BOOKED, **given})
    assert said in str(caught.value)


class _File(Section):
    bookings: BookingsSection


def test_a_secret_is_not_said() -> None:
    wrong = {**BOOKED, "password": {"text": "tops3cret", "file": "/x"}}
    with pytest.raises(ValidationError) as caught:
        _File.model_validate({"bookings": wrong})
    assert "tops3cret" not in str(caught.value)


def test_calendars() -> None:
    section = READ.validate_python(
        {"kind": "ical", "calendars": [{"file": "/srv/krios.ics", "microscope": "krios"}]}
    )
    assert isinstance(section, IcalBookings)
    for wrong, said in (
        ({}, "one of file and url"),
        ({"file": "/a.ics", "url": "https://x"}, "one of file and url"),
        ({"file": "/a.ics", "user": "me"}, "go together"),
        ({"file": "a.ics"}, "whole path"),
    ):
        with pytest.raises(ValidationError, match=said):
            READ.validate_python({"kind": "ical", "calendars": [wrong]})
    with pytest.raises(ValidationError, match="at least 1 item"):
        READ.validate_python({"kind": "ical", "calendars": []})
