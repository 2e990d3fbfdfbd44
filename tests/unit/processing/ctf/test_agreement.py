import math
from dataclasses import replace

import pytest

from icestream.model import Optics
from icestream.processing.ctf import Defocus, agreement_resolution

OPTICS = Optics(pixel_size=0.5, voltage=300.0)
FIRST = Defocus(u=15000, v=14000, angle=20.0)


@pytest.mark.parametrize("difference", [50.0, 200.0, 1000.0, 5000.0])
def test_a_difference_of_defocus_alone(difference: float) -> None:
    """The phase of a difference d reaches 90° at sqrt(1 / (2 lambda d))."""
    second = Defocus(u=15000 + difference, v=14000 + difference, angle=20.0)
    mean, worst = agreement_resolution((FIRST, OPTICS), (second, OPTICS))
    expected = max(1.0 / math.sqrt(1.0 / (2.0 * OPTICS.wavelength * difference)), 1.0)
    assert mean == pytest.approx(expected, rel=2e-3)
    assert worst == pytest.approx(expected, rel=2e-3)


def test_equal_estimates_agree_to_nyquist() -> None:
    assert agreement_resolution((FIRST, OPTICS), (FIRST, OPTICS)) == pytest.approx((1.0, 1.0))


def test_the_order_does_not_matter() -> None:
    second = Defocus(u=15500, v=13900, angle=-40.0)
    one = agreement_resolution((FIRST, OPTICS), (second, OPTICS))
    assert agreement_resolution((second, OPTICS), (FIRST, OPTICS)) == pytest.approx(one)


def test_turning_both_changes_nothing() -> None:
    second = Defocus(u=15500, v=13900, angle=-40.0)
    one = agreement_resolution((FIRST, OPTICS), (second, OPTICS))
    turned = (replace(FIRST, angle=FIRST.angle + 45.0), replace(second, angle=5.0))
    two = agreement_resolution((turned[0], OPTICS), (turned[1], OPTICS))
    assert two == pytest.approx(one, rel=1e-6)


def test_the_pixel_size_does_not_matter() -> None:
    second = Defocus(u=16000, v=15000, angle=20.0)
    coarse = replace(OPTICS, pixel_size=1.2)
    fine_mean, _ = agreement_resolution((FIRST, OPTICS), (second, OPTICS))
    coarse_mean, _ = agreement_resolution((FIRST, coarse), (second, coarse))
    assert coarse_mean == pytest.approx(fine_mean, rel=2e-3)


def test_the_worst_direction_is_worse_than_the_mean() -> None:
    second = Defocus(u=15000, v=14000, angle=-70.0)
    mean, worst = agreement_resolution((FIRST, OPTICS), (second, OPTICS))
    assert worst > mean
    assert worst == pytest.approx(math.sqrt(2.0 * OPTICS.wavelength * 1000.0), rel=5e-3)


def test_the_phase_shift_counts() -> None:
    second = replace(FIRST, phase_shift=120.0)
    mean, _ = agreement_resolution((FIRST, OPTICS), (second, OPTICS))
    assert mean > 100.0
