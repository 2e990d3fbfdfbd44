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
    Peaks,
    agree_on_peaks,
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
    search = BlobSearch(diameter_min=96.0, diameter_max=150.0, threshold=2.0, border=150.0)
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


def test_no_particles_in_carbon(shared_data: Path) -> None:
    image = read_mrc(shared_data / "micrographs" / "carbon_edge.mrc").astype(np.float32)
    carbon = ndimage.gaussian_filter(image, 3) < np.median(image) - 3 * 1.4826 * np.median(
        np.abs(image - np.median(image))
    )
    labels, _ = ndimage.label(carbon)
    largest = labels == 1 + np.bincount(labels.ravel())[1:].argmax()
    found = pick_by_log(image, 1.0, BlobSearch(diameter_min=25.0, diameter_max=35.0))
    inside = largest[np.rint(found.y).astype(int), np.rint(found.x).astype(int)]
    assert len(found.x) > 100
    assert inside.sum() == 0


def test_match_peaks_is_one_to_one() -> None:
    found = (np.array([0.0, 1.0, 50.0]), np.array([0.0, 0.0, 50.0]))
    true = (np.array([0.9, 20.0]), np.array([0.0, 20.0]))
    matches = match_peaks(found, true, 5.0)
    assert matches.pairs.tolist() == [[1, 0]]
    assert matches.recall == 0.5
    assert matches.precision == pytest.approx(1 / 3)
    nothing = (np.zeros(0), np.zeros(0))
    assert match_peaks(nothing, nothing, 5.0)[:2] == (1.0, 1.0)
    assert match_peaks(found, nothing, 5.0)[:2] == (1.0, 0.0)


def peaks(*points: tuple[float, float]) -> Peaks:
    x, y = np.array(points, dtype=np.float32).reshape(-1, 2).T
    return Peaks(x, y, np.ones(len(x), dtype=np.float32))


def test_consensus_counts_pickers_and_averages_places() -> None:
    a = peaks((10, 10), (50, 50), (90, 10))
    b = peaks((12, 10), (50, 53))
    c = peaks((11, 13), (200, 200))
    everyone = agree_on_peaks([a, b, c], radius=5.0, votes=3)
    assert everyone.x.tolist() == [11.0]
    assert everyone.y.tolist() == [11.0]
    most = agree_on_peaks([a, b, c], radius=5.0, votes=2)
    assert most.x.tolist() == [11.0, 50.0]
    assert most.score.tolist() == pytest.approx([1.0, 2 / 3])
    assert len(agree_on_peaks([a, b, c], radius=5.0, votes=1).x) == 4


def test_consensus_does_not_depend_on_the_order_of_pickers() -> None:
    rng = np.random.default_rng(8)
    true = 40.0 * np.stack(np.meshgrid(np.arange(6), np.arange(6)), -1).reshape(-1, 2)
    pickers = []
    for _ in range(4):
        seen = true[rng.random(len(true)) < 0.7] + rng.uniform(-2, 2, (1, 2))
        pickers.append(peaks(*[tuple(point) for point in seen]))
    results = [agree_on_peaks(order, 8.0, 3) for order in (pickers, pickers[::-1])]
    first, second = (sorted(zip(r.x.tolist(), r.y.tolist(), strict=True)) for r in results)
    assert np.allclose(first, second, atol=1e-4)


def test_one_picker_has_one_vote() -> None:
    crowded = peaks((10, 10), (12, 10), (11, 12))
    assert len(agree_on_peaks([crowded, peaks()], radius=5.0, votes=2).x) == 0
