import pytest

from icestream.model import Optics
from icestream.processing.ctf import Defocus, Errors, ctf_1d
from icestream.processing.ctf.doubt import Span, doubt, ring_count

COARSE = Optics(pixel_size=5.36, voltage=300.0)
SPAN = Span(30.0, 10.72)


def errors(mean: float) -> Errors:
    return Errors(mean=mean, astigmatism=100.0, angle=20.0, phase_shift=None)


def test_rings_are_counted_from_zero_to_zero() -> None:
    defocus, wavelength = 20000.0, COARSE.wavelength
    first, second = ((1.0 / (wavelength * defocus)) ** 0.5, (2.0 / (wavelength * defocus)) ** 0.5)
    assert ring_count(Span(1.0 / first, 1.0 / second), defocus, COARSE) == pytest.approx(
        1, abs=0.02
    )
    plain = Optics(pixel_size=5.36, voltage=300.0, amplitude_contrast=0.0)
    assert abs(ctf_1d(first, defocus, plain)) < 0.1
    assert abs(ctf_1d(second, defocus, plain)) < 0.1


def test_a_good_fit_has_no_doubt() -> None:
    true = Defocus(u=20100.0, v=19900.0)
    assert doubt(SPAN, true, COARSE, errors(300.0), has_rings=True) == ""


def test_what_cannot_be_told_says_why() -> None:
    none = doubt(SPAN, Defocus(u=9e3, v=9e3), COARSE, None, has_rings=False)
    assert none.startswith("no Thon rings stand out of the noise between 30 and 10.7 Å")
    assert "below 0.67 µm" in none
    assert ring_count(SPAN, 6700.0, COARSE) == pytest.approx(1.0, abs=0.01)
    few = doubt(SPAN, Defocus(u=5e3, v=5e3), COARSE, errors(200.0), has_rings=True)
    assert few.startswith("only 0.7 Thon rings lie between 30 and 10.7 Å at this defocus")
    rough = doubt(SPAN, Defocus(u=12e3, v=12e3), COARSE, errors(2600.0), has_rings=True)
    assert rough == (
        "the defocus is known to 0.26 µm only, from 1.8 Thon rings between 30 and 10.7 Å"
    )
    assert "is not known" in doubt(SPAN, Defocus(u=12e3, v=12e3), COARSE, None, has_rings=True)
