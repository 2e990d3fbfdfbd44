import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import fft

from icestream.model import Ctf, Optics
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.picking import Limits, TemplateSearch, match_peaks, pick_by_templates

PIXEL = 4.0
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)
SEARCH = TemplateSearch(diameter=130.0, limits=Limits(typical=1.0))


def shape_at(angle: float, side: int = 48) -> NDArray[np.float32]:
    """A lopsided particle, 130 Å long, bright, turned by `angle` degrees."""
    image = np.zeros((side, side))
    y, x = (np.indices(image.shape) - side // 2) * PIXEL
    turn = np.radians(angle)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    image += np.exp(-0.5 * (((along - 25) / 20) ** 2 + (across / 14) ** 2))
    image += 0.7 * np.exp(-0.5 * (((along + 30) / 16) ** 2 + ((across - 8) / 14) ** 2))
    return image.astype(np.float32)


def micrograph(
    seed: int, contrast: float, defocus: float = 15000.0, particles: int = 20
) -> tuple[NDArray[np.float32], NDArray[np.float64], Ctf]:
    """Dark particles through a CTF in noise of deviation 1, and their (x, y)."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(5), np.arange(5)), axis=-1).reshape(-1, 2)
    centers = (50 + 68 * grid + rng.integers(-8, 9, grid.shape))[rng.permutation(25)[:particles]]
    image = np.zeros((384, 400), np.float32)
    for x, y in centers:
        image[y - 24 : y + 24, x - 24 : x + 24] += shape_at(rng.uniform(0, 360))
    transfer = ctf_2d(image.shape, Defocus(u=defocus, v=defocus), OPTICS, half=True)
    seen = fft.irfft2(fft.rfft2(image) * transfer, image.shape)
    ctf = Ctf(exposure="a", optics=OPTICS, defocus_u=defocus, defocus_v=defocus, angle=0.0)
    noise = rng.standard_normal(image.shape)
    return (contrast * seen + noise).astype(np.float32), centers.astype(float), ctf


def averages(contrast: float) -> tuple[NDArray[np.float32], float]:
    return contrast * np.stack([shape_at(0.0), shape_at(100.0)]), PIXEL


@pytest.mark.parametrize("defocus", [9000.0, 22000.0])
def test_finds_turned_particles_at_the_height_that_is_expected(defocus: float) -> None:
    image, true, ctf = micrograph(1, 6.0, defocus)
    found = pick_by_templates(image, PIXEL, averages(6.0), SEARCH, ctf=ctf)
    matches = match_peaks((found.x, found.y), (true[:, 0], true[:, 1]), 16.0 / PIXEL)
    assert matches.recall >= 0.95
    assert matches.precision >= 0.95


def test_an_empty_micrograph_has_hardly_any_particle() -> None:
    empty = [micrograph(seed, 6.0, particles=0) for seed in range(3)]
    found = [
        len(pick_by_templates(image, PIXEL, averages(6.0), SEARCH, ctf=ctf).x)
        for image, _, ctf in empty
    ]
    assert sum(found) <= 2


def test_the_noise_has_deviation_one() -> None:
    image, _, ctf = micrograph(3, 6.0, particles=0)
    loose = TemplateSearch(
        diameter=130.0, limits=Limits(threshold=0.1, relative=0.0, outliers=1e9, typical=1.0)
    )
    found = pick_by_templates(image, PIXEL, averages(6.0), loose, ctf=ctf)
    # The highest of some thousand independent values.
    assert 3.0 < found.score.max() < 5.5


def test_particles_of_another_contrast_are_debris_or_contamination() -> None:
    image, _, ctf = micrograph(4, 6.0)
    for expected in (1.2, 30.0):
        assert len(pick_by_templates(image, PIXEL, averages(expected), SEARCH, ctf=ctf).x) <= 1
    adaptive = TemplateSearch(diameter=130.0)
    assert len(pick_by_templates(image, PIXEL, averages(30.0), adaptive, ctf=ctf).x) >= 18


def test_bright_particles_and_scaled_images() -> None:
    image, _, ctf = micrograph(5, 6.0)
    dark = pick_by_templates(image, PIXEL, averages(6.0), SEARCH, ctf=ctf)
    bright = TemplateSearch(diameter=130.0, limits=Limits(typical=1.0), bright=True)
    again = pick_by_templates(900 - 30 * image, PIXEL, averages(6.0), bright, ctf=ctf)
    assert np.allclose(np.sort(dark.x), np.sort(again.x), atol=0.2)
    assert len(pick_by_templates(image, PIXEL, averages(6.0), bright, ctf=ctf).x) <= 2


def test_works_without_a_ctf() -> None:
    rng = np.random.default_rng(6)
    image = rng.standard_normal((300, 300)).astype(np.float32)
    for x, y in ((80, 90), (200, 70), (150, 220)):
        image[y - 24 : y + 24, x - 24 : x + 24] -= 3.0 * shape_at(rng.uniform(0, 360))
    found = pick_by_templates(image, PIXEL, averages(3.0), SEARCH)
    assert len(found.x) == 3


def test_refuses_a_small_image() -> None:
    with pytest.raises(ValueError, match="two diameters"):
        pick_by_templates(np.zeros((40, 40), np.float32), PIXEL, averages(1.0), SEARCH)
