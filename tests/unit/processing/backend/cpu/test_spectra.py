import numpy as np
import pytest

from icestream.model import Optics
from icestream.processing.backend import cpu
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.fourier import fourier_shift


def test_moved_images_are_summed():
    images = np.random.default_rng(1).normal(size=(3, 16, 21)).astype(np.float32)
    shifts, weights = np.array([(0.5, 1.5), (-2.0, 0.25), (0, 0)]), np.array([1.0, -0.5, 2.0])
    # Without its Nyquist frequency, an image of even size has a phase everywhere.
    spectra = cpu.rfft2(images)
    spectra[:, 8] = 0
    frequency = (np.fft.fftfreq(16), np.fft.rfftfreq(21))
    total = cpu.irfft2(cpu.shift_and_sum(spectra, frequency, shifts, weights), (16, 21))
    images = cpu.irfft2(spectra, (16, 21))
    moved = [
        weight * fourier_shift(image, tuple(shift))
        for weight, image, shift in zip(weights, images, shifts, strict=True)
    ]
    np.testing.assert_allclose(total, np.sum(moved, axis=0), atol=1e-5)


def test_without_weights_all_count_alike():
    spectra = cpu.rfft2(np.random.default_rng(1).normal(size=(4, 8, 8)))
    frequency = (np.fft.fftfreq(8), np.fft.rfftfreq(8))
    total = cpu.shift_and_sum(spectra, frequency, np.zeros((4, 2)))
    np.testing.assert_allclose(total, spectra.sum(axis=0), rtol=1e-5, atol=1e-5)


def test_a_transfer_function_is_that_of_the_equation():
    optics = Optics(
        pixel_size=0.8, voltage=300.0, spherical_aberration=2.7, amplitude_contrast=0.07
    )
    defoci = [
        Defocus(u=31000, v=29000, angle=35.0, phase_shift=20.0),
        Defocus(u=8000, v=8000),
        Defocus(u=-4000, v=-4500, angle=-70),
    ]
    numbers = [
        (each.mean, *each.vector, np.radians(each.phase_shift) + np.arcsin(0.07)) for each in defoci
    ]
    lens = (optics.wavelength, optics.spherical_aberration * 1e7)
    images = cpu.ctf_image((64, 51), 0.8, np.array(numbers), lens)
    assert images.shape == (3, 64, 26)
    for image, defocus in zip(images, defoci, strict=True):
        np.testing.assert_allclose(image, ctf_2d((64, 51), defocus, optics, half=True), atol=3e-7)


def test_rings_have_their_mean_and_empty_ones_none():
    ring = np.array([[0, 1, 1], [2, -1, 4]])
    images = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    mean = cpu.radial_mean(images, ring, 4)
    np.testing.assert_array_equal(mean, [[0, 1.5, 3, np.nan], [6, 7.5, 9, np.nan]])


@pytest.mark.parametrize("shape", [(2,), (2, 3), ()])
def test_rings_of_stacks_have_the_shape_of_the_stack(shape):
    assert cpu.radial_mean(np.ones((*shape, 4, 4)), np.zeros((4, 4), int), 1).shape == (*shape, 1)
