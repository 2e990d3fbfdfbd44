"""Averages of classes as pictures."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icestream.formats import FormatError, write_mrc
from icestream.report.views.averages import (
    SPRITE_TILE,
    average_png,
    averages_sheet,
    sheet_columns,
)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    images = np.zeros((5, 32, 32), dtype=np.float32)
    for place in range(5):
        images[place, :, : 4 + 4 * place] = 1.0
    return write_mrc(tmp_path / "a.mrcs", images, 3.0)


def test_one_and_all(stack: Path) -> None:
    one = np.asarray(Image.open(io.BytesIO(average_png(stack, 4, 64))))
    assert one.shape == (64, 64)
    assert one[:, :30].mean() > 200
    assert one[:, 50:].mean() < 60
    sheet = np.asarray(Image.open(io.BytesIO(averages_sheet(stack, [4, 0, 2]))))
    columns = sheet_columns(3)
    assert sheet.shape == (2 * SPRITE_TILE, columns * SPRITE_TILE)
    first, second = sheet[:SPRITE_TILE, :SPRITE_TILE], sheet[:SPRITE_TILE, SPRITE_TILE:]
    assert first.mean() > second.mean() + 50


def test_what_is_not_there(stack: Path) -> None:
    with pytest.raises(FormatError, match="5 averages"):
        average_png(stack, 5, 64)
    with pytest.raises(FormatError, match="expected 9 averages"):
        averages_sheet(stack, [8])
