import numpy as np
import pytest
from scipy import fft

from icestream.processing.motion.spectra import Band
from icestream.processing.motion.weighting import (
    Search,
    coarse_weight,
    measure_weighting,
    total_power,
)


def frames(signal_to_noise, count=30, size=96, seed=2):
    rng = np.random.default_rng(seed)
    still = np.sqrt(signal_to_noise) * rng.normal(size=(size, size))
    return fft.rfft2((still + rng.normal(size=(count, size, size))).astype(np.float32))


def measured(spectra, power=None, **more):
    band = Band((96, 96), 2.0)
    shifts = np.zeros((len(spectra), 2))
    search = Search(resolution=5.0, **more)
    return measure_weighting(spectra, band, shifts, None, search, power=power), band


def test_signal_to_noise_is_measured():
    weighting, _ = measured(frames(0.2))
    assert weighting.signal[10:35].mean() == pytest.approx(0.2, rel=0.1)


def test_pure_noise_gets_next_to_no_weight():
    clean, _ = measured(frames(0.2))
    empty, _ = measured(frames(0.0))
    assert empty.information.mean() < 0.05 * clean.information.mean()


def test_the_information_foretells_the_scatter_of_the_shifts():
    from icestream.processing.motion.spectra import derivatives

    spectra = frames(0.05, count=60)
    weighting, band = measured(spectra)
    shifts = np.zeros((60, 2))
    found = derivatives(spectra, weighting.on(band), band.ky, band.kx, shifts)
    step = found[:, 1:3] / weighting.information[:, None]
    assert step.std() == pytest.approx(1 / np.sqrt(weighting.information.mean()), rel=0.3)


def test_weights_end_at_the_resolution_and_fall_with_the_bfactor():
    spectra = frames(0.2)
    plain, band = measured(spectra)
    steep, _ = measured(spectra, bfactor=200.0, power=total_power(spectra))
    assert not plain.on(band)[band.k > 1 / 5.0].any()
    ring = 20
    falling = np.exp(-0.5 * 200 * (ring * plain.ring_width) ** 2)
    assert steep.rings[ring] == pytest.approx(plain.rings[ring] * falling, rel=1e-6)


def test_an_empty_movie_has_no_weight_and_no_information():
    weighting, band = measured(np.zeros((4, 96, 49), np.complex64))
    assert not weighting.on(band).any()
    assert not weighting.information.any()
    assert not coarse_weight(np.zeros((4, 96, 49), np.complex64), band, 16.0, 1500.0).any()
