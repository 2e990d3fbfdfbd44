import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.formats import read_image, read_mrc
from icestream.model import Optics
from icestream.processing.ctf import (
    Defocus,
    PowerSpectrum,
    SearchRange,
    UnusableImage,
    ctf_2d,
    fit_ctf,
    fit_spectrum,
)
from icestream.processing.ctf.doubt import Span, ring_count
from icestream.processing.ctf.spectrum import FINEST_PIXEL
from icestream.processing.fourier import fourier_crop

Draw = Callable[..., NDArray[np.float32]]

APOFERRITIN = {
    # Mean of the two fits in the table of the data's README: defocus u and v, Å.
    "03.13.02": (22502.0, 21382.0),
    "05.35.20": (24988.0, 24716.0),
    "05.53.51": (19606.0, 19207.0),
    "07.10.35": (18539.0, 18300.0),
}


def apart(first: Defocus, second: Defocus) -> float:
    """Difference of the astigmatism, direction included, Å."""
    return 2.0 * float(np.hypot(*np.subtract(first.vector, second.vector)))


@pytest.mark.parametrize(
    "true",
    [
        Defocus(u=8300, v=8100, angle=-60.0),
        Defocus(u=16400, v=15600, angle=35.0),
        Defocus(u=27500, v=26500, angle=80.0),
    ],
)
def test_truth_is_found(true: Defocus, ice: Draw, optics: Optics) -> None:
    fit = fit_ctf(ice(true, seed=round(true.u)), optics)
    assert fit.has_rings
    assert fit.errors is not None
    assert fit.defocus.mean == pytest.approx(true.mean, abs=60)
    assert fit.errors.mean < 120
    assert apart(fit.defocus, true) < 150
    assert fit.resolution < 5.0
    assert fit.score > 0.5


def test_the_error_is_honest(ice: Draw, optics: Optics) -> None:
    """Over several images the deviations are about as large as the errors that come with them."""
    true = Defocus(u=12100, v=11900)
    fits = [fit_ctf(ice(true, shape=(512, 512), seed=seed), optics) for seed in range(10)]
    off = [(f.defocus.mean - true.mean) / f.errors.mean for f in fits if f.errors is not None]
    assert len(off) == len(fits)
    assert 0.3 < np.sqrt(np.mean(np.square(off))) < 1.3


def test_the_angle_follows_a_flip_of_the_image(ice: Draw, optics: Optics) -> None:
    """Angles are from +x towards increasing row index: turning the rows over negates them."""
    image = ice(Defocus(u=16000, v=14000, angle=30.0))
    assert fit_ctf(image, optics).defocus.angle == pytest.approx(30.0, abs=3.0)
    assert fit_ctf(image[::-1], optics).defocus.angle == pytest.approx(-30.0, abs=3.0)
    turned = fit_ctf(np.ascontiguousarray(image.T), optics).defocus.angle
    assert turned == pytest.approx(60.0, abs=3.0)


def test_brightness_and_contrast_do_not_matter(ice: Draw, optics: Optics) -> None:
    image = ice(Defocus(u=12000, v=11000))
    one = fit_ctf(image, optics)
    two = fit_ctf(1000.0 - 30.0 * image, optics)
    assert two.defocus.mean == pytest.approx(one.defocus.mean, abs=1.0)
    assert two.score == pytest.approx(one.score, abs=0.01)


def test_a_phase_plate(ice: Draw, optics: Optics) -> None:
    true = Defocus(u=8200, v=7800, angle=15.0, phase_shift=95.0)
    fit = fit_ctf(ice(true), optics, wanted=SearchRange(phase_shift=(0.0, 180.0)))
    assert fit.defocus.phase_shift == pytest.approx(95.0, abs=8.0)
    assert fit.defocus.mean == pytest.approx(8000, abs=120)


def test_fine_pixels_and_an_oblong_image(ice: Draw) -> None:
    optics = Optics(pixel_size=0.8, voltage=200.0, spherical_aberration=1.4)
    true = Defocus(u=11000, v=10000, angle=-20.0)
    fit = fit_ctf(ice(true, optics, shape=(900, 1350)), optics)
    assert fit.spectrum.pixel_size == pytest.approx(1.4, rel=0.01)
    assert fit.defocus.mean == pytest.approx(10500, abs=60)


def test_noise_has_no_rings(noise: NDArray[np.float32], optics: Optics) -> None:
    fit = fit_ctf(noise, optics)
    assert not fit.has_rings
    assert fit.doubt.startswith("no Thon rings stand out of the noise between 30 and 4.0 Å")
    assert fit.significance < 5.0
    assert fit.errors is None
    assert fit.plane is None
    assert fit.resolution == pytest.approx(30.0, rel=0.05)
    assert fit.score < 0.45


def test_the_curve_shows_the_rings(ice: Draw, optics: Optics) -> None:
    fit = fit_ctf(ice(Defocus(u=12000, v=11500)), optics)
    frequency, measured, model = fit.curve.astype(float)
    near = (frequency > 1 / 20) & (frequency < 1 / 8)
    assert np.corrcoef(measured[near], model[near])[0, 1] > 0.9
    assert measured[near].min() == pytest.approx(0.0, abs=0.3)
    assert measured[near].max() == pytest.approx(1.0, abs=0.3)
    assert len(fit.depth) == len(frequency)


@pytest.mark.parametrize("shape", [(128, 128), (130, 401), (301, 257)])
def test_small_images_give_an_answer(shape: tuple[int, int], ice: Draw, optics: Optics) -> None:
    fit = fit_ctf(ice(Defocus(u=10000, v=10000), shape=shape), optics)
    assert 5000 <= fit.defocus.mean <= 50000
    assert np.isfinite(fit.curve).all()


def test_a_ramp_without_noise_is_no_error(optics: Optics) -> None:
    ramp = np.add.outer(np.arange(300.0), np.arange(300.0)).astype(np.float32)
    assert not fit_ctf(ramp, optics).has_rings


def test_an_unusable_image_is_refused(optics: Optics) -> None:
    with pytest.raises(UnusableImage, match="constant or not finite"):
        fit_ctf(np.full((512, 512), 7.0, np.float32), optics)


@pytest.mark.parametrize("movie", ["00021", "00022", "00023", "00024"])
def test_real_spectra_agree_with_ctffind(movie: str, shared_data: Path) -> None:
    """Spectra of EMPIAR-10204 as RELION wrote them, against CTFFIND's defocus: within 0.3 %."""
    folder = shared_data / "relion_tutorial"
    with (folder / "ctf_truth.csv").open() as table:
        truth = {row["movie"]: row for row in csv.DictReader(table)}
    row = truth[f"20170629_{movie}_frameImage"]
    amplitude = read_mrc(folder / f"20170629_{movie}_frameImage_PS.mrc")
    optics = Optics(pixel_size=0.885, voltage=200.0, spherical_aberration=1.4)
    spectrum = PowerSpectrum(power=amplitude**2, step=1.0 / (512 * 1.3995525))
    fit = fit_spectrum(spectrum, optics)
    u, v = float(row["defocus_u_A"]), float(row["defocus_v_A"])
    assert fit.defocus.mean == pytest.approx(0.5 * (u + v), rel=0.003)
    assert fit.defocus.u - fit.defocus.v == pytest.approx(u - v, abs=60)
    assert fit.defocus.angle == pytest.approx(float(row["azimuth_deg"]), abs=8)
    assert fit.resolution == pytest.approx(float(row["fit_resolution_A"]), rel=0.1)


def rings_at(pixel_size: float, defocus: float, voltage: float) -> tuple[PowerSpectrum, Optics]:
    """Rings on a steep background under the noise of 16 tiles, astigmatic by 300 Å."""
    size, random = 512, np.random.default_rng(round(defocus + 100 * pixel_size))
    # Spectra of finer pixels are cut here; see `power_spectrum`.
    optics = Optics(pixel_size=max(pixel_size, FINEST_PIXEL), voltage=voltage)
    axis = np.fft.fftshift(np.fft.fftfreq(size, optics.pixel_size))
    frequency = np.hypot(axis[:, None], axis[None, :])
    true = Defocus(u=defocus + 150, v=defocus - 150, angle=random.uniform(-90, 90))
    depth = 0.3 * np.exp(-50.0 * frequency**2)
    power = 1.0 + depth * (2.0 * ctf_2d((size, size), true, optics) ** 2 - 1.0)
    power *= 3.0 * np.exp(-frequency / 0.03) + np.exp(-frequency / 0.12) + 0.3
    power *= random.gamma(16.0, 1.0 / 16.0, power.shape)
    step = 1.0 / (size * optics.pixel_size)
    return PowerSpectrum(power=power.astype(np.float32), step=step, tiles=16), optics


@pytest.mark.parametrize("voltage", [100.0, 200.0, 300.0])
@pytest.mark.parametrize("pixel_size", [0.5, 1.5, 2.5, 3.4, 4.3, 5.36, 6.0])
def test_pixels_fine_and_coarse(pixel_size: float, voltage: float) -> None:
    """0.3 to 5 µm: right wherever a whole ring lies between 30 Å and the end; else it says so."""
    for defocus in (3e3, 5e3, 8e3, 12e3, 18e3, 25e3, 35e3, 50e3):
        spectrum, optics = rings_at(pixel_size, defocus, voltage)
        fit = fit_spectrum(spectrum, optics, wanted=SearchRange(defocus=(2e3, 6e4)))
        end = max(4.0, 2.0 * optics.pixel_size)
        whole = ring_count(Span(30.0, end), defocus, optics)
        off = abs(fit.defocus.mean - defocus)
        if whole > 3.0:
            assert fit.errors is not None, defocus
            assert off < 0.015 * defocus, (defocus, off)
            assert fit.doubt == ""
        elif whole > 1.1:
            assert fit.errors is not None, defocus
            assert off < max(0.15 * defocus, 3.0 * fit.errors.mean), (defocus, off)
        elif off > 0.2 * defocus:
            assert fit.doubt, (defocus, off)


@pytest.mark.parametrize("name", APOFERRITIN)
def test_apoferritin_at_coarse_pixels(name: str, shared_data: Path) -> None:
    """The same micrographs as if taken at 5.36 Å, where two rings or three lie before the end:
    within 4 %, since the first rings are bent by the molecules' own fringes."""
    folder = shared_data / "micrographs" / "apoferritin_empiar10146"
    image = read_image(folder / f"May08_{name}.average.png").astype(np.float32)
    binned = fourier_crop(image, (336, 346))
    fit = fit_ctf(binned, Optics(pixel_size=1.5 * image.shape[0] / 336, voltage=300.0))
    assert fit.defocus.mean == pytest.approx(0.5 * sum(APOFERRITIN[name]), rel=0.04)
    assert fit.resolution < 12.0
    assert fit.doubt == ""


@pytest.mark.parametrize("name", APOFERRITIN)
def test_apoferritin(name: str, shared_data: Path) -> None:
    """EMPIAR-10146, averages of unaligned frames, against two programs: within 1 %."""
    folder = shared_data / "micrographs" / "apoferritin_empiar10146"
    image = read_image(folder / f"May08_{name}.average.png")
    fit = fit_ctf(image, Optics(pixel_size=1.5, voltage=300.0))
    u, v = APOFERRITIN[name]
    assert fit.defocus.mean == pytest.approx(0.5 * (u + v), rel=0.01)
    assert fit.defocus.u - fit.defocus.v == pytest.approx(u - v, abs=150)
    assert fit.resolution < 5.0


def test_a_sparse_micrograph(shared_data: Path) -> None:
    """A K2 micrograph with few particles and uneven light, against two programs: within 1 %."""
    image = read_image(shared_data / "micrographs" / "k2_sparse.mrc")
    fit = fit_ctf(image, Optics(pixel_size=0.8537755, voltage=300.0))
    assert fit.defocus.mean == pytest.approx(10588.0, rel=0.01)


def test_the_same_image_gives_the_same_fit(ice: Draw, optics: Optics) -> None:
    image = ice(Defocus(u=9000, v=8800), shape=(512, 512))
    one, two = fit_ctf(image, optics), fit_ctf(image, replace(optics))
    assert one.defocus == two.defocus
