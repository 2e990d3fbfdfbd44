import numpy as np
import pytest
from scipy import fft

from icestream.processing.dose import Dose, dose_weights
from icestream.processing.motion.patches import cut_patches
from icestream.processing.motion.spectra import Binned

RNG = np.random.default_rng(2)


def cut(images, across, resolution=12.0, dose=None, shifts=None, **more):
    shifts = np.zeros((len(images), 2)) if shifts is None else shifts
    return cut_patches(Binned(images, 3.0), across, resolution, dose, shifts, **more)


def noise(frames=2, shape=(200, 200)):
    return RNG.normal(size=(frames, *shape)).astype(np.float32)


@pytest.mark.parametrize("shape", [(200, 200), (200, 300), (301, 200)])
def test_patches_cover_the_field_evenly(shape):
    patches = cut(noise(2, shape), 4)
    assert len(patches) == len(patches.centers) == patches.grid[0] * patches.grid[1]
    assert min(patches.grid) == 4
    np.testing.assert_allclose(patches.centers.mean(axis=0), 0, atol=0.01)


@pytest.mark.parametrize("across", [1, 3, 5])
def test_patches_share_the_power_of_the_frame(across):
    images = noise(1, (240, 240))
    patches = cut(images, across)
    band = patches.band
    # The power of white noise is the number of pixels that it was cut from.
    measured = patches.power[band.mask(12.0)].mean()
    assert measured == pytest.approx(240 * 240, rel=0.15)
    pixels = np.prod(np.array(band.extent) / 3.0)
    assert len(patches) * patches.fill * pixels == pytest.approx(240 * 240, rel=0.12)


def test_one_patch_is_the_tapered_frame():
    images = noise(3, (60, 60))
    dose = Dose(per_frame=2.0)
    patches = cut(images, 1, dose=dose)
    edge = np.sin(0.5 * np.pi * (np.arange(12) + 0.5) / 12)
    window = np.concatenate([edge, np.ones(36), edge[::-1]])
    flat = images - images.mean(axis=(1, 2), keepdims=True)
    spectrum = fft.rfft2(flat * window[:, None] * window)
    band = patches.band
    inside = band.mask(12.0)
    high = band.shape[0]
    rows = np.r_[0 : high // 2 + 1, 60 - high // 2 + 1 : 60]
    wanted = spectrum[:, rows, : band.shape[1] // 2 + 1] * dose_weights(band.k, 3, dose)
    found = (patches.real[0] + 1j * patches.imaginary[0]).transpose(1, 0, 2)
    np.testing.assert_allclose(found[:, inside], wanted[:, inside], atol=1e-3)


def test_frames_are_cut_where_the_specimen_has_moved_to():
    first = noise(1, (200, 200))[0]
    images = np.stack([first, np.roll(first, (-4, 7), axis=(0, 1))])
    patches = cut(images, 3, shifts=np.array([[0.0, 0.0], [12.0, -21.0]]))
    middle = 4
    np.testing.assert_array_equal(patches.offsets[middle, 1], [12.0, -21.0])
    np.testing.assert_allclose(patches.real[middle, :, 0], patches.real[middle, :, 1], atol=2e-3)


def test_patches_at_the_border_stay_inside():
    patches = cut(noise(2), 3, shifts=np.array([[0.0, 0.0], [900.0, 0.0]]))
    assert np.isfinite(patches.real).all()
    assert patches.offsets[0, 1, 0] == 0
    assert 0 < patches.offsets[-1, 1, 0] < 600


def test_threads_change_nothing():
    images = noise()
    one, two = cut(images, 4), cut(images, 4, cores=3)
    np.testing.assert_array_equal(one.real, two.real)
    np.testing.assert_array_equal(one.power, two.power)
