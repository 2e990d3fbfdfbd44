import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.processing.classify2d.expectation import ClassMatching, shift_grid
from icestream.processing.classify2d.polar import PolarGrid
from icestream.processing.classify2d.splitting import divide, upright

from .conftest import BOX, Labelled, draw, make_labelled, upright_views

GRID = PolarGrid(BOX, 12, 64)
PRIOR = np.full(GRID.rings, 5.0, np.float32)
MATCHING = ClassMatching(
    grid=GRID,
    references=np.zeros((1, GRID.rings, GRID.orders), np.complex64),
    noise=np.ones(GRID.rings, np.float32),
    independence=1.0,
    rings=12,
    shifts=shift_grid(2.0, 1.0),
    shift_spread=2.0,
)


def laid(data: Labelled) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """CTF-weighted nothing: the particles as they are, laid by their true poses."""
    spectra = GRID.spectra(data.images)
    angle, shift = data.angle.astype(np.float32), data.shift.astype(np.float32)
    return upright(spectra, angle, shift, MATCHING), data.transfer(GRID.rings)


def test_particles_lie_as_their_class_does() -> None:
    angle, shift = np.array([50.0], np.float32), np.array([[1.5, -2.0]], np.float32)
    image = draw(3, 50.0, shift[0]).astype(np.float32)[None]
    found = upright(GRID.spectra(image), angle, shift, MATCHING)
    expected = upright_views(GRID, 4, 1.0)[3]
    assert np.abs(found[0] - expected).max() < 0.05 * np.abs(expected).max()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_kind_is_not_divided(seed: int) -> None:
    assert divide(*laid(make_labelled(240, 1, 0.1, seed)), PRIOR, MATCHING) is None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_kinds_are_told_apart(seed: int) -> None:
    data = make_labelled(240, 2, 0.1, seed)
    found = divide(*laid(data), PRIOR, MATCHING)
    assert found is not None
    assert found.gain > 0
    assert np.allclose(found.share.sum(axis=1), 1.0, atol=1e-4)
    right = ((found.share[:, 1] > 0.5) == (data.view == 1)).mean()
    assert max(right, 1 - right) > 0.9


def test_noise_is_one_kind() -> None:
    assert divide(*laid(make_labelled(200, 1, 1e-6, 4)), PRIOR, MATCHING) is None
