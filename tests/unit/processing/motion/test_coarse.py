import numpy as np
import pytest

from icestream.processing.motion.coarse import coarse_track
from icestream.processing.motion.spectra import Frames, bin_frames
from icestream.processing.motion.track import TrackSearch


def coarse(movie, **search):
    return coarse_track(bin_frames(movie.frames, 10.0), TrackSearch(**search))


def off(found, truth):
    error = found - truth
    return float(np.abs(error - np.median(error, axis=0)).max())


def test_the_track_is_near_to_the_truth(spots, wandering):
    assert off(coarse(spots(wandering)), wandering) < 2.0


def test_large_shifts_are_found(spots):
    shifts = np.array([[0, 0], [60, -45], [61, -44], [-50, 70], [-50, 71], [0, 1.0]])
    assert off(coarse(spots(shifts)), shifts) < 3.0


def test_no_frame_goes_further_than_it_may(spots):
    shifts = np.array([[0, 0], [60, -45], [60, -45], [60, -45.0]])
    found = coarse(spots(shifts), max_shift=15.0)
    assert np.ptp(found, axis=0).max() < 60


def test_a_blank_frame_is_kept_near_to_its_neighbours(spots, wandering):
    movie = spots(wandering)
    movie.frames.counts[4] = np.random.default_rng(1).poisson(3.0, movie.frames.shape)
    found = coarse(movie)
    good = np.arange(10) != 4
    assert off(found[good], wandering[good]) < 2.0
    assert np.hypot(*(found[4] - found[[3, 5]].mean(axis=0))) < 20


@pytest.mark.parametrize("frames", [1, 4])
def test_nothing_to_see_gives_finite_shifts(spots, frames):
    movie = spots(np.zeros((frames, 2)))
    movie.frames.counts[:] = 0
    assert np.abs(coarse(movie)).max() < 10


def test_noise_wanders_no_further_than_one_frame_may():
    """Each round is bounded; without a signal eight of them went to hundreds of Å."""
    counts = np.random.default_rng(2).poisson(1.0, (16, 384, 384)).astype(np.uint8)
    frames = Frames(counts, np.ones((384, 384), np.float32), 1.5)
    found = coarse_track(bin_frames(frames, 10.0), TrackSearch(max_shift=40.0))
    assert np.abs(found).max() <= 40.0 + 6.0
