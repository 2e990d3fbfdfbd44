import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from icestream.model import Optics
from icestream.processing.ctf import Defocus, PowerSpectrum, fit_spectrum
from icestream.processing.ctf.partial import tile_rings
from icestream.processing.ctf.quality import ring_period
from icestream.processing.ctf.rings import make_rings
from icestream.processing.ctf.thickness import (
    THICK,
    fit_thickness,
    least_thickness,
    ring_contrast,
)

Tiled = Callable[..., PowerSpectrum]
TRUE = Defocus(u=12400, v=11800, angle=30.0)


def test_the_contrast_vanishes_at_the_node(optics: Optics) -> None:
    """The first node is at t = 1 / (lambda s²), and rings beyond it are reversed."""
    node = math.sqrt(1.0 / (optics.wavelength * 800.0))
    frequency = np.array([0.0, 0.9 * node, node, 1.2 * node])
    contrast = ring_contrast(frequency, 800.0, optics)
    assert contrast[0] == 1.0
    assert contrast[1] > 0.0
    assert contrast[2] == pytest.approx(0.0, abs=1e-12)
    assert contrast[3] < 0.0
    assert ring_contrast(frequency, None, optics).tolist() == [1.0, 1.0, 1.0, 1.0]


def test_a_slab_is_a_mean_over_its_depth(optics: Optics) -> None:
    """cos 2 chi averaged over the defoci in a slab is that of its middle times the contrast."""
    frequency, depths = np.array([0.1, 0.2, 0.3]), np.linspace(-400.0, 400.0, 4001)
    phase = 2.0 * np.pi * optics.wavelength * np.multiply.outer(depths, frequency**2)
    expected = ring_contrast(frequency, 800.0, optics)
    assert np.cos(phase).mean(axis=0) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("thickness", [700.0, 1000.0, 1800.0])
def test_the_thickness_is_found_and_rings_are_followed_past_the_node(
    thickness: float, tiles: Tiled, optics: Optics
) -> None:
    fit = fit_spectrum(tiles(TRUE, thickness=thickness, depth=0.4), optics)
    node = math.sqrt(optics.wavelength * thickness)
    assert fit.thickness is not None
    assert fit.thickness.error is not None
    assert fit.thickness.error < 0.1 * thickness
    assert fit.thickness.value == pytest.approx(thickness, abs=4.0 * fit.thickness.error + 20.0)
    assert fit.resolution < 0.95 * node
    assert fit.defocus.mean == pytest.approx(TRUE.mean, abs=60.0)


def test_thin_ice_and_pure_noise_have_no_node(tiles: Tiled, optics: Optics) -> None:
    for seed in range(4):
        assert fit_spectrum(tiles(TRUE, thickness=200.0, seed=seed), optics).thickness is None
        assert fit_spectrum(tiles(TRUE, depth=0.0, seed=seed), optics).thickness is None


def test_a_wrong_defocus_is_no_node(tiles: Tiled, optics: Optics) -> None:
    """Rings of a thin film under a fit that is 400 Å off are displaced, not reversed alone."""
    spectrum = tiles(TRUE, depth=0.4)
    rings = make_rings(spectrum, optics, 30.0)
    wrong = Defocus(u=TRUE.u + 400.0, v=TRUE.v + 400.0, angle=TRUE.angle)
    found = tile_rings(spectrum, rings, wrong, optics)
    assert fit_thickness(found, ring_period(rings, wrong.mean, optics), optics) is None


@pytest.mark.parametrize("thickness", [1300.0, 1800.0])
def test_rings_that_fade_as_those_of_thick_ice_tell_the_least(
    thickness: float, tiles: Tiled, optics: Optics
) -> None:
    fit = fit_spectrum(tiles(TRUE, thickness=thickness, depth=0.4), optics, grouped=True)
    assert fit.thickness_least is not None
    assert THICK < fit.thickness_least <= thickness + 100.0
    assert fit_spectrum(fit.spectrum, optics).thickness_least is None  # a sum may be blurred


def test_thin_ice_under_any_envelope_tells_none(tiles: Tiled, optics: Optics) -> None:
    for seed, thickness in enumerate((200.0, 400.0, 600.0, 800.0)):
        spectrum = tiles(TRUE, thickness=thickness, depth=0.4, seed=seed)
        assert fit_spectrum(spectrum, optics, grouped=True).thickness_least is None
        assert (
            fit_spectrum(tiles(TRUE, depth=0.0, seed=seed), optics, grouped=True).thickness_least
            is None
        )


def test_few_tiles_and_coarse_pixels_tell_no_thickness(tiles: Tiled, optics: Optics) -> None:
    fit = fit_spectrum(tiles(TRUE, thickness=1500.0, depth=0.4), optics)
    rings = make_rings(fit.spectrum, optics, 30.0)
    found = tile_rings(fit.spectrum, rings, fit.defocus, optics)
    assert least_thickness(found, optics) is not None
    assert least_thickness(replace(found, sums=found.sums[:3]), optics) is None
    coarse = replace(found, frequency=found.frequency * 0.7)
    assert least_thickness(coarse, optics) is None
