"""The simulator's lens: the depth of the ice, and the interaction constant."""

import pytest

from icestream.model import Optics
from icestream.processing.simulate.transfer import Aberrations, phase_per_volt


def test_an_offset_is_added_to_both_defoci():
    found = Aberrations(defocus_u=10000.0, defocus_v=9800.0, angle=30.0, phase_shift=90.0).at(150.0)
    assert (found.u, found.v, found.angle, found.phase_shift) == (10150.0, 9950.0, 30.0, 90.0)


@pytest.mark.parametrize(("voltage", "expected"), [(300.0, 6.53e-4), (200.0, 7.29e-4)])
def test_interaction_constant(voltage, expected):
    assert phase_per_volt(Optics(pixel_size=1.0, voltage=voltage)) == pytest.approx(
        expected, rel=2e-3
    )
