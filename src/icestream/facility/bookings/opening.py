"""The source of bookings that the facility file names."""

from zoneinfo import ZoneInfo

from icestream.facility.bookings.booking import BookingSource
from icestream.facility.bookings.csv_file import CsvTable
from icestream.facility.bookings.emhub import Emhub
from icestream.facility.bookings.ical import Ical
from icestream.facility.bookings.ispyb import Ispyb
from icestream.facility.bookings.kinds import (
    BookingsSection,
    CsvBookings,
    EmhubBookings,
    IcalBookings,
    IspybBookings,
    LibreBookingBookings,
)
from icestream.facility.bookings.librebooking import LibreBooking

__all__ = ["booking_source"]


def booking_source(section: BookingsSection, zone: str) -> BookingSource | None:
    """The source that a section describes; None where there is no booking system.

    Parameters
    ----------
    zone
        Time zone of the facility, by whose clock times are where the section names no other.
    """
    clock = ZoneInfo(section.time_zone or zone)
    match section:
        case LibreBookingBookings():
            return LibreBooking(section, clock)
        case EmhubBookings():
            return Emhub(section, clock)
        case IspybBookings():
            return Ispyb(section, clock)
        case IcalBookings():
            return Ical(section, clock)
        case CsvBookings():
            return CsvTable(section, clock)
    return None
