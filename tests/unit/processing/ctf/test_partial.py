from collections.abc import Callable

import numpy as np
import pytest

from icestream.model import Optics
from icestream.processing.ctf import Defocus, PowerSpectrum, SearchRange, fit_spectrum
from icestream.processing.ctf.partial import TileRings, _deviation, measure_errors, tile_rings
from icestream.processing.ctf.quality import equi_phase_average
from icestream.processing.ctf.rings import make_rings

Tiled = Callable[..., PowerSpectrum]
TRUE = Defocus(u=15400, v=14600, angle=30.0)


def rings_of(spectrum: PowerSpectrum, optics: Optics) -> TileRings:
    return tile_rings(spectrum, make_rings(spectrum, optics, 30.0), TRUE, optics)


def test_the_mean_over_tiles_is_the_equi_phase_average(tiles: Tiled, optics: Optics) -> None:
    spectrum = tiles(TRUE)
    rings = make_rings(spectrum, optics, 30.0)
    found = tile_rings(spectrum, rings, TRUE, optics)
    mean = found.sums[:, 0].mean(axis=0) / np.maximum(found.counts, 1.0)
    assert mean == pytest.approx(equi_phase_average(rings, TRUE, optics), abs=1e-4)
    whole = PowerSpectrum(power=spectrum.power, step=spectrum.step)
    alone = tile_rings(whole, rings, TRUE, optics)
    assert alone.sums[0] == pytest.approx(found.sums.mean(axis=0), abs=0.05)


def test_what_the_background_explains_is_taken_out(tiles: Tiled, optics: Optics) -> None:
    found = rings_of(tiles(TRUE), optics)
    place = np.linspace(-1.0, 1.0, len(found.counts))
    smooth = found.counts * (1.0 + place - 2.0 * place**3)
    assert found.without_background(smooth) == pytest.approx(0.0, abs=1e-6 * smooth.max())


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False])
def test_errors_are_as_large_as_the_deviations(known: bool, tiles: Tiled, optics: Optics) -> None:
    """With tiles and without them; the astigmatism is a vector that turns."""
    off = []
    for seed in range(16):
        true = Defocus(u=15400, v=14600, angle=-80.0 + 10.0 * seed)
        spectrum = tiles(true, depth=0.08, side=3, seed=seed)
        if not known:
            spectrum = PowerSpectrum(power=spectrum.power, step=spectrum.step)
        fit = fit_spectrum(spectrum, optics)
        assert fit.errors is not None
        turned = (fit.defocus.angle - true.angle + 90.0) % 180.0 - 90.0
        off.append(
            (
                (fit.defocus.mean - true.mean) / fit.errors.mean,
                (fit.defocus.u - fit.defocus.v - 800.0) / fit.errors.astigmatism,
                turned / fit.errors.angle,
            )
        )
    rms = np.sqrt(np.mean(np.square(off), axis=0))
    assert rms.min() > 0.4
    assert rms.max() < 1.6


def test_tiles_that_overlap_differ_less_from_their_mean() -> None:
    """What four tiles of correlation 0.3 share is seen in full by how little they differ."""
    rng = np.random.default_rng(5)
    rings, correlation = 400, 0.3 + 0.7 * np.eye(4)
    drawn = rng.standard_normal((500, 4)) @ np.linalg.cholesky(correlation).T
    ratio = float(correlation.sum()) / 4
    pulls = np.repeat(drawn[:, :, None], rings, axis=2)
    found = np.mean([_deviation(one, ratio) ** 2 for one in pulls])
    assert found == pytest.approx(rings**2 * correlation.sum(), rel=0.1)


def test_a_misfit_that_hangs_together_over_many_rings_counts() -> None:
    """Twenty of 240 rings that are bent alike: the sum scatters more than from neighbours alone."""
    drawn = np.random.default_rng(6).standard_normal((500, 1, 260))
    running = np.cumsum(drawn, axis=-1)
    pulls = running[..., 20:] - running[..., :-20]
    true = float(np.mean(pulls.sum(axis=-1) ** 2))
    found = np.mean([_deviation(one, 1.0) ** 2 for one in pulls])
    assert 0.6 * true < found < 1.1 * true


def test_errors_shrink_with_more_tiles(tiles: Tiled, optics: Optics) -> None:
    """Four times the tiles halve the error."""
    few, many = (fit_spectrum(tiles(TRUE, depth=0.1, side=n), optics).errors for n in (4, 8))
    assert few is not None
    assert many is not None
    assert many.mean / few.mean == pytest.approx(0.5, abs=0.25)


def test_a_free_phase_shift_leaves_less_known(tiles: Tiled, optics: Optics) -> None:
    """It can stand in for defocus."""
    found = rings_of(tiles(TRUE), optics)
    depth = np.full(len(found.counts), 0.2)
    plain = measure_errors(found, depth, TRUE, phase_plate=False)
    free = measure_errors(found, depth, TRUE, phase_plate=True)
    assert plain is not None
    assert free is not None
    assert plain.phase_shift is None
    assert free.phase_shift is not None
    assert 0.1 < free.phase_shift < 20.0
    assert free.mean > 1.3 * plain.mean


def test_the_phase_shift_is_within_its_error(tiles: Tiled, optics: Optics) -> None:
    fit = fit_spectrum(tiles(TRUE), optics, wanted=SearchRange(phase_shift=(-60.0, 90.0)))
    assert fit.errors is not None
    assert fit.errors.phase_shift is not None
    assert fit.defocus.phase_shift == pytest.approx(0.0, abs=4.0 * fit.errors.phase_shift)


def test_without_astigmatism_nothing_is_known_of_the_angle(tiles: Tiled, optics: Optics) -> None:
    round_ = Defocus(u=15000, v=15000)
    fit = fit_spectrum(tiles(round_, depth=0.08, side=3), optics)
    assert fit.errors is not None
    assert fit.errors.angle > 15.0
    assert fit.defocus.u - fit.defocus.v < 4.0 * fit.errors.astigmatism


def test_no_rings_no_errors(tiles: Tiled, optics: Optics) -> None:
    found = rings_of(tiles(TRUE), optics)
    nothing = np.zeros(len(found.counts))
    assert measure_errors(found, nothing, TRUE, phase_plate=False) is None
