import numpy as np
import pytest

from icestream.processing.counts import narrow_counts, sum_counts


@pytest.mark.parametrize("kind", ["u2", "i2"])
@pytest.mark.parametrize(("highest", "fits"), [(3, True), (255, True), (256, False), (-1, False)])
def test_counts_are_narrowed_where_all_of_them_fit(kind, highest, fits):
    counts = np.random.default_rng(1).poisson(1.0, (40, 70)).astype(kind)
    counts[31, 69] = np.int64(highest).astype(kind)
    found = np.zeros(counts.shape, np.uint8)
    assert narrow_counts(counts, found) is fits
    if fits:
        assert np.array_equal(found, counts)


@pytest.mark.parametrize("kind", ["u1", "u2", "i2", "f4"])
def test_the_sum_is_that_of_numpy(kind):
    counts = np.random.default_rng(1).poisson(30.0, (300, 9, 70)).astype(kind)
    gain = np.random.default_rng(2).uniform(0.8, 1.2, (9, 70)).astype(np.float32)
    wanted = counts.sum(axis=0, dtype=np.float64) * gain
    np.testing.assert_allclose(sum_counts(counts, gain), wanted, rtol=1e-6)


def test_many_bright_frames_do_not_overflow():
    counts = np.full((200, 2, 3), 65535, np.uint16)
    np.testing.assert_allclose(sum_counts(counts, np.ones((2, 3), np.float32)), 200 * 65535)
