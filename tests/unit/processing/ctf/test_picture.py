from collections.abc import Callable

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


def test_without_rings_no_fit_is_drawn(noise: NDArray[np.float32], optics: Optics) -> None:
    fit = fit_ctf(noise, optics)
    spectrum, _ = spectrum_picture(fit, optics)
    size = len(spectrum)
    model = ctf_2d((size, size), fit.defocus, optics) ** 2
    right = np.s_[size // 2 - 60 : size // 2 + 60, size // 2 + 20 : size // 2 + 60]
    assert abs(np.corrcoef(spectrum[right].ravel(), model[right].ravel())[0, 1]) < 0.3
