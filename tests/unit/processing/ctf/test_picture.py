from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from icestream.model import Optics
from icestream.processing.ctf import Defocus, ctf_2d, fit_ctf, spectrum_picture

Draw = Callable[..., NDArray[np.float32]]
TRUE = Defocus(u=10200, v=9600, angle=20.0)


def test_the_right_half_is_the_fit_and_the_left_shows_the_same_rings(
    ice: Draw, optics: Optics
) -> None:
    fit = fit_ctf(ice(TRUE), optics)
    spectrum, picture = spectrum_picture(fit, optics, size=200)
    size = len(fit.spectrum.power)
    assert spectrum.shape == (size, size)
    assert picture.shape == (200, 200)
    assert picture.dtype == np.uint8
    assert 0.0 <= spectrum.min() < spectrum.max() <= 1.0
    model = ctf_2d((size, size), fit.defocus, optics) ** 2
    rows, columns = np.indices((size, size)) - size // 2
    radius = np.hypot(rows, columns) * fit.spectrum.step
    ring = (radius > 1 / 20) & (radius < 1 / 8)
    right, left = ring & (columns > 0), ring & (columns < 0)
    assert np.abs(spectrum[right] - model[right]).max() < 1e-5
    assert np.corrcoef(spectrum[left], model[left])[0, 1] > 0.5


def test_the_half_disc_ends_at_the_fit_resolution_on_a_scale_that_is_always_the_same(
    ice: Draw, optics: Optics
) -> None:
    """The edge of the picture is at 3 Å however far the rings were followed."""
    fit = fit_ctf(ice(TRUE), optics)
    for resolution in (12.0, 6.0, 4.0):
        _, short = spectrum_picture(replace(fit, resolution=resolution), optics, size=300)
        _, longer = spectrum_picture(replace(fit, resolution=resolution - 0.5), optics, size=300)
        rows, columns = np.nonzero(short != longer)
        radius = np.hypot(rows - 150, columns - 150)
        edge = max(3.0, 1.0 / (len(fit.spectrum.power) // 2 * fit.spectrum.step))
        assert radius.min() > 150 * edge / resolution - 4
        assert radius.max() < 150 * edge / (resolution - 0.5) + 4
        assert columns.min() >= 148


def test_without_rings_no_fit_is_drawn(noise: NDArray[np.float32], optics: Optics) -> None:
    fit = fit_ctf(noise, optics)
    spectrum, _ = spectrum_picture(fit, optics)
    size = len(spectrum)
    model = ctf_2d((size, size), fit.defocus, optics) ** 2
    right = np.s_[size // 2 - 60 : size // 2 + 60, size // 2 + 20 : size // 2 + 60]
    assert abs(np.corrcoef(spectrum[right].ravel(), model[right].ravel())[0, 1]) < 0.3
