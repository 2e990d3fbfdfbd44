"""Faults are named, and told the exposures that they befall."""

import pytest

from icestream.simulator.faults import Planted, planted


def test_a_fault_may_name_its_exposures():
    assert planted("motion") == Planted(fault="motion")
    assert planted("bad-squares@7") == Planted(fault="bad-squares", first=7, last=7)
    assert planted("motion@41-60") == Planted(fault="motion", first=41, last=60)
    assert planted("motion@41-60").count == 20


def test_how_far_an_exposure_is_on_its_way():
    fault = planted("thickening@11-20")
    shares = [fault.share(number) for number in (10, 11, 15, 20, 21)]
    assert shares == [None, 0.1, 0.5, 1.0, None]
    assert planted("thickening").share(5) is None


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("sabotage", "is not known: there are bad-squares, drift"),
        ("sabotage@3", "is not known"),
        ("motion@", "as in motion@41-60"),
        ("motion@-3", "as in motion@41-60"),
        ("motion@0-3", "counted from 1"),
        ("motion@9-3", "the first before the last"),
        ("wrong-gain@3-5", "leave out the @"),
    ],
)
def test_what_is_no_fault_is_told(word, why):
    with pytest.raises(ValueError, match=why):
        planted(word)
