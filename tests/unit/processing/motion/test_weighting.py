import numpy as np
import pytest
from scipy import fft

from icestream.processing.motion.agreement import measure_agreement
from icestream.processing.motion.patches import Patches
from icestream.processing.motion.spectra import Band
from icestream.processing.motion.weighting import (
    Search,
    coarse_weight,
    measure_weighting,
)


def frames(signal_to_noise, count=30, size=96, seed=2):
    rng = np.random.default_rng(seed)
    still = np.sqrt(signal_to_noise) * rng.normal(size=(size, size))
    return fft.rfft2((still + rng.normal(size=(count, size, size))).astype(np.float32))


def one_patch(spectra):
    """Spectra of whole frames, as a patch without taper."""
    return Patches(
        real=np.ascontiguousarray(spectra.real.transpose(1, 0, 2))[None],
        imaginary=np.ascontiguousarray(spectra.imag.transpose(1, 0, 2))[None],
        offsets=np.zeros((1, len(spectra), 2)),
        band=Band((96, 96), (192.0, 192.0)),
        centers=np.zeros((1, 2)),
        grid=(1, 1),
        fill=1.0,
        power=(np.abs(spectra) ** 2).sum(axis=0),
    )


def measured(spectra, **more):
    patches = one_patch(spectra)
    search = Search(resolution=5.0, **more)
    power = np.abs(spectra.sum(axis=0)) ** 2
    return measure_weighting(patches, power, None, search), patches


def test_signal_to_noise_is_measured():
    weighting, _ = measured(frames(0.2))
    assert weighting.signal[10:35].mean() == pytest.approx(0.2, rel=0.1)


def test_pure_noise_gets_next_to_no_weight():
    clean, _ = measured(frames(0.2))
    empty, _ = measured(frames(0.0))
    assert empty.information.mean() < 0.05 * clean.information.mean()


def test_the_information_foretells_the_scatter_of_the_shifts():
    weighting, patches = measured(frames(0.05, count=60))
    found = measure_agreement(patches, weighting.on(patches.band), np.zeros((1, 60, 2)))
    step = found.slope[0] / weighting.information[:, None]
    assert step.std() == pytest.approx(1 / np.sqrt(weighting.information.mean()), rel=0.3)


def test_the_curvature_is_that_of_the_agreement_and_moving_all_alike_changes_nothing():
    weighting, patches = measured(frames(0.3))
    found = measure_agreement(patches, weighting.on(patches.band), np.zeros((1, 30, 2)))
    assert found.bend.sum() == pytest.approx(np.trace(weighting.curvature), rel=0.15)
    rows = weighting.curvature.sum(axis=1)
    np.testing.assert_allclose(rows, 0, atol=1e-9 * weighting.information.max())


def test_weights_end_at_the_resolution_and_fall_with_the_bfactor():
    spectra = frames(0.2)
    plain, patches = measured(spectra)
    band = patches.band
    steep, _ = measured(spectra, bfactor=200.0)
    assert not plain.on(band)[band.k > 1 / 5.0].any()
    ring = 20
    falling = np.exp(-0.5 * 200 * (ring * plain.ring_width) ** 2)
    assert steep.rings[ring] == pytest.approx(plain.rings[ring] * falling, rel=1e-6)


def test_an_empty_movie_has_no_weight_and_no_information():
    weighting, patches = measured(np.zeros((4, 96, 49), np.complex64))
    assert not weighting.on(patches.band).any()
    assert not weighting.information.any()
    assert not coarse_weight(np.zeros((96, 49)), patches.band, 16.0, 1500.0).any()
