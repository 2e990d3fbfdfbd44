import numpy as np
import pytest

from icestream.processing.picking.limits import Limits, within_limits

HEIGHT = np.array([40.0, 12.0, 11.0, 10.0, 10.0, 9.0, 4.6, 3.0])


def test_the_limit_adapts_to_the_median() -> None:
    kept = within_limits(HEIGHT, HEIGHT, Limits())
    assert kept.particles.tolist() == [False, True, True, True, True, True, False, False]
    assert kept.contamination.tolist() == [True] + [False] * 7


def test_scaling_the_expectation_changes_nothing_where_the_median_decides() -> None:
    first = within_limits(HEIGHT, HEIGHT, Limits())
    second = within_limits(HEIGHT, 7.0 * HEIGHT, Limits())
    assert (first.particles == second.particles).all()


def test_noise_alone_is_no_particle_where_the_height_is_known() -> None:
    noise = np.array([5.0, 4.8, 4.6])
    assert within_limits(noise, noise, Limits()).particles.all()
    assert not within_limits(noise, noise, Limits(typical=12.0)).particles.any()


def test_the_threshold_holds_always_and_relative_can_be_switched_off() -> None:
    limits = Limits(threshold=9.5, relative=0.0, outliers=1e9, typical=1.0)
    assert within_limits(HEIGHT, HEIGHT, limits).particles.sum() == 5
    assert within_limits(HEIGHT, HEIGHT, Limits(relative=0.0)).particles.sum() == 6


@pytest.mark.parametrize("typical", [None, 1.0])
def test_no_peaks(typical: float | None) -> None:
    kept = within_limits(np.zeros(0), np.zeros(0), Limits(typical=typical))
    assert len(kept.particles) == len(kept.contamination) == 0


def test_what_fits_a_faint_template_best_is_no_contamination() -> None:
    """A particle that is three times as high as the faint one it resembles, but a usual one."""
    height, relative = np.array([12.0, 12.0, 40.0]), np.array([1.0, 3.0, 3.0])
    limits = Limits(typical=1.0)
    assert within_limits(height, relative, limits).contamination.tolist() == [False, True, True]
    kept = within_limits(height, relative, limits, strongest=height / 12.0)
    assert kept.particles.tolist() == [True, True, False]
    assert kept.contamination.tolist() == [False, False, True]
