"""A pyramid of tiles."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icestream.report.views.grey import Look, draw_grey
from icestream.report.views.images import LargePicture
from icestream.report.views.tiles import TILE, Pyramid, cut_tile, level_bytes

NOISE = np.random.default_rng(1).normal(0, 1, (700, 1100)).astype(np.float32)


def test_sizes_of_levels() -> None:
    pyramid = Pyramid((700, 1100))
    assert pyramid.last == 11
    assert [pyramid.size(level) for level in (11, 10, 1, 0)] == [
        (700, 1100),
        (350, 550),
        (1, 2),
        (1, 1),
    ]
    assert 'Width="1100" Height="700"' in pyramid.document()
    with pytest.raises(LookupError, match="levels 0 to 11"):
        pyramid.size(12)
    pyramid.check(11, 2, 1)
    with pytest.raises(LookupError, match="3 columns and 2 rows"):
        pyramid.check(11, 3, 0)


def test_tiles_are_cut_from_a_level(tmp_path: Path) -> None:
    level = tmp_path / "level.npy"
    level.write_bytes(level_bytes(LargePicture(NOISE, 1.0, True), Look(), 11))
    tile = np.asarray(Image.open(io.BytesIO(cut_tile(level, 2, 1))))
    whole = draw_grey(NOISE, 1.0, Look())
    assert tile.shape == (700 - TILE, 1100 - 2 * TILE)
    assert np.array_equal(tile, whole[TILE:, 2 * TILE :])


@pytest.mark.parametrize("level", range(12))
def test_each_level_has_the_size_that_viewers_expect(tmp_path: Path, level: int) -> None:
    content = level_bytes(LargePicture(NOISE, 1.0, True), Look(), level)
    assert np.load(io.BytesIO(content)).shape == Pyramid(NOISE.shape).size(level)
