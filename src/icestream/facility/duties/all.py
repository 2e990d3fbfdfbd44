"""Which duties a facility has, by what its file says."""

import threading
from collections.abc import Callable, Iterable

from icestream.facility.backup.duty import backup_duties
from icestream.facility.begin.following import session_duties
from icestream.facility.bookings.duty import bookings_duties
from icestream.facility.duties.disks import disk_duties
from icestream.facility.duties.duty import Duty
from icestream.facility.duties.telling import send_letters
from icestream.facility.file import FacilityFile
from icestream.facility.handover.duty import handover_duties
from icestream.facility.keep.doing import keep_duties
from icestream.facility.memory.duties import memory_duties
from icestream.facility.messages.duty import messages_duties
from icestream.facility.opened import Facility
from icestream.facility.projects.duty import projects_duties
from icestream.facility.sinks.run import sink_duties
from icestream.facility.transfer.duty import transfer_duties

__all__ = ["duties_of"]


def _staff_duties(file: FacilityFile) -> Iterable[Duty]:
    """Telling staff later what not all of their channels took at once."""
    if file.facility.staff:
        yield Duty(
            name="staff",
            what="tells staff what a channel did not take before",
            every=10.0,
            longest=60.0,
            act=_tell_later,
        )


def _tell_later(facility: Facility, _: threading.Event) -> str:
    return send_letters(facility)


_ROOMS: tuple[Callable[[FacilityFile], Iterable[Duty]], ...] = (
    disk_duties,
    _staff_duties,
    session_duties,
    bookings_duties,
    projects_duties,
    transfer_duties,
    backup_duties,
    handover_duties,
    sink_duties,
    keep_duties,
    memory_duties,
    messages_duties,
)
"""Each says which duties its section of the file asks for."""


def duties_of(file: FacilityFile) -> tuple[Duty, ...]:
    """All duties of a facility; those of parts that are off are not there."""
    return tuple(duty for room in _ROOMS for duty in room(file))
