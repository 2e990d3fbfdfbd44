import numpy as np
import pytest
from scipy import ndimage

from icestream.processing.picking.foreign import find_foreign, widened

PIXEL = 8.0
SHAPE = (300, 320)
ONES = np.ones(SHAPE, np.float32)


def field(seed: int, grain: float = 1.0) -> np.ndarray:
    """Noise, and forty bright particles of 130 Å."""
    rng = np.random.default_rng(seed)
    image = grain * rng.standard_normal(SHAPE)
    y, x = np.indices(SHAPE)
    for cy, cx in rng.uniform((0, 0), SHAPE, (40, 2)):
        image += 2.0 * (np.hypot(y - cy, x - cx) * PIXEL < 65)
    return image.astype(np.float32)


def found(image: np.ndarray, depth: float = 130.0) -> np.ndarray:
    return find_foreign(image, ONES, PIXEL, 130.0, depth)


def distance(cy: float, cx: float) -> np.ndarray:
    """Å."""
    y, x = np.indices(SHAPE)
    return np.hypot(y - cy, x - cx) * PIXEL


def test_nothing_is_foreign_in_ice_with_particles() -> None:
    slope = np.linspace(0, 20, SHAPE[1], dtype=np.float32)
    for seed in range(4):
        assert not found(field(seed)).any()
        assert not found(field(seed) + slope).any()
    assert not found(field(5, grain=0.01)).any()
    assert not found(np.zeros(SHAPE, np.float32)).any()


@pytest.mark.parametrize("spacing", [18, 22, 30])
def test_a_crowd_of_particles_beside_empty_ice_is_not_foreign(spacing: int) -> None:
    image = 0.3 * np.random.default_rng(7).standard_normal(SHAPE)
    y, x = np.indices(SHAPE)
    for cy in range(20, SHAPE[0], spacing):
        for cx in range(20, 160, spacing):
            squared = 1 - (np.hypot(y - cy, x - cx) * PIXEL / 65) ** 2
            image += 2.0 * np.sqrt(np.clip(squared, 0, None))
    assert not found(image.astype(np.float32)).any()


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7])
def test_a_film_is_told_however_much_it_covers(share: float) -> None:
    x = np.broadcast_to(np.arange(SHAPE[1]), SHAPE)
    film = x > (1 - share) * SHAPE[1]
    seen = found(np.where(film, 12.0, field(1)).astype(np.float32))
    assert seen[film].all()
    away = x < (1 - share) * SHAPE[1] - 130 / PIXEL
    assert seen[away].mean() < 0.01


def test_a_drop_is_told_and_its_neighbours_are_not() -> None:
    off = distance(150, 160)
    image = field(2) + 40.0 * np.sqrt(np.clip(1 - (off / 300.0) ** 2, 0, None))
    seen = found(image.astype(np.float32))
    assert seen[off < 250].all()
    assert not seen[off > 430].any()


def test_a_drop_on_the_film_and_one_on_the_ice() -> None:
    film = np.broadcast_to(np.arange(SHAPE[1]) > 200, SHAPE)
    off, on = distance(80, 80), distance(200, 260)
    image = np.where(film, 10.0, field(3)) + 30.0 * ((off < 250) | (on < 250))
    seen = found(image.astype(np.float32))
    assert seen[film].all()
    assert seen[off < 250].all()
    assert seen[~film & (off > 400) & (np.arange(SHAPE[1]) < 180)].mean() < 0.01


def test_what_is_no_deeper_than_asked_for_is_left_to_others() -> None:
    image = field(4) + 40.0 * (distance(150, 160) < 200)
    assert not found(image.astype(np.float32), depth=300.0).any()
    assert found(image.astype(np.float32), depth=150.0).any()


def test_a_mask_is_widened_by_a_radius() -> None:
    mask = np.zeros((21, 21), bool)
    assert widened(mask, 5.0) is mask
    mask[10, 10] = True
    wide = widened(mask, 3.0)
    assert wide.sum() == 29
    assert ndimage.label(wide)[1] == 1
