"""The transfer function and the dose formulas, against published numbers."""

import numpy as np
import pytest

from icestream.model import Optics
from icestream.processing.simulate.transfer import (
    Aberrations,
    critical_exposure,
    frequency_grid,
    phase_per_volt,
)

OPTICS = Optics(pixel_size=1.0, voltage=300.0, spherical_aberration=2.7, amplitude_contrast=0.07)


@pytest.mark.parametrize(
    ("k", "expected"), [(0.05, -0.99905), (0.1, 0.06041), (0.2, 0.74486), (0.3, -0.28891)]
)
def test_ctf_has_the_published_values(k, expected):
    aberrations = Aberrations(defocus_u=10000.0, defocus_v=10000.0)
    assert aberrations.ctf(np.array(0.0), np.array(k), OPTICS) == pytest.approx(expected, abs=2e-5)


def test_defocus_u_lies_along_the_angle():
    stigmatic = Aberrations(defocus_u=12000.0, defocus_v=12000.0)
    astigmatic = Aberrations(defocus_u=12000.0, defocus_v=9000.0, angle=30.0)
    k = np.linspace(0.02, 0.3, 50)
    turn = np.radians(30.0)
    along = astigmatic.ctf(k * np.sin(turn), k * np.cos(turn), OPTICS)
    np.testing.assert_allclose(along, stigmatic.ctf(0 * k, k, OPTICS), atol=1e-9)
    lower = Aberrations(defocus_u=9000.0, defocus_v=9000.0)
    across = astigmatic.ctf(k * np.cos(turn), -k * np.sin(turn), OPTICS)
    np.testing.assert_allclose(across, lower.ctf(0 * k, k, OPTICS), atol=1e-9)


def test_offset_is_added_to_the_defocus():
    k = np.linspace(0.0, 0.3, 40)
    moved = Aberrations(defocus_u=10000.0, defocus_v=9800.0).ctf(k, k, OPTICS, 150.0)
    there = Aberrations(defocus_u=10150.0, defocus_v=9950.0).ctf(k, k, OPTICS)
    np.testing.assert_allclose(moved, there, atol=1e-9)


@pytest.mark.parametrize(("voltage", "expected"), [(300.0, 6.53e-4), (200.0, 7.29e-4)])
def test_interaction_constant(voltage, expected):
    assert phase_per_volt(Optics(pixel_size=1.0, voltage=voltage)) == pytest.approx(
        expected, rel=2e-3
    )


def test_critical_exposure_follows_grant_and_grigorieff():
    assert critical_exposure(np.array([0.1]), 300.0)[0] == pytest.approx(
        0.24499 * 0.1**-1.6649 + 2.8141
    )
    ratio = critical_exposure(np.array([0.1]), 200.0) / critical_exposure(np.array([0.1]), 300.0)
    assert ratio[0] == pytest.approx(0.8)
    assert np.isinf(critical_exposure(np.array([0.0]), 300.0)[0])


def test_frequency_grid_matches_the_half_transform():
    ky, kx = frequency_grid((6, 8), 2.0)
    assert (ky.shape, kx.shape) == ((6, 1), (1, 5))
    assert kx[0, -1] == pytest.approx(0.25)
