import numpy as np
import pytest

from icestream.processing.dose import Dose, critical_exposure, dose_weights, factor_weights


def test_critical_exposure_at_known_resolutions():
    # 0.24499 k^-1.6649 + 2.8141 by hand.
    found = critical_exposure(np.array([0.1, 0.25, 1 / 3]))
    np.testing.assert_allclose(found, [14.1407, 5.2775, 4.3400], rtol=1e-3)


def test_lower_voltage_damages_sooner():
    k = np.array([0.05, 0.3])
    np.testing.assert_allclose(critical_exposure(k, 200.0), 0.8 * critical_exposure(k))
    assert np.isinf(critical_exposure(np.array([0.0])))[0]


def test_weights_fall_with_exposure_and_resolution():
    k = np.linspace(0, 0.4, 20)
    weights = dose_weights(k, 30, Dose(per_frame=1.0))
    assert (weights[:, 0] == 1).all()
    assert (np.diff(weights[:, 1:], axis=0) < 0).all()
    assert (np.diff(weights, axis=1) < 0).all()


def test_a_weight_by_hand_counts_the_pre_exposure_and_the_frame_itself():
    weights = dose_weights(np.array([0.25]), 2, Dose(per_frame=1.5, pre=2.0))
    wanted = np.exp(-(2.0 + 3.0) / (2 * critical_exposure(np.array([0.25]))))
    np.testing.assert_allclose(weights[1], wanted, rtol=1e-6)


@pytest.mark.parametrize("dose", [Dose(per_frame=1.25), Dose(per_frame=0.7, pre=20, voltage=200)])
def test_four_sums_replace_forty_weights(dose):
    factors = factor_weights(40, dose, 0.5)
    assert (factors.frames[0] == 1).all()
    k = np.linspace(0, 0.5, 200)
    weights = dose_weights(k, 40, dose).astype(float)
    exact = weights / np.sqrt((weights**2).mean(axis=0))
    error = factors.frames.T @ factors.at(k) - exact
    assert np.sqrt((error**2).mean(axis=0)).max() < 0.01


def test_the_weighted_sum_keeps_the_noise_power_and_the_mean():
    factors = factor_weights(24, Dose(per_frame=1.3), 0.4)
    weights = factors.frames.T @ factors.response
    np.testing.assert_allclose((weights**2).sum(axis=0), 24, rtol=2e-3)
    np.testing.assert_allclose(weights[:, 0], 1, atol=2e-3)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_few_frames_are_factored_exactly(frames):
    dose = Dose(per_frame=2.0)
    factors = factor_weights(frames, dose, 0.4, tolerance=1e-6)
    weights = dose_weights(factors.frequency, frames, dose).astype(float)
    exact = weights / np.sqrt((weights**2).mean(axis=0))
    np.testing.assert_allclose(factors.frames.T @ factors.response, exact, atol=1e-5)
