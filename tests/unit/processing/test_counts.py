import numpy as np
import pytest

from icestream.processing.counts import mean_count, sum_counts


@pytest.mark.parametrize("kind", ["u1", "u2", "i2", "f4"])
def test_the_sum_is_that_of_numpy(kind):
    counts = np.random.default_rng(1).poisson(30.0, (300, 9, 70)).astype(kind)
    gain = np.random.default_rng(2).uniform(0.8, 1.2, (9, 70)).astype(np.float32)
    wanted = counts.sum(axis=0, dtype=np.float64) * gain
    np.testing.assert_allclose(sum_counts(counts, gain), wanted, rtol=1e-6)


def test_many_bright_frames_do_not_overflow():
    counts = np.full((200, 2, 3), 65535, np.uint16)
    np.testing.assert_allclose(sum_counts(counts, np.ones((2, 3), np.float32)), 200 * 65535)


def test_hot_pixels_do_not_carry_the_mean():
    counts = np.random.default_rng(1).poisson(20.0, (64, 64)).astype(np.uint32)
    true = counts.mean()
    assert mean_count(counts) == pytest.approx(true, rel=1e-12)
    counts[5, 7] = 10_000_000
    assert mean_count(counts) == pytest.approx(true, rel=0.002)
