"""The GPU gives what the CPU gives."""

import numpy as np
import pytest

from icestream.processing.backend import cpu, operations, to_host


def test_peaks(device):
    maps = np.random.default_rng(1).normal(size=(12, 20, 25)).astype(np.float32)
    moved = device(maps)
    for radius in (0, 4.5, 100):
        places, heights = operations(moved).peak(moved, radius)
        expected = cpu.peak(maps, radius)
        np.testing.assert_allclose(to_host(places), expected[0], atol=1e-9)
        np.testing.assert_array_equal(to_host(heights), expected[1])


def test_patches(device):
    images = np.random.default_rng(1).poisson(9, (2, 20, 25)).astype(np.uint16)
    corners = np.array([(0, 0), (10, 15), (3, 4)])
    moved = device(images)
    cut = operations(moved).gather_patches(moved, corners, 10)
    np.testing.assert_array_equal(to_host(cut), cpu.gather_patches(images, corners, 10))
    with pytest.raises(ValueError, match="reach beyond"):
        operations(moved).gather_patches(moved, corners + 1, 10)
