"""Ice: its spectrum, how it fades, how much it scatters."""

import numpy as np
import pytest

from icestream.model import Optics
from icestream.processing.simulate.ice import (
    diffusion_memory,
    ice_amplitude,
    ring_power,
    structure_factor,
)
from icestream.processing.simulate.transfer import Aberrations

OPTICS = Optics(pixel_size=1.2, voltage=300.0, amplitude_contrast=0.07)


def test_structure_factor_is_low_then_peaks_at_the_ice_ring():
    k = np.linspace(0.0, 0.4, 2001)
    s = structure_factor(k)
    assert s[0] == pytest.approx(0.06, abs=1e-3)
    assert k[np.argmax(s)] == pytest.approx(1 / 3.7, abs=0.012)
    assert structure_factor(np.array(1 / 10.0)) < 0.1
    assert s[-1] == pytest.approx(1.0, abs=0.01)


def test_ring_power_is_the_mean_over_the_depth():
    k2, wavelength, thickness = 0.04, OPTICS.wavelength, 400.0
    middle = 24.3
    depth = np.linspace(-0.5, 0.5, 20001) * thickness
    slab = np.mean(np.sin(middle + np.pi * wavelength * k2 * depth) ** 2)
    assert ring_power(np.array(middle), np.array(k2), wavelength, thickness) == pytest.approx(
        slab, abs=1e-4
    )


def test_twice_the_ice_has_twice_the_power_where_rings_have_no_phase():
    shape = (128, 128)
    aberrations = Aberrations(defocus_u=15000.0, defocus_v=15000.0)
    thin = ice_amplitude(shape, OPTICS, aberrations, 10.0)
    thick = ice_amplitude(shape, OPTICS, aberrations, 20.0)
    assert np.median((thick / thin) ** 2) == pytest.approx(2.0, rel=1e-3)
    assert not ice_amplitude(shape, OPTICS, aberrations, 0.0).any()


def test_diffusion_forgets_fine_detail_first():
    memory = diffusion_memory(np.array([0.0, 0.05**2, 0.25**2]), 1.0)
    assert memory[0] == 1.0
    assert memory[1] == pytest.approx(np.exp(-0.5 * (2 * np.pi * 0.05) ** 2), rel=1e-5)
    assert memory[2] < 0.35 < memory[1]
