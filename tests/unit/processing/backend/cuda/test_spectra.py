"""The GPU gives what the CPU gives."""

import numpy as np

from icestream.processing.backend import cpu, operations, to_host


def test_moved_and_summed_spectra(device):
    rng = np.random.default_rng(1)
    spectra = cpu.rfft2(rng.normal(size=(5, 24, 150)))
    frequency = (np.fft.fftfreq(24, 1.3), np.fft.rfftfreq(150, 1.3))
    shifts = rng.normal(0, 5, (5, 2))
    for weights in (None, rng.normal(size=5)):
        moved = device(spectra)
        total = operations(moved).shift_and_sum(moved, frequency, shifts, weights)
        expected = cpu.shift_and_sum(spectra, frequency, shifts, weights)
        np.testing.assert_allclose(to_host(total), expected, atol=2e-5 * np.abs(expected).max())


def test_transfer_functions(device):
    defoci = np.array([(31000.0, 700.0, -300.0, 0.4), (-4000.0, 0.0, 0.0, 0.07)])
    lens = (0.0197, 2.7e7)
    moved = device(defoci)
    images = operations(moved).ctf_image((48, 300), 0.7, moved, lens)
    assert images.dtype == np.float32
    np.testing.assert_allclose(
        to_host(images), cpu.ctf_image((48, 300), 0.7, defoci, lens), atol=1e-6
    )


def test_ring_means(device):
    images = np.random.default_rng(2).normal(size=(2, 3, 9, 8)).astype(np.float32)
    ring = np.rint(np.hypot(*np.indices((9, 8)))).astype(int) - 1
    ring[ring == 3] = 11
    moved = device(images)
    mean = operations(moved).radial_mean(moved, device(ring), 8)
    expected = cpu.radial_mean(images, ring, 8)
    assert np.isnan(expected).any()
    np.testing.assert_allclose(to_host(mean), expected, rtol=1e-5, atol=1e-6)
