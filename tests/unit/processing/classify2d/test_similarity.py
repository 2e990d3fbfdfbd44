import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.processing.classify2d.expectation import Matching, shift_grid
from icestream.processing.classify2d.polar import PolarGrid, disc_mask
from icestream.processing.classify2d.references import FOLDS, Statistics, estimate_references
from icestream.processing.classify2d.similarity import Similarity, compare, moved_sums, twins

from .conftest import BOX, draw

GRID = PolarGrid(BOX, 12, 64)
MASK = disc_mask(BOX, 13.0)
TURN, SHIFT = 50.6, (2.0, -1.0)


def gathered(images: NDArray[np.float64], particles: int, seed: int) -> Statistics:
    """Sums over particles that show each of the images in noise of variance 1."""
    rng = np.random.default_rng(seed)
    numerator = np.zeros((FOLDS, len(images), GRID.rings, GRID.orders), np.complex64)
    share = particles / FOLDS
    for fold in range(FOLDS):
        noise = rng.standard_normal(images.shape) * np.sqrt(share)
        numerator[fold] = GRID.harmonics((share * images + noise).astype(np.float32))
    return Statistics(
        numerator,
        np.full((FOLDS, len(images), GRID.rings), share, np.float32),
        np.full(len(images), float(particles), np.float32),
    )


def matching(statistics: Statistics) -> Matching:
    noise = np.ones(GRID.rings, np.float32)
    return Matching(
        grid=GRID,
        references=estimate_references(statistics, noise, GRID, GRID.masking(MASK)).whole,
        noise=noise,
        independence=1.0,
        rings=12,
        shifts=shift_grid(2.0, 1.0),
        shift_spread=2.0,
    )


@pytest.fixture(scope="module")
def sums() -> Statistics:
    """A view, the same one turned and moved, another view."""
    images = np.stack(
        [draw(0, 0.0, np.zeros(2)), draw(0, TURN, np.array(SHIFT)), draw(1, 0.0, np.zeros(2))]
    )
    return gathered(0.5 * images, 240, 1)


def test_one_view_differs_by_its_noise_only_and_two_views_by_more(sums: Statistics) -> None:
    difference = compare(sums, matching(sums)).difference
    # Below 1: the mask, half of the box here, leaves less noise than is counted.
    assert 0.4 < difference[0, 1] < 1.0
    assert 0.4 < difference[1, 0] < 1.0
    assert difference[0, 2] > 2.0
    assert np.abs(np.diagonal(difference)).max() < 0.05


def test_finds_how_one_lies_on_the_other(sums: Statistics) -> None:
    found = compare(sums, matching(sums))
    assert abs(found.turn[1, 0] - TURN) <= 360 / GRID.angles
    assert np.abs(found.shift[1, 0] - SHIFT).max() <= 1.0
    # The other way round: moved back, then turned back.
    back = -complex(SHIFT[1], SHIFT[0]) * np.exp(-1j * np.radians(TURN))
    assert abs(found.turn[0, 1] - (360 - TURN)) <= 360 / GRID.angles
    assert np.abs(found.shift[0, 1] - (back.imag, back.real)).max() <= 1.0


def test_a_class_and_itself_turned_by_half_a_circle_are_the_same_however_far_off_center() -> None:
    """Both off center by 3.5 pixels in their own frame, so that they lie 7 pixels apart."""
    offset = np.array([0.0, 3.5])
    images = np.stack([draw(0, 0.0, offset), draw(0, 180.0, offset), draw(1, 0.0, np.zeros(2))])
    sums = gathered(0.5 * images, 240, 2)
    found = compare(sums, matching(sums))
    assert found.difference[1, 0] < 1.0
    assert abs(found.turn[1, 0] - 180.0) <= 360 / GRID.angles
    assert np.hypot(*found.shift[1, 0]) == pytest.approx(7.0, abs=1.0)
    assert found.difference[2, 0] > 2.0


def test_sums_are_laid_on_those_of_the_other(sums: Statistics) -> None:
    """Sums over turned and moved particles become those over particles that are not."""
    moved = moved_sums(sums.numerator[:, 1], TURN, np.array(SHIFT, np.float32), matching(sums))
    first, second = (
        GRID.images(GRID.circles(one.sum(axis=0)[None]))[0] for one in (moved, sums.numerator[:, 0])
    )
    assert np.corrcoef((first * MASK).ravel(), (second * MASK).ravel())[0, 1] > 0.9


def test_pairs_are_taken_once_the_most_alike_first() -> None:
    difference = np.array([[0, 9, 9, 9], [1.3, 0, 9, 9], [1.1, 1.2, 0, 9], [9, 1.4, 9, 0]])
    turn = np.zeros((4, 4), np.float32)
    found = twins(Similarity(difference.astype(np.float32), turn, np.zeros((4, 4, 2), np.float32)))
    assert found == [(2, 0), (3, 1)]
