"""Each section opens its source."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from icestream.facility.bookings.kinds import BookingsSection
from icestream.facility.bookings.opening import booking_source

LOGIN = {"user": "u", "password": "p"}


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (
            {"kind": "librebooking", "url": "https://b.example", **LOGIN},
            "LibreBooking at https://b",
        ),
        ({"kind": "emhub", "url": "https://e.example", **LOGIN}, "EMhub at https://e.example"),
        ({"kind": "ispyb", "server": "db", **LOGIN}, "ISPyB at db:3306/ispyb"),
        ({"kind": "ical", "calendars": [{"file": "/a.ics"}]}, "the calendars /a.ics"),
        ({"kind": "csv", "file": "/a.csv"}, "/a.csv"),
    ],
)
def test_sources(given: dict[str, Any], place: str) -> None:
    section = TypeAdapter(BookingsSection).validate_python(given)
    source = booking_source(section, "Europe/Madrid")
    assert source is not None
    assert source.place.startswith(place)


def test_no_booking_system() -> None:
    section = TypeAdapter(BookingsSection).validate_python({"kind": "none"})
    assert booking_source(section, "UTC") is None


def test_the_zone_of_the_section_comes_first(tmp_path: Path) -> None:
    table = tmp_path / "b.csv"
    table.write_text("microscope,begins,ends\nk,2026-11-23 09:00,2026-11-24 09:00\n")
    begins = []
    for zone in ("UTC", "Asia/Tokyo"):
        given = {"kind": "csv", "file": table, "time_zone": zone}
        source = booking_source(TypeAdapter(BookingsSection).validate_python(given), "UTC")
        assert source is not None
        begins.append(source.bookings(0, 2e9)[0].begins)
    assert begins[0] - begins[1] == 9 * 3600
