import numpy as np

from icestream.processing.motion.smoothing import track_precision


def smoothed(measured, information):
    precision = track_precision(measured, information)
    return np.linalg.solve(np.diag(information) + precision, information[:, None] * measured)


def test_a_smooth_track_under_noise_comes_out_better():
    rng = np.random.default_rng(4)
    frames = np.arange(40)
    truth = np.stack([10 * (1 - np.exp(-frames / 6)), 0.1 * frames], axis=1)
    before = after = 0.0
    for _ in range(10):
        measured = truth + rng.normal(0, 0.4, truth.shape)
        found = smoothed(measured, np.full(40, 1 / 0.4**2))
        before += ((measured - truth) ** 2).mean()
        after += ((found - truth) ** 2).mean()
    assert after < 0.4 * before


def test_a_track_that_jumps_is_left_alone():
    rng = np.random.default_rng(5)
    truth = np.cumsum(rng.normal(0, 5.0, (30, 2)), axis=0)
    measured = truth + rng.normal(0, 0.2, truth.shape)
    found = smoothed(measured, np.full(30, 1 / 0.2**2))
    assert np.abs(found - measured).max() < 0.3


def test_a_straight_track_costs_nothing():
    line = np.arange(12)[:, None] * np.array([1.0, -2.0])
    precision = track_precision(line, np.full(12, 4.0))
    np.testing.assert_allclose(precision @ line, 0, atol=1e-6 * np.abs(precision).max())


def test_too_few_frames_are_not_smoothed():
    assert not track_precision(np.zeros((4, 2)), np.ones(4)).any()
