import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icestream.processing.backend import to_host
from icestream.processing.fourier import (
    bin_image,
    crop_spectrum,
    fourier_crop,
    fourier_shift,
    lowpass,
)

SIZES = st.integers(8, 33)


def noise(shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def wave(shape, ky, kx):
    y, x = np.indices(shape)
    return np.cos(2 * np.pi * (ky * y / shape[0] + kx * x / shape[1])).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(SIZES, SIZES, st.integers(1, 9), st.integers(1, 9))
def test_padding_and_cropping_gives_the_image_back(height, width, more_y, more_x):
    image = noise((height, width))
    larger = fourier_crop(image, (height + more_y, width + more_x))
    np.testing.assert_allclose(fourier_crop(larger, (height, width)), image, atol=2e-5)


@settings(max_examples=30, deadline=None)
@given(SIZES, SIZES, st.integers(6, 40), st.integers(6, 40))
def test_a_wave_is_resampled_exactly(height, width, new_y, new_x):
    resampled = fourier_crop(wave((height, width), 2, 1) + 3, (new_y, new_x))
    np.testing.assert_allclose(resampled, wave((new_y, new_x), 2, 1) + 3, atol=1e-4)


def test_fine_waves_are_cut_off():
    assert np.abs(fourier_crop(wave((64, 64), 20, 3), (32, 32))).max() < 1e-5


def test_crop_spectrum_refuses_a_wrong_shape():
    with pytest.raises(ValueError, match="found"):
        crop_spectrum(np.zeros((8, 8), np.complex64), (8, 8), (4, 4))


def test_binning_takes_block_means():
    image = np.arange(35, dtype=np.uint8).reshape(5, 7)
    binned = bin_image(image, 2)
    assert binned.shape == (2, 3)
    assert binned.dtype == np.float32
    assert binned[0, 0] == (0 + 1 + 7 + 8) / 4


def test_binning_beyond_the_image_is_refused():
    with pytest.raises(ValueError, match="by 9"):
        bin_image(np.zeros((8, 8), np.float32), 9)


@settings(max_examples=30, deadline=None)
@given(SIZES, SIZES, st.integers(-5, 5), st.integers(-5, 5))
def test_a_whole_pixel_shift_is_a_roll(height, width, dy, dx):
    image = noise((height, width))
    np.testing.assert_allclose(
        fourier_shift(image, (dy, dx)), np.roll(image, (dy, dx), (0, 1)), atol=2e-5
    )


def test_a_wave_is_shifted_by_a_fraction():
    y, x = np.indices((48, 40))
    shifted = fourier_shift(wave((48, 40), 3, 2), (0.3, -1.7))
    wanted = np.cos(2 * np.pi * (3 * (y - 0.3) / 48 + 2 * (x + 1.7) / 40))
    np.testing.assert_allclose(shifted, wanted, atol=2e-5)


def test_the_filter_is_half_at_its_edge():
    image = wave((64, 64), 0, 8)  # 1/8 cycles per pixel: 16 Å at 2 Å per pixel
    np.testing.assert_allclose(lowpass(image, 2.0, 16.0), 0.5 * image, atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: fourier_crop(image, (12, 11)),
        lambda image: fourier_crop(image, (24, 19)),
        lambda image: fourier_shift(image, (1.25, -3.5)),
        lambda image: lowpass(image, 1.5, 8.0),
        lambda image: bin_image(image, 2),
        lambda image: bin_image(image, 1),
    ],
)
def test_a_gpu_gives_the_same_images(device, change):
    image = noise((2, 16, 17))
    np.testing.assert_allclose(to_host(change(device(image))), change(image), atol=1e-5)
