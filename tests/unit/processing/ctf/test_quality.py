import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.model import Optics
from icestream.processing.ctf import (
    Defocus,
    PowerSpectrum,
    aberration,
    ctf_2d,
    fit,
    fit_spectrum,
)
from icestream.processing.ctf.quality import (
    curve_score,
    equi_phase_average,
    fit_resolution,
    ice_ring_excess,
    modulation,
    trust,
)
from icestream.processing.ctf.rings import Rings, make_rings

SIZE = 512
TRUE = Defocus(u=16500, v=13500, angle=25.0)


def spectrum(optics: Optics, end: float | None = None, ring: float = 0.0) -> PowerSpectrum:
    """Thon rings that end at `end` Å, under Gamma noise of 25 tiles; `ring` more at 3.75 Å."""
    rows = np.fft.fftshift(np.fft.fftfreq(SIZE, optics.pixel_size))
    frequency = np.hypot(rows[:, None], rows[None, :])
    depth = 0.5 * (frequency < (1.0 / end if end else 1.0))
    power = 1.0 + depth * (2.0 * ctf_2d((SIZE, SIZE), TRUE, optics) ** 2 - 1.0)
    power += ring * ((frequency > 1 / 3.9) & (frequency < 1 / 3.6))
    power *= np.random.default_rng(1).gamma(25.0, 1 / 25.0, power.shape)
    return PowerSpectrum(
        power=power.astype(np.float32), step=1 / (SIZE * optics.pixel_size), tiles=25
    )


@pytest.fixture(scope="module")
def rings(optics: Optics) -> Rings:
    return make_rings(spectrum(optics, end=6.0), optics, 30.0)


def model(rings: Rings, optics: Optics) -> NDArray[np.float64]:
    return np.asarray(np.sin(aberration(rings.frequency, TRUE.mean, optics)) ** 2)


def test_the_depth_of_the_rings_is_measured(rings: Rings, optics: Optics) -> None:
    depth = modulation(rings, TRUE, optics)
    inside = (rings.frequency > 1 / 20) & (rings.frequency < 1 / 8)
    outside = rings.frequency > 1 / 5
    assert depth[inside].mean() == pytest.approx(0.5, abs=0.05)
    assert depth[outside].max() < 0.02


def fringed(optics: Optics, true: Defocus = TRUE) -> PowerSpectrum:
    """Thon rings of ice, faint below 12 Å where a molecule with fringes adds deep ones."""
    rows = np.fft.fftshift(np.fft.fftfreq(SIZE, optics.pixel_size))
    frequency = np.hypot(rows[:, None], rows[None, :])
    molecule = np.exp(-((frequency / 0.06) ** 2)) * (1.0 + 0.9 * np.cos(700.0 * frequency))
    ice = 0.25 * np.exp(-((frequency / 0.12) ** 2))
    power = 1.0 + (ice + 3.0 * molecule) * ctf_2d((SIZE, SIZE), true, optics) ** 2
    power *= np.random.default_rng(round(true.mean)).gamma(25.0, 1 / 25.0, power.shape)
    return PowerSpectrum(
        power=power.astype(np.float32), step=1 / (SIZE * optics.pixel_size), tiles=25
    )


def test_rings_that_are_all_noise_but_for_the_model_are_trusted(
    rings: Rings, optics: Optics
) -> None:
    assert trust(rings, TRUE, modulation(rings, TRUE, optics)).mean() > 0.9
    wrong = Defocus(u=17500, v=14500, angle=25.0)
    assert trust(rings, wrong, modulation(rings, TRUE, optics)).min() < 0.5


def test_rings_that_a_molecule_bends_are_trusted_less(optics: Optics) -> None:
    rings = make_rings(fringed(optics), optics, 30.0)
    found = trust(rings, TRUE, modulation(rings, TRUE, optics))
    assert found[rings.frequency < 1 / 15].mean() < 0.3
    assert found[rings.frequency > 1 / 9].mean() > 0.9


def test_a_molecule_moves_the_fit_less_where_its_rings_are_trusted_less(
    optics: Optics, monkeypatch: pytest.MonkeyPatch
) -> None:
    def error() -> float:
        true = [Defocus(u=at, v=at, angle=0.0) for at in np.linspace(8000.0, 24000.0, 9)]
        found = [fit_spectrum(fringed(optics, one), optics).defocus.mean for one in true]
        return float(np.sqrt(np.mean(np.subtract(found, [one.mean for one in true]) ** 2)))

    trusting = error()
    monkeypatch.setattr(fit, "trust", lambda rings, *_: np.ones(len(rings.counts)))
    assert trusting < 0.6 * error()


def test_equal_phase_keeps_astigmatic_rings_sharp(rings: Rings, optics: Optics) -> None:
    """Averages over circles lose the rings of 3000 Å of astigmatism; equal phase keeps them."""
    used = (rings.frequency > 1 / 12) & (rings.frequency < 1 / 7)
    sharp = equi_phase_average(rings, TRUE, optics)
    assert curve_score(sharp, model(rings, optics), used) > 0.97
    assert curve_score(rings.mean(rings.values), model(rings, optics), used) < 0.7


@pytest.mark.parametrize("end", [9.0, 6.0, 4.5])
def test_the_resolution_is_where_the_rings_end(end: float, optics: Optics) -> None:
    rings = make_rings(spectrum(optics, end=end), optics, 30.0)
    average = equi_phase_average(rings, TRUE, optics) - rings.background
    assert fit_resolution(rings, average, TRUE, optics) == pytest.approx(end, rel=0.12)


def test_the_resolution_of_a_wrong_fit_is_poor(rings: Rings, optics: Optics) -> None:
    wrong = Defocus(u=18500, v=15500, angle=25.0)
    average = equi_phase_average(rings, wrong, optics) - rings.background
    assert fit_resolution(rings, average, wrong, optics) > 12.0


def test_the_ice_ring_is_measured_over_its_neighbours(optics: Optics) -> None:
    assert ice_ring_excess(spectrum(optics, end=6.0)) == pytest.approx(0.0, abs=0.03)
    assert ice_ring_excess(spectrum(optics, end=6.0, ring=1.5)) == pytest.approx(1.5, abs=0.1)


def test_a_spectrum_that_ends_before_ice_shows_none() -> None:
    coarse = Optics(pixel_size=2.0, voltage=300.0)
    assert ice_ring_excess(spectrum(coarse, ring=1.5)) == 0.0
