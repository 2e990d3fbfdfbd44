import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.model import Optics
from icestream.processing.ctf import Defocus, PowerSpectrum, aberration, ctf_2d, power_spectrum
from icestream.processing.ctf.rings import Score, make_rings

TRUE = Defocus(u=12400, v=11600, angle=30.0)


def perfect(optics: Optics, defocus: Defocus = TRUE, size: int = 256) -> PowerSpectrum:
    """A spectrum without noise on a steep background."""
    power = ctf_2d((size, size), defocus, optics) ** 2 + 1.0
    rows = np.fft.fftshift(np.fft.fftfreq(size, optics.pixel_size))
    frequency = np.hypot(rows[:, None], rows[None, :])
    power *= np.exp(-8.0 * frequency)
    step = 1.0 / (size * optics.pixel_size)
    return PowerSpectrum(power=power.astype(np.float32), step=step)


def test_rings_cover_half_the_plane_once(optics: Optics) -> None:
    rings = make_rings(perfect(optics), optics, 30.0)
    inner, outer = rings.first - 0.5, rings.first + len(rings.counts) - 0.5
    assert rings.counts.sum() == pytest.approx(np.pi / 2 * (outer**2 - inner**2), rel=0.03)
    assert rings.frequency[0] == pytest.approx(1 / 30.0, abs=rings.step)


def test_the_model_of_the_kernel_is_the_ctf(optics: Optics) -> None:
    """The fast cosine of the kernel against numpy's, ring by ring."""
    rings = make_rings(perfect(optics), optics, 30.0)
    _, models, squares = rings.compare(TRUE)
    frequency = np.sqrt(rings.linear / optics.wavelength)
    along, across = TRUE.vector
    local = TRUE.mean + along * rings.cosine + across * rings.sine
    exact = -np.cos(2.0 * aberration(frequency, local, optics)).astype(np.float32)
    assert models == pytest.approx(rings.sums(exact), abs=0.02)
    assert squares == pytest.approx(rings.sums(exact**2), rel=1e-3)


def test_whitening_removes_a_background_that_leans() -> None:
    """Noise under a steep background, twice as strong along x, becomes even."""
    optics = Optics(pixel_size=2.0, voltage=300.0)
    size = 256
    rows = np.fft.fftshift(np.fft.fftfreq(size))
    ky, kx = rows[:, None], rows[None, :]
    background = np.exp(-12 * np.hypot(ky, kx)) * np.exp(
        0.35 * (kx**2 - ky**2) / np.maximum(kx**2 + ky**2, 1e-9)
    )
    noise = np.random.default_rng(1).gamma(20.0, 1 / 20.0, (size, size))
    spectrum = PowerSpectrum(
        power=(background * noise).astype(np.float32), step=1 / (size * 2.0), tiles=20
    )
    rings = make_rings(spectrum, optics, 30.0)
    outer = slice(int(rings.starts[20]), None)
    values = rings.values[outer]
    assert abs(np.mean(values * rings.cosine[outer])) < 0.01
    assert np.std(rings.mean(rings.values)[20:]) < 0.03
    assert values.std() == pytest.approx(1 / np.sqrt(20), rel=0.1)


def test_a_perfect_fit_scores_one_and_others_less(optics: Optics) -> None:
    rings = make_rings(perfect(optics), optics, 30.0)
    score = Score(rings, np.ones(len(rings.counts)))
    best = score(TRUE)
    assert best > 0.98
    assert score.at(TRUE.mean + 60.0, *TRUE.vector) < best - 0.005
    assert score.at(TRUE.mean, TRUE.vector[0] + 100.0, TRUE.vector[1]) < best - 0.005
    assert score(Defocus(u=20000, v=20000)) < 0.3


def test_what_the_background_explains_is_not_scored(optics: Optics) -> None:
    """Adding a smooth function of the radius to the data changes no score."""
    rings = make_rings(perfect(optics), optics, 30.0)
    score = Score(rings, np.ones(len(rings.counts)))
    lifted = make_rings(perfect(optics), optics, 30.0)
    lifted.pixels[0] += np.repeat(np.linspace(0.5, -0.3, len(rings.counts)), rings.counts)
    again = Score(lifted, np.ones(len(rings.counts)))
    for defocus in (TRUE, Defocus(u=9000, v=9000)):
        assert again(defocus) == pytest.approx(score(defocus), abs=1e-4)


def test_noise_has_unit_significance(noise: NDArray[np.float32], optics: Optics) -> None:
    """Over many unrelated defoci the significance scatters like a standard normal variable."""
    rings = make_rings(power_spectrum(noise, 1.5), optics, 30.0)
    score = Score(rings, np.exp(-((rings.frequency / 0.13) ** 2)))
    found = [score.significance(Defocus(u=z, v=z)) for z in np.arange(6000.0, 40000.0, 250.0)]
    assert np.std(found) == pytest.approx(1.0, abs=0.35)
    assert np.max(np.abs(found)) < 4.5
