import numpy as np
import pytest

from icestream.processing.fourier import lowpass
from icestream.processing.motion.halves import half_correlation

RNG = np.random.default_rng(1)
NOISE = RNG.normal(0, 1, (3, 256, 256)).astype(np.float32)


def test_noise_does_not_correlate_and_the_same_does():
    assert abs(half_correlation(NOISE[0], NOISE[1], 2.0)) < 0.03
    assert half_correlation(NOISE[0], 3 * NOISE[0] + 5, 2.0) == pytest.approx(1)
    assert half_correlation(NOISE[0], -NOISE[0], 2.0) == pytest.approx(-1)


def test_equal_signal_and_noise_give_a_half():
    one, two = NOISE[0] + NOISE[1], NOISE[0] + NOISE[2]
    assert half_correlation(one, two, 2.0) == pytest.approx(0.5, abs=0.03)


def test_only_the_band_counts():
    coarse = 20 * lowpass(NOISE[0], 2.0, 60.0)
    assert abs(half_correlation(coarse + NOISE[1], coarse + NOISE[2], 2.0)) < 0.1


def test_nothing_in_the_band_is_no_number():
    assert np.isnan(half_correlation(NOISE[0], NOISE[1], 40.0))
