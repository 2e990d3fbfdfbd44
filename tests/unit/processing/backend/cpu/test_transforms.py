import numpy as np
import pytest

from icestream.processing.backend import cpu


def noise(*shape):
    return np.random.default_rng(5).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(8, 8), (7, 12), (9, 5)])
def test_images_come_back(shape):
    images = noise(3, *shape)
    spectra = cpu.rfft2(images, threads=2)
    assert spectra.dtype == np.complex64
    np.testing.assert_allclose(cpu.irfft2(spectra, shape), images, atol=1e-6)


def test_a_wave_has_one_frequency():
    wave = np.cos(2 * np.pi * (2 * np.arange(16)[:, None] + 3 * np.arange(16)) / 16)
    power = np.abs(cpu.rfft2(wave)) ** 2
    assert np.unravel_index(power.argmax(), power.shape) == (2, 3)
    assert power.max() == pytest.approx(128**2, rel=1e-6)


@pytest.mark.parametrize("size", [12, 13])
def test_lines_come_back(size):
    lines = noise(4, size)
    np.testing.assert_allclose(cpu.irfft(cpu.rfft(lines), size), lines, atol=1e-6)


def test_counts_are_transformed_in_single_precision():
    assert cpu.rfft2(np.ones((4, 4), np.uint8)).dtype == np.complex64


def test_a_stack_of_matrices_is_multiplied_one_by_one():
    left, right = noise(3, 4, 5), noise(3, 5, 2)
    each = np.stack([a @ b for a, b in zip(left, right, strict=True)])
    np.testing.assert_allclose(cpu.matmul(left, right), each, rtol=1e-6)
