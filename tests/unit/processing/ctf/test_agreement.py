import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from icestream.model import Ctf, Optics
from icestream.processing.ctf import (
    Defocus,
    Errors,
    agreement_resolution,
    average_defocus,
    largest_agreement,
)

OPTICS = Optics(pixel_size=0.5, voltage=300.0)
FIRST = Defocus(u=15000, v=14000, angle=20.0)


@pytest.mark.parametrize("difference", [50.0, 200.0, 1000.0, 5000.0])
def test_a_difference_of_defocus_alone(difference: float) -> None:
    """The phase of a difference d reaches 90° at sqrt(1 / (2 lambda d)).

    Counting the pixels of the plane that agree, as others do, gives the square of a frequency: 39 Å
    for 1000 Å of difference here, where it is 6.3 Å.
    """
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
    """Elsewhere the same two estimates agree to 39 Å with pixels of 0.5 Å, to 20 Å with 1 Å."""
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


def estimate(defocus: float, astigmatism: float = 0.0, angle: float = 0.0) -> Ctf:
    half = 0.5 * astigmatism
    return Ctf(
        exposure="e", optics=OPTICS, defocus_u=defocus + half, defocus_v=defocus - half, angle=angle
    )


def test_the_odd_one_out_of_any_order_is_left_aside() -> None:
    ctfs = [estimate(15000), estimate(15100), estimate(15200), estimate(30000)]
    for order in itertools.permutations(range(4)):
        found = largest_agreement([ctfs[place] for place in order], 8.0)
        assert sorted(order[place] for place in found.members) == [0, 1, 2]
        assert found.mean == pytest.approx(math.sqrt(2.0 * OPTICS.wavelength * 200.0), rel=5e-3)


def test_more_that_agree_count_for_more_than_two_that_agree_further() -> None:
    ctfs = [estimate(15000), estimate(15500), estimate(16000), estimate(30000), estimate(30001)]
    assert largest_agreement(ctfs, 8.0).members == (0, 1, 2)
    assert largest_agreement(ctfs, 5.0).members == (3, 4)


def test_where_none_agree_it_is_the_two_that_come_closest() -> None:
    found = largest_agreement([estimate(5000), estimate(15000), estimate(22000)], 8.0)
    assert found.members == (1, 2)
    assert found.mean == pytest.approx(math.sqrt(2.0 * OPTICS.wavelength * 7000.0), rel=5e-3)


def test_agreement_can_be_asked_of_the_direction_that_differs_first() -> None:
    pair = [estimate(15000), estimate(15000, astigmatism=3000.0)]
    of_mean, of_worst = (largest_agreement(pair, 7.0, worst=worst) for worst in (False, True))
    assert of_mean == of_worst
    assert of_mean.mean < 7.0 < of_mean.worst
    third = [*pair, estimate(15001)]
    assert largest_agreement(third, 7.0).members == (0, 1, 2)
    assert largest_agreement(third, 7.0, worst=True).members == (0, 2)


def test_one_estimate_is_no_agreement() -> None:
    with pytest.raises(ValueError, match="fewer than two"):
        largest_agreement([estimate(15000)], 8.0)


def errors(mean: float, astigmatism: float = 50.0, phase: float | None = None) -> Errors:
    return Errors(mean=mean, astigmatism=astigmatism, angle=5.0, phase_shift=phase)


def test_weights_are_those_of_the_errors() -> None:
    pair = [Defocus(u=10000, v=10000), Defocus(u=10300, v=10300)]
    average, _ = average_defocus(pair, [errors(20.0), errors(40.0)])
    assert average.mean == pytest.approx(10060.0)
    equal, unknown = average_defocus(pair, [errors(20.0), None])
    assert (equal.mean, unknown) == (pytest.approx(10150.0), None)


def test_astigmatism_is_averaged_as_a_vector() -> None:
    pair = [Defocus(u=10500, v=9500, angle=89.0), Defocus(u=10500, v=9500, angle=-89.0)]
    average, _ = average_defocus(pair, [errors(20.0), errors(20.0)])
    assert abs(average.angle) == pytest.approx(90.0)
    assert average.u - average.v == pytest.approx(1000.0, rel=2e-3)
    crossed = [Defocus(u=10500, v=9500, angle=0.0), Defocus(u=10500, v=9500, angle=90.0)]
    none, errors_of_none = average_defocus(crossed, [errors(20.0), errors(20.0)])
    assert none.u - none.v == pytest.approx(0.0, abs=1e-6)
    assert errors_of_none is not None
    assert errors_of_none.angle == pytest.approx(52.0, abs=0.1)


def test_the_average_does_not_claim_less_error_than_its_parts() -> None:
    same = Defocus(u=10500, v=9500, angle=30.0)
    _, told = average_defocus([same, same], [errors(20.0), errors(20.0)])
    assert told is not None
    assert (told.mean, told.astigmatism) == (pytest.approx(20.0), pytest.approx(50.0))
    assert told.angle == pytest.approx(math.degrees(0.5 * 50.0 / 1000.0))
    _, apart = average_defocus([same, replace(same, u=10700, v=9700)], [errors(20.0), errors(20.0)])
    assert apart is not None
    assert apart.mean == pytest.approx(math.hypot(20.0, 100.0))
    assert apart.astigmatism == pytest.approx(50.0)


def test_the_phase_shift_goes_with_the_defocus() -> None:
    """They shape the same rings: the average of two phases is the phase of the average."""
    pair = [
        Defocus(u=10000, v=10000, phase_shift=60.0),
        Defocus(u=10400, v=10400, phase_shift=80.0),
    ]
    average, told = average_defocus(pair, [errors(10.0, phase=1.0), errors(30.0, phase=3.0)])
    assert average.mean == pytest.approx(10040.0)
    assert average.phase_shift == pytest.approx(62.0)
    assert told is not None
    assert told.phase_shift == pytest.approx(math.hypot(1.2, 6.0))
    _, given = average_defocus(pair, [errors(10.0), errors(30.0)])
    assert given is not None
    assert given.phase_shift is None


def test_errors_of_averages_hold_the_truth() -> None:
    """Of methods with noise of their own, and a part that they share."""
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(300):
        shared = rng.normal(0.0, 30.0)
        ctfs = [10000.0 + shared + rng.normal(0.0, 10.0) for _ in range(3)]
        average, told = average_defocus(
            [Defocus(u=one, v=one) for one in ctfs], [errors(math.hypot(30.0, 10.0))] * 3
        )
        assert told is not None
        inside.append(abs(average.mean - 10000.0) < told.mean)
    assert 0.63 < np.mean(inside) < 0.80
