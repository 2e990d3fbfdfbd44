import numpy as np
import pytest

from icestream.processing.classify2d.expectation import Expectation
from icestream.processing.classify2d.polar import PolarGrid, disc_mask
from icestream.processing.classify2d.references import (
    FOLDS,
    Statistics,
    estimate_references,
    half_correlation,
    mean_correlation,
    shared_power,
    wiener_prior,
)

from .conftest import BOX, draw

GRID = PolarGrid(BOX, 12, 64)
MASK = disc_mask(BOX, 12.0)
MASKING = GRID.masking(MASK)


def block(particles: int, noise: float, seed: int = 0, transfer: float = 0.5) -> Expectation:
    """Upright, centered particles of two views, seen with a constant transfer."""
    rng = np.random.default_rng(seed)
    numerator = np.zeros((2, GRID.rings, GRID.orders), np.complex64)
    for view in range(2):
        still = draw(view, 0.0, np.zeros(2)).astype(np.float32)
        images = transfer * still + noise * rng.standard_normal((particles, BOX, BOX))
        harmonics = transfer * GRID.harmonics(images.astype(np.float32))
        numerator[view] = harmonics.sum(0)
    denominator = np.full((2, GRID.rings), particles * transfer**2, np.float32)
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
    """Sums of `particles` in each of two classes, the folds taking turns."""
    statistics = Statistics.empty(2, GRID)
    for fold in range(FOLDS):
        share = len(range(fold, particles, FOLDS))
        statistics.add(block(share, noise, seed=fold), fold, 1.0)
    return statistics


def test_the_reference_is_the_view_corrected_for_its_transfer() -> None:
    noise = np.full(GRID.rings, 1e-4, np.float32)
    references = estimate_references(gathered(16, 0.01), noise, GRID, MASKING).whole
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
    held = estimate_references(statistics, noise, GRID, MASKING).whole
    outer = slice(9, 12)
    assert np.abs(held[:, outer]).mean() < 0.5 * np.abs(plain[:, outer]).mean()


def test_empty_classes_have_empty_references() -> None:
    statistics = gathered(10, 0.1)
    statistics.grow(3)
    noise = np.ones(GRID.rings, np.float32)
    made = estimate_references(statistics, noise, GRID, MASKING)
    references, without = made.whole, made.without
    assert references.shape[0] == 3
    assert not references[2].any()
    assert not without[:, 2].any()
    assert np.isfinite(references).all()
    assert np.isfinite(without).all()


def test_a_fold_has_no_part_in_what_it_is_compared_with() -> None:
    """The reference without a fold is the masked Wiener average of the others."""
    noise = np.full(GRID.rings, 9.0, np.float32)
    statistics = gathered(16, 1.0)
    without = estimate_references(statistics, noise, GRID, MASKING).without
    prior = wiener_prior(statistics, noise, GRID)
    for fold in range(FOLDS):
        others = np.arange(FOLDS) != fold
        squares = statistics.denominator[others].sum(axis=0) + prior
        plain = statistics.numerator[others].sum(axis=0) / squares[..., None]
        expected = GRID.harmonics(GRID.images(GRID.circles(plain)) * MASK)
        assert np.abs(without[fold] - expected).max() < 0.01 * np.abs(expected).max()


def test_old_particles_fade() -> None:
    statistics = gathered(16, 0.1)
    before = statistics.weight.copy()
    squares = statistics.denominator.copy()
    statistics.add(block(16, 0.1), 2, 0.25)
    assert np.allclose(statistics.weight, 1.25 * before)
    assert np.allclose(statistics.denominator[1], 0.25 * squares[1])
    assert np.allclose(statistics.denominator[2], 0.25 * squares[2] + 16 * 0.25)


def test_halves_correlate_where_there_is_signal() -> None:
    clean, noisy = gathered(20, 0.01), gathered(20, 2.0)
    assert half_correlation(clean, GRID, MASK)[:, :6].min() > 0.99
    assert mean_correlation(clean, GRID)[:6].min() > 0.95
    assert half_correlation(noisy, GRID, MASK)[:, 10:].mean() < 0.4
    assert abs(mean_correlation(noisy, GRID)[10:].mean()) < 0.3


def test_halves_share_the_power_of_the_signal_but_not_that_of_the_noise() -> None:
    clean, noisy = (shared_power(gathered(32, noise), GRID, MASK) for noise in (0.01, 3.0))
    still = np.stack([draw(view, 0.0, np.zeros(2)) for view in range(2)]).astype(np.float32)
    still = GRID.images(GRID.circles(GRID.harmonics(still))) * MASK
    circles = GRID.circles(GRID.harmonics(still))
    expected = np.square(circles).sum(axis=2) * np.arange(1, GRID.rings + 1)
    assert np.allclose(clean[:, :8], expected[:, :8], rtol=0.1)
    # The power of the noise in the averages would be 9 / (32 / 4), times samples and radius.
    alone = 9.0 / 8.0 * GRID.angles * np.arange(1, GRID.rings + 1)
    assert noisy[:, 9:].mean() < 0.3 * alone[9:].mean()
