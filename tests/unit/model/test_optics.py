"""Wavelengths of electrons."""

import pytest

from icestream.model import Optics


@pytest.mark.parametrize(
    ("voltage", "wavelength"),
    [(300, 0.0196876), (200, 0.0250795), (120, 0.0334923), (100, 0.0370146)],
)
def test_wavelength(voltage: float, wavelength: float) -> None:
    assert Optics(pixel_size=1, voltage=voltage).wavelength == pytest.approx(wavelength, abs=1e-7)


def test_binning_makes_pixels_larger() -> None:
    assert Optics(pixel_size=0.5, voltage=300).binned(2).pixel_size == 1.0
