import numpy as np
import pytest

from icestream.processing.classify2d.polar import PolarGrid, disc_mask, to_harmonics

GRID = PolarGrid(32, 12, 64)


def ball(y: float, x: float, sigma: float = 2.5) -> np.ndarray:
    rows, columns = np.mgrid[:32, :32]
    distance = (rows - 16 - y) ** 2 + (columns - 16 - x) ** 2
    return np.exp(-distance / (2 * sigma**2)).astype(np.float32)


def test_the_transform_of_a_gaussian_is_the_analytic_one() -> None:
    spectra = GRID.spectra(ball(0, 0)[None])[0]
    radius = np.arange(1, 13) / 32
    expected = 2 * np.pi * 2.5**2 * np.exp(-2 * (np.pi * 2.5 * radius) ** 2) / 32
    assert np.allclose(spectra.real, expected[:, None], atol=1e-4)
    assert np.allclose(spectra.imag, 0.0, atol=1e-4)


def test_white_noise_has_unit_power() -> None:
    noise = np.random.default_rng(0).standard_normal((200, 32, 32), dtype=np.float32)
    power = (np.abs(GRID.spectra(noise)) ** 2).mean(axis=(0, 2))
    assert np.allclose(power, 1.0, atol=0.15)
    assert power.mean() == pytest.approx(1.0, abs=0.03)


def test_a_rotation_multiplies_harmonics_by_a_phase() -> None:
    steps = 9
    turn = 2 * np.pi * steps / 64
    before = ball(3, 5) + 0.5 * ball(-4, 1)
    # From +x towards +y: (x, y) -> (x cos - y sin, x sin + y cos).
    after = ball(5 * np.sin(turn) + 3 * np.cos(turn), 5 * np.cos(turn) - 3 * np.sin(turn))
    after += 0.5 * ball(np.sin(turn) - 4 * np.cos(turn), np.cos(turn) + 4 * np.sin(turn))
    first, second = GRID.harmonics(np.stack([before, after]))
    phase = np.exp(-1j * turn * np.arange(GRID.orders))
    assert np.allclose(second, first * phase, atol=2e-3 * np.abs(first).max())


def test_ramps_bring_a_moved_image_back() -> None:
    shift = np.array([[2.0, -3.5]], np.float32)
    centered = GRID.spectra(ball(1, 2)[None])
    moved = GRID.spectra(ball(3, -1.5)[None]) * GRID.ramps(shift)
    assert np.allclose(moved, centered, atol=1e-4)


def test_images_and_circles_are_inverse_around_the_center() -> None:
    image = ball(2, 4) - ball(-3, 2)
    again = GRID.images(GRID.circles(GRID.harmonics(image[None])))[0]
    inside = disc_mask(32, 10.0, 0.1) > 0.5
    assert np.abs(again - image)[inside].max() < 0.05
    assert np.corrcoef(again[inside], image[inside])[0, 1] > 0.999


def test_inner_products_of_circles_are_those_of_the_spectra() -> None:
    a, b = (GRID.spectra(image[None])[0] for image in (ball(3, 5), ball(1, -2)))
    first, second = (GRID.circles(to_harmonics(x)) for x in (a, b))
    whole = 2 * (a * b.conj()).real.sum(axis=1)
    assert np.allclose((first * second).sum(axis=1), whole, rtol=1e-3, atol=1e-4)


def test_the_mask_is_one_inside_and_zero_outside() -> None:
    mask = disc_mask(32, 8.0, 4.0)
    assert mask[16, 16] == mask[16, 24] == 1.0
    assert mask[16, 26] == pytest.approx(0.5)
    assert mask[16, 28] == pytest.approx(0.0, abs=1e-6)


def test_masking_harmonics_is_masking_the_image() -> None:
    mask = disc_mask(32, 9.0)
    images = np.stack([ball(3, 5) + 0.5 * ball(-4, 1), ball(0, -9) - ball(2, 2)])
    before = GRID.harmonics(images)
    # Without what no ring holds: the mean, and the corners of Fourier space.
    expected = GRID.harmonics(GRID.images(GRID.circles(before)) * mask)
    found = np.einsum("mij,kjm->kim", GRID.masking(mask), before)
    assert np.abs(found - expected).max() < 0.01 * np.abs(expected).max()
