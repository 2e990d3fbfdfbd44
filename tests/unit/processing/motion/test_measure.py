import numpy as np

from icestream.processing.motion.field import LocalMotion
from icestream.processing.motion.measure import measure_motion
from icestream.processing.motion.track import Search


def rms(error):
    return float(np.sqrt(((error - error.mean(axis=0)) ** 2).mean()))


def test_local_motion_is_used_where_there_is_some(spots, wandering):
    movie = spots(wandering, doming=6.0, size=640)
    found = measure_motion(movie.frames, Search(), patches=5)
    assert isinstance(found.best, LocalMotion)
    assert rms(found.shifts - movie.shifts) < 0.1 * 1.5


def test_local_motion_is_left_out_where_there_is_none(spots, wandering):
    movie = spots(wandering, counts=1.0, size=512)
    found = measure_motion(movie.frames, Search(), patches=5)
    assert found.local is None
    assert found.best is found.track.shifts


def test_no_patches_no_local_motion(spots, wandering):
    found = measure_motion(spots(wandering, doming=6.0).frames, Search(), patches=0)
    assert found.local is None


def test_the_same_movie_gives_the_same_motion(spots, wandering):
    movie = spots(wandering, doming=6.0, size=512)
    one = measure_motion(movie.frames, Search(), patches=5)
    two = measure_motion(movie.frames, Search(), patches=5, cores=2)
    np.testing.assert_array_equal(one.shifts, two.shifts)


def test_two_frames_are_enough_for_a_shift(spots):
    movie = spots(np.array([[0.0, 0.0], [7.5, -3.0]]))
    found = measure_motion(movie.frames, Search())
    assert np.abs(found.shifts - movie.shifts).max() < 0.2 * 1.5
