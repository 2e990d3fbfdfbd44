from itertools import combinations

import numpy as np
import pytest

from icestream.processing.motion.pairwise import pairwise_track, solve_pairs
from icestream.processing.motion.spectra import bin_frames
from icestream.processing.motion.track import TrackSearch


def differences(shifts):
    return np.array([shifts[j] - shifts[i] for i, j in combinations(range(len(shifts)), 2)])


def test_exact_pairs_give_the_shifts():
    shifts = np.random.default_rng(1).normal(0, 9, (7, 2))
    found = solve_pairs(7, differences(shifts))
    np.testing.assert_allclose(found, shifts - shifts.mean(axis=0), atol=1e-6)


def test_false_peaks_lose_their_vote():
    rng = np.random.default_rng(2)
    shifts = np.cumsum(rng.normal(0, 2, (12, 2)), axis=0)
    pairs = differences(shifts) + rng.normal(0, 0.1, (66, 2))
    pairs[rng.choice(66, 16, replace=False)] += rng.uniform(-100, 100, (16, 2))
    error = solve_pairs(12, pairs) - (shifts - shifts.mean(axis=0))
    assert np.sqrt((error**2).mean()) < 0.15


def test_noise_averages_over_the_pairs():
    rng = np.random.default_rng(3)
    errors = [solve_pairs(20, rng.normal(0, 1.0, (190, 2))) for _ in range(20)]
    # Each shift is seen by 19 pairs, whose other ends are known as badly as itself.
    assert np.std(errors) == pytest.approx(np.sqrt(1 / 20), rel=0.2)


def test_a_wrong_number_of_pairs_is_refused():
    with pytest.raises(ValueError, match="4 frames have 6 pairs"):
        solve_pairs(4, np.zeros((5, 2)))


def test_the_track_of_a_movie_is_found(spots, wandering):
    movie = spots(wandering)
    found = pairwise_track(bin_frames(movie.frames, 10.0), TrackSearch())
    assert not found[0].any()
    error = found - movie.shifts
    error -= error.mean(axis=0)
    assert np.sqrt((error**2).mean()) < 0.4


def test_a_blank_frame_spoils_no_other(spots, wandering):
    movie = spots(wandering)
    movie.frames.counts[4] = np.random.default_rng(1).poisson(3.0, movie.frames.shape)
    found = pairwise_track(bin_frames(movie.frames, 10.0), TrackSearch())
    good = np.arange(10) != 4
    error = (found - movie.shifts)[good]
    error -= error.mean(axis=0)
    assert np.sqrt((error**2).mean()) < 0.4


def test_one_frame_has_no_motion(spots):
    movie = spots(np.zeros((1, 2)))
    assert not pairwise_track(bin_frames(movie.frames, 10.0), TrackSearch()).any()
