from dataclasses import replace

import numpy as np
import pytest

from icestream.processing.picking import match_peaks
from icestream.processing.picking.bars import BarSearch, Shape, long_shape, pick_by_bars
from icestream.processing.picking.ground import Ground, Wanted, prepare_ground

PIXEL = 5.0
SIDE = 500
SHAPE = Shape(300.0, 60.0)
DISCS = (45.0, 60.0, 90.0, 120.0, 170.0)


def rods(
    seed: int, length: float = 300.0, width: float = 60.0, contrast: float = 0.9
) -> tuple[np.ndarray, np.ndarray]:
    """Dark rods in noise of deviation 1, and their (x, y)."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(5), np.arange(5)), axis=-1).reshape(-1, 2)
    centers = 70.0 + 90.0 * grid + rng.uniform(-8, 8, grid.shape)
    y, x = np.indices((SIDE, SIDE)) * PIXEL
    image = rng.standard_normal((SIDE, SIDE))
    for (cx, cy), angle in zip(centers * PIXEL, rng.uniform(0, np.pi, len(centers)), strict=True):
        along = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        across = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        beyond = np.maximum(np.abs(along) - 0.5 * (length - width), 0)
        image -= contrast * (np.hypot(beyond, across) < 0.5 * width)
    return image.astype(np.float32), centers


def ground(image: np.ndarray) -> Ground:
    wanted = Wanted(pixel_size=8.0, diameter=400.0, border=0.0, depth=220.0)
    return prepare_ground(image, PIXEL, wanted, None)


@pytest.mark.parametrize("seed", [1, 2])
def test_rods_are_each_found_once(seed: int) -> None:
    image, true = rods(seed)
    found = pick_by_bars(image, PIXEL, BarSearch(shape=SHAPE, border=0.0))
    matches = match_peaks((found.x, found.y), (true[:, 0], true[:, 1]), 60.0 / PIXEL)
    assert matches.recall == 1.0
    assert matches.precision > 0.9


def test_rods_are_told_from_discs() -> None:
    image, _ = rods(3)
    shape = long_shape(ground(image), DISCS)
    assert shape is not None
    assert 190 <= shape.length <= 400
    assert 45 <= shape.width <= 80


@pytest.mark.parametrize(("length", "width"), [(60.0, 60.0), (120.0, 120.0), (150.0, 90.0)])
def test_what_is_compact_is_not_long(length: float, width: float) -> None:
    image, _ = rods(4, length, width)
    assert long_shape(ground(image), DISCS) is None


def test_noise_is_nothing() -> None:
    image = np.random.default_rng(5).standard_normal((SIDE, SIDE)).astype(np.float32)
    assert long_shape(ground(image), DISCS) is None
    assert len(pick_by_bars(image, PIXEL, BarSearch(shape=SHAPE)).x) <= 10


def test_bright_rods_are_found_when_asked_for() -> None:
    image, true = rods(6)
    search = BarSearch(shape=SHAPE, border=0.0)
    assert len(pick_by_bars(-image, PIXEL, replace(search, bright=True)).x) >= len(true)
    found = pick_by_bars(-image, PIXEL, search)
    assert match_peaks((found.x, found.y), (true[:, 0], true[:, 1]), 12.0).precision < 0.2


def test_a_field_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two diameters wide"):
        pick_by_bars(np.zeros((100, 100), np.float32), PIXEL, BarSearch(shape=SHAPE))
