import numpy as np
import pytest

from icestream.processing.dose import Dose
from icestream.processing.motion.spectra import bin_frames, frame_spectra
from icestream.processing.motion.track import Search, align_frames


def align(movie, dose=None, **search):
    binned = bin_frames(movie.frames, 2)
    spectra, band = frame_spectra(binned, 3.0, 8.0, dose)
    return align_frames(spectra, band, Search(**search), dose)


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
        movie = spots(wandering, size=256, counts=2.0, seed=seed)
        track = align(movie, smooth=False)
        errors.append(rms(track.shifts, movie.shifts) ** 2)
        expected.append(1 / track.weighting.information.mean())
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
