"""What is written once is tested through both of its users; here, what neither shows."""

import numpy as np

from icestream.processing.backend.polar import fourier_matrix


def test_white_noise_keeps_its_variance_on_the_rings():
    matrix = fourier_matrix(16, 7, 32).astype(np.float64)
    half = matrix.shape[1] // 2
    power = (matrix[:, :half] ** 2 + matrix[:, half:] ** 2).sum(axis=0)
    np.testing.assert_allclose(power, 1, rtol=1e-5)
    assert not fourier_matrix(8, 3, 16).flags.writeable
