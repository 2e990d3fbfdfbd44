"""The GPU gives what the CPU gives."""

import numpy as np
import pytest

from icestream.processing.backend import cpu, operations, to_host


def noise(*shape, seed=5):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(3, 16, 18), (2, 15, 9)])
def test_transforms_of_images(device, shape):
    images = noise(*shape)
    moved = device(images)
    spectra = operations(moved).rfft2(moved, threads=3)
    np.testing.assert_allclose(to_host(spectra), cpu.rfft2(images), rtol=1e-5, atol=1e-4)
    back = operations(moved).irfft2(spectra, shape[1:])
    assert back.dtype == np.float32
    np.testing.assert_allclose(to_host(back), images, atol=1e-5)


def test_transforms_of_lines(device):
    lines = noise(5, 24)
    moved = device(lines)
    spectra = operations(moved).rfft(moved)
    np.testing.assert_allclose(to_host(spectra), cpu.rfft(lines), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(to_host(operations(moved).irfft(spectra, 24)), lines, atol=1e-5)


def test_matrix_products(device):
    left, right = noise(3, 4, 5), noise(3, 5, 6, seed=6)
    product = operations(device(left)).matmul(device(left), device(right))
    np.testing.assert_allclose(to_host(product), cpu.matmul(left, right), rtol=1e-5, atol=1e-5)
