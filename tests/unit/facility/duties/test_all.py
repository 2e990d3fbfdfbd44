"""Which duties a facility has."""

from icestream.facility.duties.all import duties_of
from icestream.facility.opened import Facility


def test_a_file_that_asks_for_nothing_has_none(facility: Facility) -> None:
    assert duties_of(facility.file) == ()
