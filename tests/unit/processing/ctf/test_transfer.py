import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.model import Optics
from icestream.processing.ctf import Defocus, aberration, ctf_1d, ctf_2d

KRIOS = Optics(pixel_size=1.0, voltage=300.0, spherical_aberration=2.7, amplitude_contrast=0.07)


@pytest.mark.parametrize(
    ("frequency", "chi", "value"),
    [
        (0.05, 1.61430, -0.99905),
        (0.1, 6.22274, 0.06041),
        (0.2, 24.29242, 0.74486),
        (0.3, 53.11399, -0.28891),
    ],
)
def test_published_values(frequency: float, chi: float, value: float) -> None:
    """Worked out by hand from the formula for 1 µm at 300 kV."""
    s = np.array([frequency])
    assert aberration(s, 10000.0, KRIOS)[0] == pytest.approx(chi, abs=2e-5)
    assert ctf_1d(s, 10000.0, KRIOS)[0] == pytest.approx(value, abs=2e-5)


def test_at_frequency_zero_only_amplitude_contrast_is_left() -> None:
    assert ctf_1d(np.zeros(1), 12345.0, KRIOS)[0] == pytest.approx(-0.07)
    assert ctf_2d((8, 8), Defocus(u=9000, v=8000), KRIOS)[4, 4] == pytest.approx(-0.07)


def test_first_zero_of_a_lens_without_aberration() -> None:
    """Without Cs and amplitude contrast the zeros are at sqrt(n / (lambda z))."""
    lens = Optics(pixel_size=1.0, voltage=200.0, spherical_aberration=0.0, amplitude_contrast=0.0)
    zeros = np.sqrt(np.arange(1, 5) / (lens.wavelength * 15000.0))
    assert np.abs(ctf_1d(zeros, 15000.0, lens)).max() < 1e-6


def test_a_phase_plate_of_90_degrees_turns_sine_into_cosine() -> None:
    lens = Optics(pixel_size=1.0, voltage=300.0, amplitude_contrast=0.0)
    s = np.linspace(0.0, 0.3, 50)
    shifted = ctf_1d(s, 8000.0, lens, phase_shift=90.0)
    assert shifted == pytest.approx(-np.cos(aberration(s, 8000.0, lens)), abs=1e-12)


@pytest.mark.parametrize(("angle", "row", "column"), [(0.0, 0, 1), (90.0, 1, 0), (45.0, 1, 1)])
def test_the_larger_defocus_lies_along_the_angle(angle: float, row: int, column: int) -> None:
    """From +x towards increasing row index: at 45° it is seen where both indices grow."""
    size = 128
    image = ctf_2d((size, size), Defocus(u=14000, v=10000, angle=angle), KRIOS)
    steps = 20
    found = image[size // 2 + steps * row, size // 2 + steps * column]
    s = np.array([steps * math.hypot(row, column) / size])
    assert found == pytest.approx(ctf_1d(s, 14000.0, KRIOS)[0], abs=1e-4)


@pytest.mark.parametrize("shape", [(64, 64), (63, 64), (64, 65), (31, 50)])
def test_half_and_whole_are_the_same_function(shape: tuple[int, int]) -> None:
    defocus = Defocus(u=12000, v=11000, angle=-20.0)
    whole = np.fft.ifftshift(ctf_2d(shape, defocus, KRIOS))
    half = ctf_2d(shape, defocus, KRIOS, half=True)
    inner = (shape[1] - 1) // 2 + 1
    # At Nyquist +s and -s are one sample, and rfft2 counts it on the other side.
    rows = [row for row in range(shape[0]) if shape[0] % 2 or row != shape[0] // 2]
    assert half[rows, :inner] == pytest.approx(whole[rows, :inner], abs=1e-5)


@given(
    mean=st.floats(5000, 50000),
    half=st.floats(1, 2000),
    angle=st.floats(-89.9, 90.0),
)
def test_the_vector_form_gives_the_angle_back(mean: float, half: float, angle: float) -> None:
    defocus = Defocus(u=mean + half, v=mean - half, angle=angle)
    again = Defocus.from_vector(defocus.mean, *defocus.vector)
    assert (again.u, again.v) == pytest.approx((defocus.u, defocus.v))
    assert -90.0 < again.angle <= 90.0
    assert (again.angle - angle + 90.0) % 180.0 - 90.0 == pytest.approx(0.0, abs=1e-4)
