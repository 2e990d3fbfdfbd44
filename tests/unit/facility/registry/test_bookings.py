"""Bookings as they were last read."""

from icestream.facility.registry.bookings import (
    bookings,
    bookings_named,
    keep_booking,
    keep_source,
    source,
)
from icestream.facility.registry.microscopes import keep_microscopes
from icestream.facility.registry.open import FacilityRegistry


def test_bookings_that_reach_into_a_time(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        keep_microscopes(connection, {"a": ("", "")})
        keep_booking(connection, "booked", "1", microscope="a", begins=0.0, ends=10.0)
        keep_booking(connection, "booked", "2", microscope="a", begins=10.0, ends=20.0, who="lea")
        keep_booking(connection, "booked", "3", microscope="z", begins=12.0, ends=15.0)
        keep_booking(
            connection, "booked", "4",
            microscope="a", begins=11.0, ends=12.0, state="cancelled", cancelled=5.0,
        )  # fmt: skip
        found = bookings(connection, begins=10.0, ends=13.0)
        assert [(one.reference, one.microscope, one.who) for one in found] == [
            ("2", "a", "lea"), ("3", "", ""),
        ]  # fmt: skip
        assert [one.reference for one in bookings(connection, microscope="a", cancelled=True)] == [
            "1", "2", "4",
        ]  # fmt: skip
        keep_booking(connection, "booked", "4", microscope="a", begins=11.0, ends=13.0)
        again = bookings(connection, microscope="a", begins=12.5, ends=12.6, cancelled=True)
        assert [(one.reference, one.cancelled) for one in again] == [("2", None), ("4", None)]


def test_bookings_are_found_by_their_references(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        for number in range(1200):
            begins = -float(number)
            keep_booking(
                connection, "booked", str(number), microscope="", begins=begins, ends=begins + 1.0
            )
        keep_booking(connection, "other", "7", microscope="", begins=0.0, ends=1.0)
        found = bookings_named(connection, "booked", [*map(str, range(1100)), "no such"])
        assert len(found) == 1100
        assert {one.source for one in found} == {"booked"}
        assert (found[0].reference, found[-1].reference) == ("1099", "0")
        assert bookings_named(connection, "booked", []) == ()


def test_how_it_went_with_a_source(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        assert source(connection, "booked").read is None
        keep_source(connection, "booked", read=5.0)
        keep_source(connection, "booked", problem="it is down")
        known = source(connection, "booked")
        assert (known.read, known.problem) == (5.0, "it is down")
