"""Which duties a facility has."""

from icestream.facility.duties.all import duties_of
from icestream.facility.opened import Facility


def test_a_file_that_asks_for_nothing_more_follows_sessions(facility: Facility) -> None:
    assert [duty.name for duty in duties_of(facility.file)] == ["disks", "sessions"]
