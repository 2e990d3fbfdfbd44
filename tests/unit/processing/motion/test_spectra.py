import numpy as np
import pytest
from scipy import fft

from icestream.processing.fourier import bin_image, fourier_shift
from icestream.processing.motion.spectra import (
    Band,
    Binned,
    Frames,
    bin_frames,
    flatten,
    moved,
    small_spectra,
)

RNG = np.random.default_rng(1)


def test_frames_are_binned_as_far_as_the_resolution_allows():
    counts = RNG.integers(0, 9, (3, 40, 34)).astype(np.uint8)
    gain = RNG.uniform(0.5, 2, (40, 34)).astype(np.float32)
    frames = Frames(counts, gain, 1.5)
    binned = bin_frames(frames, 10.0)
    assert binned.pixel_size == 4.5
    np.testing.assert_allclose(binned.images, bin_image(counts * gain, 3) * 9, rtol=1e-5)
    assert bin_frames(frames, 3.0).pixel_size == 1.5


def test_first_frames_can_be_left_out():
    counts = RNG.integers(0, 9, (5, 8, 8)).astype(np.uint8)
    rest = Frames(counts, np.ones((8, 8), np.float32), 1.5).without_first(2)
    assert (len(rest), rest.pixel_size) == (3, 1.5)
    np.testing.assert_array_equal(rest.counts, counts[2:])


def test_the_band_reaches_the_resolution_and_leaves_the_axes_out():
    spectra, band = small_spectra(Binned(RNG.normal(size=(2, 96, 128)).astype("f4"), 2.0), 10.0)
    assert spectra.shape == (2, band.shape[0], band.shape[1] // 2 + 1)
    assert 10.0 > 2 * band.pixel.max() > 8.0
    mask = band.mask(10.0)
    assert not mask[0].any()
    assert not mask[:, 0].any()
    assert band.k[mask].max() <= 0.1
    assert band.k[mask].max() > 0.095


def test_frequencies_are_cycles_per_length_on_fields_of_any_shape():
    band = Band((8, 6), (40.0, 60.0))
    assert band.ky[1] == pytest.approx(1 / 40)
    assert band.kx[1] == pytest.approx(1 / 60)
    assert band.k[1, 1] == pytest.approx(np.hypot(1 / 40, 1 / 60))


def test_small_spectra_are_those_of_the_frames():
    images = RNG.normal(size=(3, 64, 48)).astype(np.float32)
    spectra, band = small_spectra(Binned(images, 4.0), 12.0)
    wanted = fft.rfft2(images - images.mean(axis=(1, 2), keepdims=True))
    inside = band.mask(12.0)
    high, wide = band.shape
    rows = np.r_[0 : high // 2 + 1, 64 - high // 2 + 1 : 64]
    cut = wanted[:, rows, : wide // 2 + 1]
    np.testing.assert_allclose(spectra[:, inside], cut[:, inside], atol=1e-3)


def test_moving_a_spectrum_moves_the_image():
    images = RNG.normal(size=(2, 32, 24)).astype(np.float32)
    band = Band((32, 24), (64.0, 48.0))
    shifts = np.array([[2.0, -6.0], [4.0, 8.0]])
    back = fft.irfft2(moved(fft.rfft2(images), band, shifts), s=(32, 24))
    for image, shift, result in zip(images, shifts / 2.0, back, strict=True):
        np.testing.assert_allclose(result, fourier_shift(image, tuple(shift)), atol=1e-4)


def test_flattening_takes_off_the_mean_around_each_pixel():
    images = RNG.normal(size=(2, 50, 37)).astype(np.float32)
    flat = flatten(Binned(images, 10.0), cores=2).images
    for y, x in [(0, 0), (3, 20), (25, 18), (49, 36)]:
        around = images[:, max(y - 5, 0) : y + 6, max(x - 5, 0) : x + 6]
        wanted = images[:, y, x] - around.mean(axis=(1, 2))
        np.testing.assert_allclose(flat[:, y, x], wanted, atol=1e-5)


def test_flattening_leaves_nothing_of_a_slope():
    slope = np.broadcast_to(np.arange(80, dtype=np.float32), (1, 60, 80))
    flat = flatten(Binned(np.ascontiguousarray(slope), 10.0)).images
    np.testing.assert_allclose(flat[0, :, 5:-5], 0, atol=1e-4)
