"""Who has a microscope now."""

from icestream.facility.begin.booked import booked_now, booking_words
from icestream.facility.opened import Facility
from icestream.facility.registry.bookings import keep_booking

HOUR = 3600.0
NOW = 1_796_050_000.0  # 2026-11-30 15:46 in Madrid


def book(facility: Facility, reference: str, begins: float, ends: float, **values: object) -> None:
    with facility.registry.write() as connection:
        keep_booking(
            connection, "csv", reference, microscope="krios1",
            begins=NOW + begins * HOUR, ends=NOW + ends * HOUR, **values,
        )  # fmt: skip


def test_the_likeliest_booking_is_first(facility: Facility) -> None:
    book(facility, "over", -9, -0.5)
    book(facility, "now", -0.5, 8)
    book(facility, "soon", 0.5, 8)
    book(facility, "later", 2, 8)
    book(facility, "off", -1, 8, state="cancelled")
    book(facility, "service", -1, 1, kind="maintenance")
    book(facility, "closed soon", 0.5, 1, kind="downtime")
    found = booked_now(facility, "krios1", NOW)
    assert [one.reference for one in found.bookings] == ["now", "soon", "over"]
    assert [one.reference for one in found.closed] == ["service"]
    assert booked_now(facility, "glacios", NOW).bookings == ()


def test_a_booking_in_words(facility: Facility) -> None:
    book(facility, "1", 0, 3, name="Lea M.", project="cem00123", title="ribosome")
    book(facility, "2", 0.5, 48, email="tom@x.org")
    one, two = booked_now(facility, "krios1", NOW).bookings
    assert booking_words(facility, one) == (
        "Lea M. (cem00123, ribosome), 2026-11-30 15:46 to 18:46"
    )
    assert booking_words(facility, two) == "tom@x.org, 2026-11-30 16:16 to 2026-12-02 15:46"
