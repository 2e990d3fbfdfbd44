"""The GPU gives what the CPU gives."""

import numpy as np

from icestream.processing.backend import cpu, operations, to_host


def test_polar_spectra(device):
    images = np.random.default_rng(1).normal(size=(3, 18, 18)).astype(np.float32)
    moved = device(images)
    spectra = operations(moved).polar_transform(moved, 6, 32)
    expected = cpu.polar_transform(images, 6, 32)
    np.testing.assert_allclose(to_host(spectra), expected, rtol=1e-4, atol=1e-5)


def test_scores(device):
    rng = np.random.default_rng(2)
    shape = (6, 17)

    def harmonics(*first):
        both = rng.normal(size=(2, *first, *shape))
        return (both[0] + 1j * both[1]).astype(np.complex64)

    images, references = harmonics(3, 5), harmonics(4)
    moved = device(images)
    score = operations(moved).score(moved, device(references), 32)
    assert score.dtype == np.float32
    np.testing.assert_allclose(
        to_host(score), cpu.score(images, references, 32), rtol=1e-4, atol=1e-5
    )


def test_polar_images(device):
    circles = np.random.default_rng(3).normal(size=(3, 6, 32)).astype(np.float32)
    moved = device(circles)
    images = operations(moved).polar_images(moved, 18)
    np.testing.assert_allclose(to_host(images), cpu.polar_images(circles, 18), rtol=1e-4, atol=1e-5)
