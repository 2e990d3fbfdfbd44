import numpy as np
import pytest

from icestream.processing.dose import Dose
from icestream.processing.motion.coarse import coarse_track
from icestream.processing.motion.patches import cut_patches
from icestream.processing.motion.spectra import bin_frames
from icestream.processing.motion.track import TrackSearch, judge_track, refine_track


def prepare(movie, dose, search):
    binned = bin_frames(movie.frames, search.resolution)
    start = coarse_track(binned, search)
    across = min(binned.images.shape[1:]) // 50
    return cut_patches(binned, across, search.resolution, dose, start), start


def align(movie, dose=None, **options):
    search = TrackSearch(**{"resolution": 8.0, **options})
    patches, start = prepare(movie, dose, search)
    return refine_track(patches, start, search, dose)


def rms(found, truth):
    error = found - truth
    return float(np.sqrt(((error - error.mean(axis=0)) ** 2).mean()))


@pytest.mark.parametrize("smooth", [True, False])
def test_a_known_track_is_found(spots, wandering, smooth):
    movie = spots(wandering)
    track = align(movie, smooth=smooth)
    assert track.converged
    assert not track.shifts[0].any()
    assert rms(track.shifts, movie.shifts) < 0.1 * 1.5


def test_the_error_is_what_the_information_says(spots, wandering):
    errors, expected = [], []
    for seed in range(4):
        movie = spots(wandering, counts=2.0, seed=seed)
        track = align(movie, smooth=False)
        errors.append(rms(track.shifts, movie.shifts) ** 2)
        expected.append((track.errors**2).mean())
    assert np.mean(errors) == pytest.approx(np.mean(expected), rel=0.5)


def test_large_shifts_are_found(spots):
    shifts = np.array([[0, 0], [60, -45], [61, -44], [-50, 70], [-50, 71], [0, 1.0]])
    movie = spots(shifts)
    track = align(movie)
    assert rms(track.shifts, movie.shifts) < 0.1 * 1.5


def test_a_blank_frame_does_not_disturb_the_others(spots, wandering):
    movie = spots(wandering)
    movie.frames.counts[4] = np.random.default_rng(1).poisson(3.0, movie.frames.shape)
    track = align(movie)
    good = np.arange(10) != 4
    assert rms(track.shifts[good], movie.shifts[good]) < 0.1 * 1.5
    assert track.agreement[4] < 0.2
    assert track.agreement[good].min() > 0.6


def test_a_track_from_elsewhere_is_judged_where_it_is(spots, wandering):
    movie = spots(wandering)
    search = TrackSearch(resolution=8.0)
    patches, _ = prepare(movie, None, search)
    right = judge_track(patches, movie.shifts, search)
    np.testing.assert_allclose(right.shifts, movie.shifts)
    assert right.agreement == pytest.approx(np.ones(10), abs=0.25)
    shaken = movie.shifts + np.random.default_rng(1).normal(0, 3.0, (10, 2))
    wrong = judge_track(patches, shaken, search)
    assert wrong.weighting.information.sum() < 0.7 * right.weighting.information.sum()


def test_the_dose_does_not_bias_the_track(spots, wandering):
    movie = spots(wandering)
    track = align(movie, Dose(per_frame=1.5))
    assert rms(track.shifts, movie.shifts) < 0.08 * 1.5


def test_one_frame_has_no_motion(spots):
    track = align(spots(np.zeros((1, 2))))
    assert track.converged
    assert track.shifts.shape == (1, 2)
    assert not track.shifts.any()


def test_an_empty_movie_stands_still(spots):
    movie = spots(np.zeros((4, 2)))
    movie.frames.counts[:] = 0
    track = align(movie)
    assert np.isfinite(track.shifts).all()
    assert np.abs(track.shifts).max() < 10
