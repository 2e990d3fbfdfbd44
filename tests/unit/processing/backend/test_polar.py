"""What is written once is tested through both of its users; here, what neither shows."""

import numpy as np

from icestream.processing.backend.polar import fourier_waves


def test_waves_of_a_quarter_are_those_of_the_whole_image():
    """cos(a + b) = cos a cos b - sin a sin b, for a pixel and a direction of the quarter."""
    cc, cs, sc, ss = fourier_waves(16, 7, 32)
    y, x, ring, direction = 3, 5, 4, 6
    pixel, sample = 9 * y + x, 9 * (ring - 1) + direction
    turn = 2 * np.pi * direction / 32
    phase = 2 * np.pi / 16 * ring * (np.sin(turn) * y + np.cos(turn) * x)
    np.testing.assert_allclose((cc - ss)[pixel, sample], np.cos(phase) / 16, atol=1e-6)
    np.testing.assert_allclose((cs + sc)[pixel, sample], np.sin(phase) / 16, atol=1e-6)
    assert not cc.flags.writeable
