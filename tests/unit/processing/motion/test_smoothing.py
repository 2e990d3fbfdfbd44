import numpy as np
import pytest

from icestream.processing.motion.smoothing import anchor, track_precision


def smoothed(measured, information):
    curvature = np.diag(information)
    precision = track_precision(measured, curvature)
    return np.linalg.solve(curvature + precision, curvature @ measured)


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
    precision = track_precision(line, 4.0 * np.eye(12))
    np.testing.assert_allclose(precision @ line, 0, atol=1e-6 * np.abs(precision).max())


def test_too_few_frames_are_not_smoothed():
    assert not track_precision(np.zeros((4, 2)), np.eye(4)).any()


def test_a_walk_is_smoothed_as_little_as_is_best():
    rng = np.random.default_rng(6)
    before = after = best = 0.0
    for _ in range(10):
        truth = np.cumsum(rng.normal(0, 0.3, (40, 2)), axis=0)
        measured = truth + rng.normal(0, 0.3, truth.shape)
        found = smoothed(measured, np.full(40, 1 / 0.3**2))
        steps = np.diff(np.eye(40), axis=0) / 0.3
        wiener = np.linalg.solve(np.eye(40) / 0.3**2 + steps.T @ steps, measured / 0.3**2)
        before += ((measured - truth) ** 2).mean()
        after += ((found - truth) ** 2).mean()
        best += ((wiener - truth) ** 2).mean()
    assert best < after < 1.15 * best < before


def test_the_anchor_holds_the_mean_and_silent_frames():
    curvature = np.diag([2.0, 2.0, 0.0])
    curvature[:2, :2] -= 1.0
    held = curvature - np.diag(curvature.sum(axis=1))
    assert np.linalg.matrix_rank(held) == 1
    assert np.linalg.cond(held + anchor(held)) < 1e4
    step = np.linalg.solve(held + anchor(held), np.array([1.0, -1.0, 0.0]))
    assert step[0] - step[1] == pytest.approx(1.0, rel=0.01)
