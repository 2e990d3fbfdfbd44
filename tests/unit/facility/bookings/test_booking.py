"""A booking is a value, and all sources of them are asked in one way."""

import dataclasses
import inspect

import pytest

from icestream.facility.bookings.booking import Booking, BookingSource
from icestream.facility.bookings.csv_file import CsvTable
from icestream.facility.bookings.emhub import Emhub
from icestream.facility.bookings.ical import Ical
from icestream.facility.bookings.ispyb import Ispyb
from icestream.facility.bookings.librebooking import LibreBooking


def test_a_booking_is_a_value() -> None:
    one = Booking(reference="1", resources=("krios",), begins=0.0, ends=1.0)
    assert one == dataclasses.replace(one)
    assert len({one, dataclasses.replace(one, title="x"), dataclasses.replace(one)}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.title = "x"  # type: ignore[misc]


@pytest.mark.parametrize("kind", [LibreBooking, Emhub, Ispyb, Ical, CsvTable])
def test_sources_are_asked_in_one_way(kind: type) -> None:
    for name in ("bookings", "resources"):
        asked = inspect.signature(getattr(BookingSource, name)).parameters
        assert list(inspect.signature(getattr(kind, name)).parameters) == list(asked)
    assert isinstance(inspect.getattr_static(kind, "place"), property)
