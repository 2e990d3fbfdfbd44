import numpy as np
import pytest

from icestream.processing.motion.coarse import coarse_track
from icestream.processing.motion.field import fit_local_motion
from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.patches import cut_patches
from icestream.processing.motion.spectra import bin_frames
from icestream.processing.motion.track import TrackSearch, refine_track

GRID = np.stack(np.meshgrid([-0.4, 0, 0.4], [-0.4, 0, 0.4], indexing="ij"), axis=-1).reshape(-1, 2)


def fit(movie, cores=1):
    search = TrackSearch(resolution=8.0)
    binned = bin_frames(movie.frames, 8.0)
    start = coarse_track(binned, search)
    patches = cut_patches(binned, 4, 8.0, None, start)
    track = refine_track(patches, start, search)
    return fit_local_motion(patches, track, search, cores=cores)


def test_the_model_is_relion_s_polynomial():
    coefficients = np.zeros((2, 6, 3))
    coefficients[1, 3, 1] = 2.0  # x: y t²
    coefficients[0, 5, 0] = 3.0  # y: x y t
    motion = LocalMotion(np.zeros((3, 2)), coefficients.reshape(2, 18), 0.0)
    moved = motion.at(np.array([[0.5, -0.25]]))
    np.testing.assert_allclose(moved[2, 0], [3 * 0.5 * -0.25 * 2, 2 * 0.5 * 4])
    assert not moved[0].any()


def test_doming_is_found_and_predicts_left_out_patches(spots, wandering):
    movie = spots(wandering, doming=6.0)
    found = fit(movie)
    motion = found.motion
    assert motion.gain > 0
    assert found.gains.sum() == pytest.approx(motion.gain)
    assert (found.gains > 0).mean() > 0.7
    part = np.arange(10) / 9
    # What moved outwards by 6 Å at the corners has to be shifted inwards.
    wanted = movie.shifts[:, None] - part[:, None, None] * GRID * 6.0 * np.sqrt(2)
    error = motion.at(GRID) - wanted
    error -= error.mean(axis=0)
    assert np.sqrt((error**2).mean()) < 0.2 * 1.5
    still = np.repeat(movie.shifts[:, None], 9, axis=1) - wanted
    still -= still.mean(axis=0)
    assert np.sqrt((error**2).mean()) < 0.3 * np.sqrt((still**2).mean())


def test_without_local_motion_the_model_gains_nothing(spots, wandering):
    motion = fit(spots(wandering, counts=0.6)).motion
    assert motion.gain < 0


def test_threads_change_nothing(spots, wandering):
    movie = spots(wandering, doming=4.0, size=256)
    one, two = fit(movie).motion, fit(movie, cores=2).motion
    np.testing.assert_array_equal(one.coefficients, two.coefficients)


def test_whole_frame_shifts_are_the_mean_over_the_field(spots, wandering):
    motion = fit(spots(wandering, doming=6.0)).motion
    side = np.linspace(-0.5, 0.5, 101)[:-1] + 0.005
    places = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(motion.at(places).mean(axis=1), motion.shifts, atol=1e-3)


def test_without_its_first_frames_the_motion_is_the_same_from_there_on():
    rng = np.random.default_rng(1)
    whole = LocalMotion(rng.normal(size=(9, 2)), rng.normal(size=(2, 18)) / 50, 1.0)
    rest = whole.without_first(3)
    moved = whole.at(GRID)[3:]
    np.testing.assert_allclose(rest.at(GRID), moved - moved[0], atol=1e-9)


def test_an_empty_patch_says_little(spots, wandering):
    movie = spots(wandering, doming=4.0)
    rng = np.random.default_rng(8)
    movie.frames.counts[:, :96, :96] = rng.poisson(3.0, (10, 96, 96))
    found = fit(movie)
    assert found.agreement[0] < 0.4 * np.median(found.agreement)
