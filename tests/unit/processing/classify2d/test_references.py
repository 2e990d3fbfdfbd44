import numpy as np
import pytest

from icestream.processing.classify2d.expectation import Expectation
from icestream.processing.classify2d.polar import PolarGrid, disc_mask
from icestream.processing.classify2d.references import (
    Statistics,
    estimate_references,
    half_correlation,
    mean_correlation,
)

from .conftest import BOX, draw

GRID = PolarGrid(BOX, 12, 64)
MASK = disc_mask(BOX, 12.0)


def block(particles: int, noise: float, seed: int = 0, transfer: float = 0.5) -> Expectation:
    """Upright, centered particles of two views, seen with a constant transfer."""
    rng = np.random.default_rng(seed)
    numerator = np.zeros((2, 2, GRID.rings, GRID.orders), np.complex64)
    for view in range(2):
        still = draw(view, 0.0, np.zeros(2)).astype(np.float32)
        images = transfer * still + noise * rng.standard_normal((particles, BOX, BOX))
        harmonics = transfer * GRID.harmonics(images.astype(np.float32))
        numerator[0, view], numerator[1, view] = harmonics[::2].sum(0), harmonics[1::2].sum(0)
    denominator = np.full((2, 2, GRID.rings), particles / 2 * transfer**2, np.float32)
    none = np.zeros(0, np.float32)
    return Expectation(
        numerator=numerator,
        denominator=denominator,
        weight=np.full(2, particles, np.float32),
        best_class=none.astype(np.int32),
        angle=none,
        shift=none.reshape(0, 2),
        likelihood=none,
    )


def gathered(particles: int, noise: float) -> Statistics:
    statistics = Statistics.empty(2, GRID)
    statistics.add(block(particles, noise), 1.0)
    return statistics


def test_the_reference_is_the_view_corrected_for_its_transfer() -> None:
    noise = np.full(GRID.rings, 1e-4, np.float32)
    references = estimate_references(gathered(10, 0.01), noise, GRID, MASK)
    images = GRID.images(GRID.circles(references))
    for view, image in enumerate(images):
        still = draw(view, 0.0, np.zeros(2))
        inside = MASK > 0.99
        slope = np.polyfit(still[inside], image[inside], 1)[0]
        assert slope == pytest.approx(1.0, abs=0.08)
        assert np.corrcoef(still[inside], image[inside])[0, 1] > 0.99


def test_noise_is_held_down_where_the_halves_disagree() -> None:
    statistics = gathered(20, 3.0)
    noise = np.full(GRID.rings, 9.0, np.float32)
    plain = statistics.numerator.sum(0) / statistics.denominator.sum(0)[..., None]
    held = estimate_references(statistics, noise, GRID, MASK)
    outer = slice(9, 12)
    assert np.abs(held[:, outer]).mean() < 0.5 * np.abs(plain[:, outer]).mean()


def test_empty_classes_have_empty_references() -> None:
    statistics = gathered(10, 0.1)
    statistics.grow(3)
    noise = np.ones(GRID.rings, np.float32)
    references = estimate_references(statistics, noise, GRID, MASK)
    assert references.shape[0] == 3
    assert not references[2].any()
    assert np.isfinite(references).all()


def test_old_particles_fade() -> None:
    statistics = gathered(10, 0.1)
    before = statistics.weight.copy()
    statistics.add(block(10, 0.1), 0.25)
    assert np.allclose(statistics.weight, 1.25 * before)
    assert np.allclose(statistics.denominator, 1.25 * gathered(10, 0.1).denominator)


def test_splitting_shares_the_particles() -> None:
    statistics = gathered(20, 1.0)
    statistics.grow(3)
    whole = statistics.numerator[:, 0].sum(axis=0).copy()
    statistics.split(0, 2)
    assert statistics.weight.tolist() == [10.0, 20.0, 10.0]
    parts = statistics.numerator[:, 0].sum(axis=0) + statistics.numerator[:, 2].sum(axis=0)
    assert np.allclose(parts, whole, atol=1e-3)
    assert not np.allclose(statistics.numerator[0, 0], statistics.numerator[0, 2])


def test_halves_correlate_where_there_is_signal() -> None:
    clean, noisy = gathered(20, 0.01), gathered(20, 2.0)
    assert half_correlation(clean, GRID, MASK)[:, :6].min() > 0.99
    assert mean_correlation(clean, GRID)[:6].min() > 0.95
    assert half_correlation(noisy, GRID, MASK)[:, 10:].mean() < 0.4
    assert abs(mean_correlation(noisy, GRID)[10:].mean()) < 0.3
