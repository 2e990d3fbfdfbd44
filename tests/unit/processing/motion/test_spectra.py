import numpy as np
import pytest
from scipy import fft

from icestream.processing.dose import Dose, dose_weights
from icestream.processing.fourier import bin_image, crop_spectrum
from icestream.processing.motion.spectra import (
    Band,
    Frames,
    aligned_sum,
    bin_frames,
    derivatives,
    frame_spectra,
    in_threads,
)

RNG = np.random.default_rng(1)


def random_spectra(frames=4, shape=(12, 10)):
    spectra = fft.rfft2(RNG.normal(size=(frames, *shape)).astype(np.float32))
    return spectra.astype(np.complex64), Band(shape, 2.0)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_binning_applies_the_gain_and_sums_blocks(kind, factor):
    counts = RNG.integers(0, 9, (3, 14, 11)).astype(kind)
    gain = RNG.uniform(0.5, 2, (14, 11)).astype(np.float32)
    binned = bin_frames(Frames(counts, gain, 1.0), factor, cores=2)
    np.testing.assert_allclose(binned, bin_image(counts * gain, factor) * factor**2, rtol=1e-5)


def test_threads_keep_the_order():
    assert in_threads(lambda i: i * i, range(20), 3) == [i * i for i in range(20)]


def test_the_band_reaches_the_resolution_and_leaves_the_axes_out():
    binned = RNG.normal(size=(2, 96, 128)).astype(np.float32)
    spectra, band = frame_spectra(binned, 2.0, 10.0, None)
    assert spectra.shape == (2, band.shape[0], band.shape[1] // 2 + 1)
    assert band.shape[0] * band.pixel_size == pytest.approx(96 * 2.0)
    assert 10.0 > 2 * band.pixel_size > 8.5
    mask = band.mask(10.0)
    assert not mask[0].any()
    assert not mask[:, 0].any()
    assert mask.any()
    assert band.k[mask].max() <= 0.1


def test_spectra_are_those_of_the_frames_damped_by_damage():
    binned = RNG.normal(size=(3, 64, 64)).astype(np.float32)
    dose = Dose(per_frame=2.0)
    spectra, band = frame_spectra(binned, 2.0, 8.0, dose, cores=2)
    flat = binned - binned.mean(axis=(1, 2), keepdims=True)
    wanted = crop_spectrum(fft.rfft2(flat), (64, 64), band.shape)
    wanted = wanted * dose_weights(band.k, 3, dose)
    np.testing.assert_allclose(spectra, wanted, atol=1e-3)


def test_an_aligned_sum_is_the_sum_of_shifted_spectra():
    spectra, band = random_spectra()
    shifts = RNG.normal(0, 3, (4, 2))
    turn = band.ky[:, None] * shifts[:, 0, None, None] + band.kx * shifts[:, 1, None, None]
    wanted = (spectra * np.exp(-2j * np.pi * turn)).sum(axis=0)
    np.testing.assert_allclose(aligned_sum(spectra, band.ky, band.kx, shifts), wanted, atol=1e-3)


def test_agreement_and_derivatives_match_finite_differences():
    spectra, band = random_spectra()
    weight = RNG.uniform(0, 1, band.k.shape).astype(np.float32)
    shifts = RNG.normal(0, 1, (4, 2))
    turn = band.ky[:, None] * shifts[:, 0, None, None] + band.kx * shifts[:, 1, None, None]
    moved = spectra * np.exp(-2j * np.pi * turn)
    rest = moved.sum(axis=0) - moved
    found = derivatives(spectra, weight, band.ky, band.kx, shifts)
    wanted = 2 * (weight * (moved * rest.conj()).real).sum(axis=(1, 2))
    np.testing.assert_allclose(found[:, 0], wanted, rtol=1e-3, atol=0.5)

    def agreement(f, step):
        phase = np.exp(-2j * np.pi * (band.ky[:, None] * step[0] + band.kx * step[1]))
        return 2 * float((weight * (moved[f] * phase * rest[f].conj()).real).sum())

    h = 0.01
    for f in range(4):
        for axis in range(2):
            step = np.eye(2)[axis] * h
            up, here, down = (agreement(f, s * step) for s in (1, 0, -1))
            assert found[f, 1 + axis] == pytest.approx((up - down) / (2 * h), rel=1e-3, abs=0.5)
            curvature = -(up - 2 * here + down) / h**2
            assert found[f, 3 + axis] == pytest.approx(curvature, rel=1e-3, abs=3.0)
        corner = agreement(f, (h, h)) - agreement(f, (h, -h)) - agreement(f, (-h, h))
        mixed = -(corner + agreement(f, (-h, -h))) / (4 * h * h)
        assert found[f, 5] == pytest.approx(mixed, rel=1e-3, abs=3.0)
