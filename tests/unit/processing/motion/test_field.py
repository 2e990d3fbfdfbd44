import numpy as np
import pytest

from icestream.processing.motion.field import LocalMotion, cut_patches, fit_local_motion
from icestream.processing.motion.spectra import bin_frames, frame_spectra
from icestream.processing.motion.track import Search, align_frames

GRID = np.stack(np.meshgrid([-0.4, 0, 0.4], [-0.4, 0, 0.4], indexing="ij"), axis=-1).reshape(-1, 2)


def fit(movie, cores=1):
    binned = bin_frames(movie.frames, 2)
    spectra, band = frame_spectra(binned, 3.0, 8.0, None)
    track = align_frames(spectra, band, Search())
    patches = cut_patches(binned, 3.0, 5, 8.0, None)
    return fit_local_motion(patches, track, Search(), cores=cores)


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
    motion = fit(movie)
    assert motion.gain > 0
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
    motion = fit(spots(wandering, counts=0.6))
    assert motion.gain < 0


def test_threads_change_nothing(spots, wandering):
    movie = spots(wandering, doming=4.0, size=256)
    one, two = fit(movie), fit(movie, cores=2)
    np.testing.assert_array_equal(one.coefficients, two.coefficients)


def test_whole_frame_shifts_are_the_mean_over_the_field(spots, wandering):
    motion = fit(spots(wandering, doming=6.0))
    side = np.linspace(-0.5, 0.5, 101)[:-1] + 0.005
    places = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(motion.at(places).mean(axis=1), motion.shifts, atol=1e-3)


@pytest.mark.parametrize("shape", [(200, 200), (200, 300), (301, 200)])
def test_patches_cover_the_field_evenly(shape):
    binned = np.ones((2, *shape), np.float32)
    patches = cut_patches(binned, 3.0, 4, 12.0, None)
    assert len(patches.centers) == patches.grid[0] * patches.grid[1]
    assert min(patches.grid) >= 4
    np.testing.assert_allclose(patches.centers.mean(axis=0), 0, atol=0.01)
    assert 0.6 < patches.share * len(patches.centers) < 1.1
