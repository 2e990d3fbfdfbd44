from dataclasses import replace

import numpy as np
import pytest

from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.measure import count_early_frames, measure_motion
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.track import TrackSearch


def rms(error):
    return float(np.sqrt(((error - error.mean(axis=0)) ** 2).mean()))


def test_local_motion_is_used_where_there_is_some(spots, wandering):
    movie = spots(wandering, doming=6.0, size=640)
    found = measure_motion(movie.frames, TrackSearch(), patches=5)
    assert isinstance(found.best, LocalMotion)
    assert rms(found.shifts - movie.shifts) < 0.1 * 1.5


def test_local_motion_is_left_out_where_there_is_none(spots, wandering):
    movie = spots(wandering, counts=1.0, size=512)
    found = measure_motion(movie.frames, TrackSearch(), patches=5)
    assert found.local is None
    assert found.best is found.shifts
    assert found.patches.gains.sum() < 0


def test_no_patches_no_local_motion(spots, wandering):
    found = measure_motion(spots(wandering, doming=6.0).frames, TrackSearch(), patches=0)
    assert found.local is None
    assert found.patches is None


def test_the_same_movie_gives_the_same_motion(spots, wandering):
    movie = spots(wandering, doming=6.0, size=512)
    one = measure_motion(movie.frames, TrackSearch(), patches=5)
    two = measure_motion(movie.frames, TrackSearch(), patches=5, cores=2)
    np.testing.assert_array_equal(one.shifts, two.shifts)


def test_two_frames_are_enough_for_a_shift(spots):
    movie = spots(np.array([[0.0, 0.0], [7.5, -3.0]]))
    found = measure_motion(movie.frames, TrackSearch())
    assert np.abs(found.shifts - movie.shifts).max() < 0.2 * 1.5


@pytest.mark.parametrize("method", ["likelihood", "pairwise"])
def test_both_methods_find_the_track(spots, wandering, method):
    movie = spots(wandering, size=512)
    found = measure_motion(movie.frames, TrackSearch(method=method))
    assert rms(found.shifts - movie.shifts) < 0.25 * 1.5
    assert found.frame_agreement == pytest.approx(np.ones(10), abs=0.3)


def test_the_errors_of_the_frames_are_foretold(spots, wandering):
    squares, expected = [], []
    for seed in range(4):
        movie = spots(wandering, size=384, counts=2.0, seed=seed)
        found = measure_motion(movie.frames, TrackSearch(), patches=0)
        squares.append(rms(found.shifts - movie.shifts) ** 2)
        expected.append((found.frame_errors**2).mean())
    assert np.mean(squares) == pytest.approx(np.mean(expected), rel=0.6)


def test_leaving_out_the_first_frames_keeps_the_rest(spots, wandering):
    movie = spots(wandering, doming=6.0, size=640)
    found = measure_motion(movie.frames, TrackSearch(), patches=5)
    rest = found.without_first(2)
    assert len(rest.shifts) == len(rest.frame_errors) == len(rest.frame_agreement) == 8
    places = np.array([[0.2, -0.3], [0.0, 0.4]])
    moved = found.best.at(places)[2:]
    np.testing.assert_allclose(rest.best.at(places), moved - moved[0], atol=1e-9)
    with pytest.raises(ValueError, match="10 of 10 frames"):
        found.without_first(10)


def test_motion_is_recorded_in_pixels(spots, wandering):
    movie = spots(wandering, doming=6.0, size=640)
    found = measure_motion(movie.frames, TrackSearch(), patches=5)
    hot = np.zeros((640, 640), bool)
    hot[3, 5] = hot[600, 7] = True
    motion = found.record(1.5, first_frame=4, hot_pixels=hot)
    assert (motion.pixel_size, motion.first_frame) == (1.5, 4)
    np.testing.assert_allclose(1.5 * motion.shifts, found.shifts, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(1.5 * motion.local, found.local.coefficients, rtol=1e-6)
    np.testing.assert_allclose(1.5 * motion.frame_errors, found.frame_errors, rtol=1e-6)
    np.testing.assert_array_equal(motion.hot_pixels, [[3, 5], [600, 7]])
    assert motion.patch_quality.shape == (25, 4)
    whole = replace(found, local=None, patches=None).record(1.5, hot_pixels=hot & False)
    assert whole.local is whole.patch_quality is whole.hot_pixels is None


def test_early_frames_are_those_that_move_too_much():
    along = np.array([0.0, 8.0, 12.0, 14.0, 15.0, 15.2, 15.4, 15.5, 15.6, 15.7])
    track = along[:, None] * np.array([0.6, 0.8])
    # Blur: 10, 6, 3, 1.5, 0.6, ...
    assert count_early_frames(track, 2.0) == 3
    assert count_early_frames(track, 7.0) == 1
    assert count_early_frames(track, 20.0) == 0
    assert count_early_frames(track[:1], 2.0) == 0


def test_a_specimen_that_drifts_has_no_early_frames():
    drift = np.arange(10)[:, None] * np.array([3.0, 0.0])
    assert count_early_frames(drift, 2.0) == 0


def test_an_edge_of_carbon_does_not_hold_the_frames(spots, wandering):
    movie = spots(wandering, size=448, counts=4.0)
    rng = np.random.default_rng(7)
    for counts, shift in zip(movie.frames.counts, movie.shifts / 1.5, strict=True):
        y, x = np.mgrid[:448, :448]
        # Three in four electrons are lost beyond an edge that moves with the specimen.
        beyond = (x + shift[1]) + 0.4 * (y + shift[0]) < 200
        counts[:] = rng.binomial(counts, np.where(beyond, 0.25, 1.0))
    found = measure_motion(movie.frames, TrackSearch())
    assert rms(found.shifts - movie.shifts) < 2.0 * found.frame_errors.mean()


def test_frames_on_a_device_show_the_same_motion(spots, wandering, device):
    movie = spots(wandering, size=384)
    there = Frames(device(movie.frames.counts), device(movie.frames.gain), movie.frames.pixel_size)
    here = measure_motion(movie.frames, TrackSearch(), patches=3)
    found = measure_motion(there, TrackSearch(), patches=3)
    np.testing.assert_allclose(found.shifts, here.shifts, atol=1e-3)


@pytest.mark.parametrize("method", ["likelihood", "pairwise"])
def test_noise_is_not_followed(method):
    """Frames that have nothing in common do not move, and say that they show nothing."""
    counts = np.random.default_rng(3).poisson(2.0, (24, 512, 512)).astype(np.uint8)
    frames = Frames(counts, np.ones((512, 512), np.float32), 1.5)
    found = measure_motion(frames, TrackSearch(method=method))
    assert not found.shifts.any()
    assert found.local is None
    assert not found.frame_agreement.any()
    assert not found.converged
    record = found.record(1.5, hot_pixels=np.zeros((512, 512), bool))
    assert not record.known


def test_a_true_track_is_known_however_fast(spots):
    drifting = np.arange(12)[:, None] * np.array([9.0, -6.0])
    found = measure_motion(spots(drifting).frames, TrackSearch())
    assert rms(found.shifts - drifting) < 0.5
    assert found.record(1.5, hot_pixels=np.zeros((384, 384), bool)).known
