"""How files are brought."""

from icestream.facility.transfer.manner import Manner


def test_nothing_is_asked_for_by_default() -> None:
    assert Manner() == Manner(compares=False, anew=False, resumes=False, aside="", bare=False)
