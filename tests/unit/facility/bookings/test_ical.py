"""Calendars of the shapes that Google, Outlook and Booked write, repeated events among them."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking_systems import CalendarServer, at, serving
from icestream.facility.asking import SourceChanged, SourceDown, SourceRefused
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.ical import Ical
from icestream.facility.bookings.kinds import IcalBookings

MADRID = ZoneInfo("Europe/Madrid")
BEGINS, ENDS = at("2026-10-19"), at("2026-11-09")

GOOGLE = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Krios
X-WR-TIMEZONE:Europe/Madrid
BEGIN:VTIMEZONE
TZID:Europe/Madrid
X-LIC-LOCATION:Europe/Madrid
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Europe/Madrid:20261019T090000
DTEND;TZID=Europe/Madrid:20261020T090000
RRULE:FREQ=WEEKLY;UNTIL=20261130T225959Z;BYDAY=MO
EXDATE;TZID=Europe/Madrid:20261102T090000
DTSTAMP:20261001T101010Z
ORGANIZER;CN=Rosa Ortiz:mailto:rosa@uni.example
UID:weekly@google.com
CREATED:20261001T101010Z
STATUS:CONFIRMED
SUMMARY:cem00123 apoferritin\\, again
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Madrid:20261027T120000
DTEND;TZID=Europe/Madrid:20261028T120000
DTSTAMP:20261001T101010Z
RECURRENCE-ID;TZID=Europe/Madrid:20261026T090000
UID:weekly@google.com
SUMMARY:cem00123 moved by a day
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261024
DTEND;VALUE=DATE:20261026
DTSTAMP:20261001T101010Z
ORGANIZER;CN=Krios:mailto:abc123@group.calendar.google.com
UID:whole@google.com
SUMMARY:Maintenance
END:VEVENT
BEGIN:VEVENT
DTSTART:20261021T080000Z
DTEND:20261021T100000Z
DTSTAMP:20261001T101010Z
UID:free@google.com
SUMMARY:Holiday of the operator
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
"""

OUTLOOK = """BEGIN:VCALENDAR
METHOD:PUBLISH
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
X-WR-CALNAME:EM instruments
BEGIN:VTIMEZONE
TZID:Romance Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
DESCRIPTION:\\n
UID:040000008200E00074C5B7101A82E008
SUMMARY:Titan: cem00124
DTSTART;TZID=Romance Standard Time:20261102T090000
DTEND;TZID=Romance Standard Time:20261103T090000
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:20261001T073424Z
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:0
LOCATION:Titan Krios
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
BEGIN:VALARM
DESCRIPTION:REMINDER
TRIGGER;RELATED=START:-PT15M
ACTION:DISPLAY
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:040000008200E00074C5B7101A82E009
SUMMARY:Canceled: cem00125
DTSTART;TZID=Romance Standard Time:20261104T090000
DTEND;TZID=Romance Standard Time:20261105T090000
DTSTAMP:20261001T073424Z
STATUS:CANCELLED
LOCATION:Titan Krios
END:VEVENT
END:VCALENDAR
"""

BOOKED = """BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
PRODID:-//LibreBooking//NONSGML 2.8.6//EN
BEGIN:VEVENT
CLASS:PUBLIC
CREATED:20261001T081500Z
DESCRIPTION:Grids are in the puck;
  blue one
DTSTAMP:20261001T081500Z
DTSTART:20261020T070000Z
DTEND:20261021T070000Z
LAST-MODIFIED:20261001T081500Z
LOCATION:Titan Krios
ORGANIZER;CN=Rosa Ortiz:MAILTO:rosa-noreply@uni.example
STATUS:TENTATIVE
SUMMARY:cem00126
UID:6b02a7&booking.example
SEQUENCE:0
URL:https://booking.example/Web/reservation.php?rn=6b02a7
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
BEGIN:VALARM
TRIGGER;RELATED=START:-PT60M
ACTION:DISPLAY
DESCRIPTION:Grids
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def read(path: Path, text: str, begins: float = BEGINS, ends: float = ENDS) -> list[Booking]:
    path.write_text(text.replace("\n", "\r\n"))
    return sorted(source(file=path).bookings(begins, ends), key=lambda one: one.begins)


def source(**given: Any) -> Ical:
    return Ical(IcalBookings(kind="ical", calendars=[given]), MADRID)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "krios.ics"


def test_google_repeats_moves_and_leaves_out(file: Path) -> None:
    found = read(file, GOOGLE)
    assert [(one.title, one.begins, one.ends) for one in found] == [
        ("cem00123 apoferritin, again", at("2026-10-19T07:00"), at("2026-10-20T07:00")),
        # A whole weekend by the clock of the site: with the night in which the clocks go back.
        ("Maintenance", at("2026-10-23T22:00"), at("2026-10-25T23:00")),
        # Moved; and nine o'clock is nine o'clock, before and after.
        ("cem00123 moved by a day", at("2026-10-27T11:00"), at("2026-10-28T11:00")),
    ]
    assert [one.reference for one in found] == [
        "weekly@google.com/20261019T070000Z",
        "whole@google.com",
        "weekly@google.com/20261026T080000Z",
    ]
    assert (found[0].name, found[0].email) == ("Rosa Ortiz", "rosa@uni.example")
    assert found[1].email == ""
    later = read(file, GOOGLE, at("2026-11-09"), at("2026-12-31"))
    assert [one.begins for one in later] == [
        at(f"2026-11-{day}T08:00") for day in ("09", "16", "23", "30")
    ]


def test_a_repeated_one_keeps_its_reference_when_it_is_moved(file: Path) -> None:
    before = read(file, GOOGLE)
    after = read(file, GOOGLE.replace("20261027T120000", "20261029T150000"))
    assert [one.reference for one in before] == [one.reference for one in after]


def test_outlook_names_zones_in_its_own_way(file: Path) -> None:
    found = read(file, OUTLOOK)
    assert [(one.title, one.resources, one.begins, one.state) for one in found] == [
        ("Titan: cem00124", ("Titan Krios",), at("2026-11-02T08:00"), "booked"),
        ("Canceled: cem00125", ("Titan Krios",), at("2026-11-04T08:00"), "cancelled"),
    ]


def test_booked_hides_addresses_and_marks_what_is_pending(file: Path) -> None:
    (found,) = read(file, BOOKED)
    assert found == Booking(
        reference="6b02a7&booking.example",
        resources=("Titan Krios",),
        begins=at("2026-10-20T07:00"),
        ends=at("2026-10-21T07:00"),
        title="cem00126",
        name="Rosa Ortiz",
        state="pending",
    )


@pytest.mark.parametrize(
    ("written", "name", "email"),
    [
        ("CN=Ortiz, Rosa:MAILTO:rosa@uni.example", "Ortiz, Rosa", "rosa@uni.example"),
        ('CN="Ortiz; Rosa":mailto:rosa@uni.example', "Ortiz; Rosa", "rosa@uni.example"),
        ("CN=Dr: Rosa:MAILTO:rosa@uni.example", "Dr", "rosa@uni.example"),
        ("CN=Rosa:invalid:nomail", "Rosa", ""),
    ],
)
def test_owners_however_they_are_written(file: Path, written: str, name: str, email: str) -> None:
    text = BOOKED.replace("CN=Rosa Ortiz:MAILTO:rosa-noreply@uni.example", written)
    (found,) = read(file, text)
    assert (found.title, found.name, found.email) == ("cem00126", name, email)


def test_a_time_by_the_clock_on_the_wall_is_that_of_the_site(file: Path) -> None:
    text = BOOKED.replace("20261020T070000Z", "20261020T070000").replace(
        "20261021T070000Z", "20261021T070000"
    )
    (found,) = read(file, text)
    assert (found.begins, found.ends) == (at("2026-10-20T05:00"), at("2026-10-21T05:00"))


def test_one_that_runs_over_midnight_is_found_from_both_days(file: Path) -> None:
    (found,) = read(file, BOOKED, at("2026-10-21T06:59"), at("2026-10-22"))
    assert found.title == "cem00126"
    assert read(file, BOOKED, at("2026-10-21T07:01"), at("2026-10-22")) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html>Sign in</html>", "is no calendar: it does not begin"),
        (GOOGLE[:900], "was cut short"),
        (GOOGLE.replace("FREQ=WEEKLY", "FREQ=SECONDLY"), "repeated every minute"),
        (GOOGLE.replace("20261021T080000Z", "not a time"), "is not read as a calendar"),
        (BOOKED.replace("UID:6b02a7&booking.example\n", ""), "an event without UID"),
    ],
)
def test_what_is_not_used(file: Path, text: str, said: str) -> None:
    with pytest.raises(SourceChanged, match=said):
        read(file, text)


def test_over_the_web() -> None:
    with serving(CalendarServer(calendars={"/private-key/x.ics": BOOKED})) as url:
        calendar = source(url=f"{url}/private-key/x.ics", microscope="krios")
        (found,) = calendar.bookings(BEGINS, ENDS)
        assert found.resources == ("krios",)
        assert calendar.place == f"the calendars {url}"
        assert calendar.resources() is None


@pytest.mark.parametrize(
    ("status", "kind"), [(401, SourceRefused), (302, SourceChanged), (503, SourceDown)]
)
def test_a_secret_address_is_never_said(status: int, kind: type[Exception]) -> None:
    with serving(CalendarServer(status=status)) as url:
        with pytest.raises(kind) as caught:
            source(url=f"{url}/private-key/x.ics").bookings(BEGINS, ENDS)
        assert "private-key" not in str(caught.value)


def test_a_login_is_sent() -> None:
    server = CalendarServer(calendars={"/x.ics": BOOKED})
    with serving(server) as url:
        source(url=f"{url}/x.ics", user="me", password="pw").bookings(BEGINS, ENDS)
    assert server.asked[0].headers["authorization"].startswith("Basic ")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceDown, match="no.ics cannot be read"):
        source(file=tmp_path / "no.ics").bookings(BEGINS, ENDS)


def test_a_file_that_is_too_large(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("icestream.facility.bookings.ical._MOST", 10)
    with pytest.raises(SourceChanged, match="more than 0 MB"):
        read(file, BOOKED)
