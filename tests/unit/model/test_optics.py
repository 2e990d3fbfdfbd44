"""Wavelengths of electrons."""

import pytest

from icestream.model import Optics, optics_words


@pytest.mark.parametrize(
    ("voltage", "wavelength"),
    [(300, 0.0196876), (200, 0.0250795), (120, 0.0334923), (100, 0.0370146)],
)
def test_wavelength(voltage: float, wavelength: float) -> None:
    assert Optics(pixel_size=1, voltage=voltage).wavelength == pytest.approx(wavelength, abs=1e-7)


def test_binning_makes_pixels_larger() -> None:
    assert Optics(pixel_size=0.5, voltage=300).binned(2).pixel_size == 1.0


def test_words_say_where_a_value_is_from_that_nobody_said() -> None:
    optics = Optics(pixel_size=1.5, voltage=300.0)
    assumed = [("spherical_aberration", "preset krios1"), ("amplitude_contrast", "assumed")]
    assert optics_words(optics, assumed) == (
        "1.5 Å per pixel, 300 kV, Cs 2.7 mm (preset krios1), amplitude contrast 0.1 (assumed)"
    )
    assert optics_words(optics, assumed[:1], all_=False) == "Cs 2.7 mm (preset krios1)"
    assert optics_words(optics, [], all_=False) == ""
