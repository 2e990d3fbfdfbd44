from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import read_image
from icestream.model import Optics
from icestream.processing.ctf import Defocus, PowerSpectrum, fit_ctf, fit_spectrum
from icestream.processing.ctf.partial import TileRings, tile_rings
from icestream.processing.ctf.rings import make_rings
from icestream.processing.ctf.tilt import Plane, fit_plane, flatten

Tiled = Callable[..., PowerSpectrum]
TRUE = Defocus(u=15400, v=14600, angle=30.0)


def of_truth(spectrum: PowerSpectrum, optics: Optics) -> TileRings:
    """Rings of the tiles along the curves of the true CTF in the middle."""
    return tile_rings(spectrum, make_rings(spectrum, optics, 30.0), TRUE, optics)


@pytest.mark.parametrize("gradient", [(0.0, 0.36), (-0.3, 0.15), (0.5, 0.5)])
def test_the_plane_is_found(gradient: tuple[float, float], tiles: Tiled, optics: Optics) -> None:
    """Tilts of 19 to 35 degrees, found from the fit to the whole, whose rings they blur."""
    fit = fit_spectrum(tiles(TRUE, gradient=gradient), optics)
    assert fit.plane is not None
    assert fit.plane.tilted
    assert fit.plane.gradient == pytest.approx(gradient, abs=4.0 * fit.plane.error)
    assert fit.plane.error < 0.03
    assert fit.errors is not None
    assert fit.defocus.mean == pytest.approx(TRUE.mean, abs=4.0 * fit.errors.mean)
    assert fit.resolution < 4.0


def test_a_flat_specimen_has_no_tilt(tiles: Tiled, optics: Optics) -> None:
    """The chance is even between 0 and 1, and gradients are as large as their errors."""
    depth = np.full(len(make_rings(tiles(TRUE), optics, 30.0).counts), 0.2)
    planes = [fit_plane(of_truth(tiles(TRUE, seed=s), optics), depth, TRUE) for s in range(12)]
    found = [plane for plane in planes if plane is not None]
    assert len(found) == 12
    assert not any(plane.tilted for plane in found)
    assert 0.25 < np.mean([plane.chance for plane in found]) < 0.75
    pulls = [np.divide(plane.gradient, plane.error) for plane in found]
    assert 0.6 < np.sqrt(np.mean(np.square(pulls))) < 1.4


def test_tiles_that_happen_to_agree_make_no_tilt(tiles: Tiled, optics: Optics) -> None:
    """Nine tiles brought onto a plane within their noise: the scatter about it is no measure."""
    rings = of_truth(tiles(TRUE, side=3), optics)
    depth = np.full(len(rings.counts), 0.2)
    noisy = fit_plane(rings, depth, TRUE)
    assert noisy is not None
    wave = np.sin(2.0 * np.pi * rings.turns)
    slope = 2.0 * np.pi * rings.linear * wave * depth
    push = rings.counts * slope
    pulled = rings.without_background(rings.sums[:, 0]) @ slope
    stiffness = np.sum(rings.counts * slope**2)
    wanted = stiffness * (rings.places @ np.array([noisy.error, 0.0]))
    sums = rings.sums.copy()
    unit = float(rings.without_background(push) @ slope)
    sums[:, 0] += np.outer((wanted - pulled) / unit, push)
    agreed = fit_plane(replace(rings, sums=sums), depth, TRUE)
    assert agreed is not None
    assert agreed.gradient == pytest.approx((noisy.error, 0.0), abs=0.4 * noisy.error)
    assert agreed.error == pytest.approx(noisy.error, rel=0.5)
    assert agreed.chance > 0.2


def test_a_tilt_that_untilted_specimens_show_as_well_is_none(tiles: Tiled, optics: Optics) -> None:
    """11 degrees, at many standard errors: it is measured, but not claimed."""
    plane = fit_spectrum(tiles(TRUE, gradient=(0.0, 0.2)), optics).plane
    assert plane is not None
    assert plane.chance < 1e-6
    assert plane.gradient == pytest.approx((0.0, 0.2), abs=4.0 * plane.error)
    assert not plane.tilted


@pytest.mark.parametrize("name", ["03.13.02", "05.35.20", "05.53.51", "07.10.35"])
def test_real_specimens_that_nobody_tilted_have_no_tilt(name: str, shared_data: Path) -> None:
    folder = shared_data / "micrographs" / "apoferritin_empiar10146"
    image = read_image(folder / f"May08_{name}.average.png")
    plane = fit_ctf(image, Optics(pixel_size=1.5, voltage=300.0)).plane
    assert plane is not None
    assert not plane.tilted


def test_a_real_sparse_micrograph_has_no_tilt(shared_data: Path) -> None:
    image = read_image(shared_data / "micrographs" / "k2_sparse.mrc")
    plane = fit_ctf(image, Optics(pixel_size=0.8537755, voltage=300.0)).plane
    assert plane is not None
    assert not plane.tilted


def test_turning_the_image_turns_the_gradient(tiles: Tiled, optics: Optics) -> None:
    """A quarter turn of the image: (y, x) becomes (x, y) of a mirrored plane."""
    one = fit_spectrum(tiles(Defocus(u=15000, v=15000), gradient=(0.0, 0.3)), optics)
    two = fit_spectrum(tiles(Defocus(u=15000, v=15000), gradient=(0.3, 0.0)), optics)
    assert one.plane is not None
    assert two.plane is not None
    assert one.plane.gradient[1] == pytest.approx(two.plane.gradient[0], abs=0.02)


def test_few_tiles_and_no_rings_give_no_plane(tiles: Tiled, optics: Optics) -> None:
    spectrum = tiles(TRUE, side=2)
    rings = of_truth(spectrum, optics)
    assert fit_plane(rings, np.full(len(rings.counts), 0.2), TRUE) is None
    rings = of_truth(tiles(TRUE, side=3), optics)
    assert fit_plane(rings, np.zeros(len(rings.counts)), TRUE) is None


def test_flattening_brings_blurred_rings_back(tiles: Tiled, optics: Optics) -> None:
    """The flattened spectrum is as like the CTF of the middle as that of a flat specimen is."""
    gradient = (0.0, 0.9)
    plane = Plane(gradient=gradient, error=0.01, chance=0.0)
    tilted = tiles(TRUE, gradient=gradient)
    depths = {}
    for name, spectrum in {
        "flat": tiles(TRUE),
        "tilted": tilted,
        "flattened": flatten(tilted, plane, TRUE, optics),
    }.items():
        rings = of_truth(spectrum, optics)
        wave = -np.cos(2.0 * np.pi * rings.turns)
        near = (rings.frequency > 1 / 12) & (rings.frequency < 1 / 8)
        data = rings.without_background(rings.sums[:, 0]).mean(axis=0)
        depths[name] = (data * wave)[near].sum() / (rings.counts * wave**2)[near].sum()
    assert depths["tilted"] < 0.9 * depths["flat"]
    assert depths["flattened"] == pytest.approx(depths["flat"], rel=0.08)


def test_nothing_to_flatten_is_refused(tiles: Tiled, optics: Optics) -> None:
    spectrum = tiles(TRUE)
    whole = PowerSpectrum(power=spectrum.power, step=spectrum.step)
    with pytest.raises(ValueError, match="without its tiles"):
        flatten(whole, Plane(gradient=(0.1, 0.0), error=0.01, chance=0.0), TRUE, optics)
