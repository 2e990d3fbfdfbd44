import itertools
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from scipy import fft, ndimage

from icestream.formats.mrc import read_mrc
from icestream.model import Ctf, Optics
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.picking import (
    BlobSearch,
    Limits,
    blob_shape,
    match_peaks,
    pick_by_log,
)

PIXEL = 3.0
DIAMETER = 120.0
SEARCH = BlobSearch(diameter_min=96.0, diameter_max=150.0)
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)


def hollow_balls(shape: tuple[int, int], centers: NDArray[np.float64]) -> NDArray[np.float32]:
    """Thickness of hollow balls, 1 at the most, at (x, y) centers."""
    image = np.zeros(shape, dtype=np.float32)
    y, x = np.indices(shape)
    outer, inner = DIAMETER / 2 / PIXEL, DIAMETER / 4 / PIXEL
    for cx, cy in centers:
        squared = (x - cx) ** 2 + (y - cy) ** 2
        shell = np.sqrt(np.clip(outer**2 - squared, 0, None))
        image += shell - np.sqrt(np.clip(inner**2 - squared, 0, None))
    return image / image.max() if len(centers) else image


def ctf(defocus: float) -> Ctf:
    return Ctf(exposure="a", optics=OPTICS, defocus_u=defocus, defocus_v=defocus, angle=0.0)


def micrograph(
    seed: int, defocus: float = 15000.0, contrast: float = 1.2, size: int = 400
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Dark hollow balls seen through a CTF, in white noise of deviation 1, and their (x, y)."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(5), np.arange(5)), axis=-1).reshape(-1, 2)
    centers = 60.0 + 70.0 * grid + rng.uniform(-12, 12, grid.shape)
    centers = centers[rng.random(len(centers)) < 0.8]
    shape = (size, size + 16)
    transfer = ctf_2d(shape, Defocus(u=defocus, v=defocus), OPTICS, half=True)
    seen = fft.irfft2(fft.rfft2(hollow_balls(shape, centers)) * 2.0 * transfer, s=shape)
    return (contrast * seen + rng.standard_normal(shape)).astype(np.float32), centers


@pytest.mark.parametrize("defocus", [8000.0, 20000.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_finds_particles_in_noise(seed: int, defocus: float) -> None:
    image, true = micrograph(seed, defocus)
    found = pick_by_log(image, PIXEL, SEARCH, ctf=ctf(defocus))
    matches = match_peaks((found.x, found.y), (true[:, 0], true[:, 1]), DIAMETER / 2 / PIXEL)
    assert matches.recall >= 0.9
    assert matches.precision >= 0.9
    found_at = np.stack([found.x, found.y], axis=1)[matches.pairs[:, 0]]
    error = np.hypot(*(found_at - true[matches.pairs[:, 1]]).T) * PIXEL
    assert np.sqrt(np.mean(error**2)) < 0.1 * DIAMETER


def test_coordinates_are_those_of_the_unbinned_image() -> None:
    centers = np.array([[151.3, 97.6], [240.0, 260.0]])
    image = -hollow_balls((400, 350), centers) * 5
    for pixel_size in (PIXEL, 1.0):
        scale = PIXEL / pixel_size
        enlarged = ndimage.zoom(image, scale, order=1, grid_mode=True, mode="grid-constant")
        found = pick_by_log(enlarged.astype(np.float32), pixel_size, SEARCH)
        true = (centers + 0.5) * scale - 0.5
        assert len(found.x) == 2
        order = np.argsort(found.x)
        assert np.allclose(found.x[order], true[:, 0], atol=0.5 * scale)
        assert np.allclose(found.y[order], true[:, 1], atol=0.5 * scale)


def test_an_image_without_particles_gives_hardly_any() -> None:
    rng = np.random.default_rng(3)
    empty = rng.standard_normal((4, 600, 600)).astype(np.float32)
    assert sum(len(pick_by_log(image, PIXEL, SEARCH).x) for image in empty) <= 4


def test_bright_particles_only_when_asked() -> None:
    image, true = micrograph(4)
    wrong = pick_by_log(-image, PIXEL, SEARCH)
    assert match_peaks((wrong.x, wrong.y), (true[:, 0], true[:, 1]), 13.0).recall < 0.2
    bright = BlobSearch(diameter_min=96.0, diameter_max=150.0, bright=True)
    found = pick_by_log(-image, PIXEL, bright)
    dark = pick_by_log(image, PIXEL, SEARCH)
    assert np.array_equal(found.x, dark.x)


def test_a_scaled_and_shifted_image_gives_the_same_picks() -> None:
    image, _ = micrograph(5)
    first = pick_by_log(image, PIXEL, SEARCH)
    second = pick_by_log(image * 37.0 + 1000.0, PIXEL, SEARCH)
    assert np.allclose(first.x, second.x, atol=0.05)
    assert np.allclose(first.score, second.score, rtol=1e-2)


def test_the_border_and_the_spacing_are_kept() -> None:
    image, _ = micrograph(6)
    search = BlobSearch(
        diameter_min=96.0, diameter_max=150.0, limits=Limits(threshold=2.0), border=150.0
    )
    found = pick_by_log(image, PIXEL, search)
    rim = 150.0 / PIXEL - 3
    assert found.x.min() >= rim
    assert found.y.min() >= rim
    assert found.x.max() <= image.shape[1] - rim
    apart = np.hypot(np.subtract.outer(found.x, found.x), np.subtract.outer(found.y, found.y))
    apart += 1e6 * np.eye(len(apart))
    assert apart.min() * PIXEL >= 0.8 * np.sqrt(96.0 * 150.0) - 2 * 6


def test_refuses_images_that_cannot_hold_a_particle_or_hold_nan() -> None:
    with pytest.raises(ValueError, match="two diameters"):
        pick_by_log(np.zeros((50, 50), np.float32), PIXEL, SEARCH)
    image = np.zeros((400, 400), np.float32)
    image[100, 100] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        pick_by_log(image, PIXEL, SEARCH)


def test_diameters_cover_the_range() -> None:
    assert BlobSearch(diameter_min=100, diameter_max=100).diameters() == (100,)
    several = BlobSearch(diameter_min=100, diameter_max=180).diameters()
    assert several[0] == pytest.approx(100)
    assert several[-1] == pytest.approx(180)
    assert max(b / a for a, b in itertools.pairwise(several)) <= 1.15


@pytest.mark.parametrize("name", ["03.13.02", "05.35.20", "05.53.51", "07.10.35"])
def test_agrees_with_people_on_apoferritin(shared_data: Path, name: str) -> None:
    folder = shared_data / "micrographs" / "apoferritin_empiar10146"
    with PIL.Image.open(folder / f"May08_{name}.average.png") as picture:
        image = np.asarray(picture, dtype=np.float32)
    human = np.loadtxt(folder / f"May08_{name}.picks.csv", delimiter=",", skiprows=1)
    search = BlobSearch(diameter_min=104.0, diameter_max=162.5, border=65.0)
    found = pick_by_log(image, 1.5, search)
    matches = match_peaks((found.x, found.y), (human[:, 0], human[:, 1]), 65.0 / 1.5)
    assert matches.recall > 0.85
    assert matches.precision > 0.9


def test_agrees_with_people_without_being_told_a_diameter(shared_data: Path) -> None:
    folder = shared_data / "micrographs" / "apoferritin_empiar10146"
    with PIL.Image.open(folder / "May08_05.35.20.average.png") as picture:
        image = np.asarray(picture, dtype=np.float32)
    human = np.loadtxt(folder / "May08_05.35.20.picks.csv", delimiter=",", skiprows=1)
    diameter = blob_shape(image, 1.5, BlobSearch(diameter_min=60.0, diameter_max=400.0)).length
    search = BlobSearch(diameter_min=diameter / 1.25, diameter_max=diameter * 1.25)
    found = pick_by_log(image, 1.5, search)
    matches = match_peaks((found.x, found.y), (human[:, 0], human[:, 1]), 65.0 / 1.5)
    recall, precision = matches.recall, matches.precision
    assert 2 * recall * precision / (recall + precision) > 0.85


def test_no_particles_in_carbon(shared_data: Path) -> None:
    image = read_mrc(shared_data / "micrographs" / "carbon_edge.mrc").astype(np.float32)
    carbon = ndimage.gaussian_filter(image, 3) < np.median(image) - 3 * 1.4826 * np.median(
        np.abs(image - np.median(image))
    )
    labels, _ = ndimage.label(carbon)
    largest = labels == 1 + np.bincount(labels.ravel())[1:].argmax()
    # The file does not say its pixel size: 4 Å is about what it must be.
    unattended = blob_shape(image, 4.0, BlobSearch(diameter_min=60.0, diameter_max=400.0)).length
    for diameter in (100.0, 140.0, unattended):
        search = BlobSearch(diameter_min=diameter / 1.25, diameter_max=diameter * 1.25)
        found = pick_by_log(image, 4.0, search)
        inside = largest[np.rint(found.y).astype(int), np.rint(found.x).astype(int)]
        assert len(found.x) > 50
        assert inside.sum() == 0


def lobed_particles(seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Dark particles of four lobes each, 160 Å wide, at (x, y) centers, in noise."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(6), np.arange(6)), axis=-1).reshape(-1, 2)
    centers = 70.0 + 75.0 * grid + rng.uniform(-8, 8, grid.shape)
    y, x = np.indices((520, 520))
    image = rng.standard_normal((520, 520))
    for cx, cy in centers:
        for angle in rng.uniform(0, np.pi / 2) + np.pi / 2 * np.arange(4):
            dx, dy = x - cx - 14 * np.cos(angle), y - cy - 14 * np.sin(angle)
            image -= 1.0 * np.exp(-0.5 * (dx**2 + dy**2) / 6.0**2)
    return image.astype(np.float32), centers


def test_finds_the_particle_and_not_its_lobes() -> None:
    image, true = lobed_particles(1)
    search = BlobSearch(diameter_min=50.0, diameter_max=400.0)
    diameter = blob_shape(image, PIXEL, search).length
    assert 110 <= diameter <= 200
    found = pick_by_log(
        image, PIXEL, BlobSearch(diameter_min=diameter / 1.15, diameter_max=diameter * 1.15)
    )
    matches = match_peaks((found.x, found.y), (true[:, 0], true[:, 1]), 30.0 / PIXEL)
    assert matches.recall > 0.95
    assert matches.precision > 0.95


def test_the_diameter_grows_with_the_pixel_size() -> None:
    image, _ = micrograph(8)
    search = BlobSearch(diameter_min=60.0, diameter_max=300.0)
    small = blob_shape(image, PIXEL, search).length
    large = blob_shape(image, 1.5 * PIXEL, search).length
    assert large == pytest.approx(1.5 * small, rel=0.16)
    assert small == pytest.approx(DIAMETER, rel=0.16)


def test_nothing_beside_contamination() -> None:
    image, true = micrograph(9, contrast=1.5)
    spot = true[len(true) // 2]
    y, x = np.indices(image.shape)
    image -= np.where(np.hypot(x - spot[0], y - spot[1]) < 25, 12.0, 0.0).astype(np.float32)
    found = pick_by_log(image, PIXEL, SEARCH)
    distance = np.hypot(found.x - spot[0], found.y - spot[1])
    assert len(found.x) >= 0.7 * (len(true) - 1)
    assert distance.min() > 0.9 * DIAMETER / PIXEL
