import numpy as np
import pytest
from scipy import fft, ndimage

from icestream.model import Ctf, Optics
from icestream.processing.picking import ground
from icestream.processing.picking.ground import Wanted, prepare_ground, transfer_of
from icestream.processing.picking.peaks import Peaks

WANTED = Wanted(pixel_size=8.0, diameter=100.0, border=50.0)


def noise(seed: int, shape: tuple[int, int] = (600, 640)) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def test_is_in_units_of_the_noise_whatever_the_scale_and_the_slope() -> None:
    image = noise(1)
    first = prepare_ground(image, 2.0, WANTED, None)
    second = prepare_ground(40.0 * image + 900.0, 2.0, WANTED, None)
    slope = np.linspace(0, 1, image.shape[1], dtype=np.float32)
    sloping = prepare_ground(image + slope, 2.0, WANTED, None)
    assert first.factor == 4
    assert first.pixel_size == 8.0
    assert first.flat.std() == pytest.approx(1.0, abs=0.05)
    assert np.allclose(first.flat, second.flat, atol=0.01)
    inner = (slice(30, -30), slice(30, -30))
    assert np.allclose(first.flat[inner], sloping.flat[inner], atol=0.1)


def test_places_go_there_and_back() -> None:
    made = prepare_ground(noise(2), 2.0, WANTED, None)
    peaks = Peaks(np.array([41.5, 201.5]), np.array([81.5, 301.5]), np.ones(2))
    rows, columns = made.places(peaks)
    assert rows.tolist() == [20, 75]
    assert columns.tolist() == [10, 50]
    response = np.zeros_like(made.flat)
    response[20, 10] = 2.0
    back = made.peaks(response, 50.0)
    assert (back.x[0], back.y[0]) == (41.5, 81.5)


def test_the_rim_ends_where_it_was_asked_to_on_every_side() -> None:
    """Also where the last rows and columns are too few for a pixel of the small micrograph."""
    made = prepare_ground(noise(2, (603, 642)), 2.0, WANTED, None)
    down, across = np.zeros(made.flat.shape, bool), np.zeros(made.flat.shape, bool)
    for row, column in np.ndindex(made.flat.shape):
        down[row, column] = 25 <= 4 * row + 1.5 <= 602 - 25
        across[row, column] = 25 <= 4 * column + 1.5 <= 641 - 25
    for row, column in [*((i, 75) for i in range(150)), *((75, i) for i in range(160))]:
        response = np.zeros_like(made.flat)
        response[row, column] = 1.0
        kept = down[row, column] and across[row, column]
        assert len(made.peaks(response, 50.0).x) == kept


def test_phases_are_flipped_once() -> None:
    optics = Optics(pixel_size=4.0, voltage=300.0)
    ctf = Ctf(exposure="a", optics=optics, defocus_u=2e4, defocus_v=2e4, angle=0.0)
    disc = np.zeros((256, 256), np.float32)
    y, x = np.indices(disc.shape)
    disc[np.hypot(y - 128, x - 128) < 12] = 1.0
    transfer = transfer_of(ctf, disc.shape, 4.0)
    seen = fft.irfft2(fft.rfft2(disc) * transfer, disc.shape).astype(np.float32)
    wanted = Wanted(pixel_size=4.0, diameter=100.0, border=0.0)
    made = prepare_ground(seen + 1e-3 * noise(3, (256, 256)), 4.0, wanted, ctf).flat
    ideal = fft.irfft2(fft.rfft2(disc) * np.abs(transfer), disc.shape)
    assert np.corrcoef(made.ravel(), ideal.ravel())[0, 1] > 0.9


def test_a_wide_blur_is_done_on_fewer_pixels() -> None:
    image = noise(4, (250, 301))
    fast, exact = ground._blur(image, 20.0), ndimage.gaussian_filter(image, 20.0, mode="reflect")
    assert fast.shape == exact.shape
    inner = (slice(40, -40), slice(40, -40))
    assert np.corrcoef(fast[inner].ravel(), exact[inner].ravel())[0, 1] > 0.98


def test_carbon_is_not_usable_and_the_rim_neither() -> None:
    image = noise(5, (900, 900))
    y, x = np.indices(image.shape)
    distance = np.hypot(y - 100, x - 150)
    image -= np.where(distance < 170, 5.0, 0.0).astype(np.float32)
    usable = prepare_ground(image, 2.0, WANTED, None).usable
    coarse = distance[2::4, 2::4]
    assert not usable[coarse < 160].any()
    assert usable[10:-10, 10:-10][coarse[10:-10, 10:-10] > 300].mean() > 0.95
    assert not usable[:6].any()
