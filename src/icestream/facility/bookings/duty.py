"""The duty that reads bookings, and what is checked of their section of the facility file."""

import threading
import time
from collections.abc import Iterable, Iterator

from icestream.alike import hint
from icestream.facility.asking import SourceError
from icestream.facility.bookings.kinds import NoBookings
from icestream.facility.bookings.opening import booking_source
from icestream.facility.bookings.reading import microscopes_booked, read_bookings
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.file import FacilityFile
from icestream.facility.kinds import Flaw
from icestream.facility.opened import Facility

__all__ = ["bookings_duties", "bookings_flaws"]

_YEAR = 365 * 86400.0


def bookings_duties(file: FacilityFile) -> Iterable[Duty]:
    """Reading the bookings, where the file names a booking system."""
    section = file.bookings
    if section is None or isinstance(section, NoBookings):
        return ()
    return (Duty(name="bookings", what="reads who has booked", every=section.every, act=_act),)


def bookings_flaws(file: FacilityFile) -> Iterator[Flaw]:
    """What is wrong with the section, or with the booking system that it names, which is asked."""
    section = file.bookings
    if section is None or isinstance(section, NoBookings):
        return
    source = booking_source(section, file.facility.time_zone)
    assert source is not None
    try:
        known = source.resources()
        if known is None:
            now = time.time()
            read = source.bookings(now - _YEAR, now + _YEAR)
            names = {name for one in read for name in one.resources if name}
        else:
            names = {name for pair in known.items() for name in pair if name}
    except SourceError as error:
        yield Flaw("bookings", str(error))
        return
    there = {name.casefold() for name in names}
    for called, name in microscopes_booked(file).items():
        if called not in there:
            listed = ", ".join(sorted(names)) or "no microscope at all"
            what = f"{source.place} has nothing called {called!r}, but {listed}"
            what += hint(called, names)
            yield Flaw(f"microscopes.{name}.booking", what, stops=known is not None)


def _act(facility: Facility, _: threading.Event) -> str:
    try:
        return str(read_bookings(facility))
    except SourceError as error:
        raise Outage(str(error)) from None
